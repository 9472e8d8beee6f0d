"""Disks that are full, and folders and run stores that may not be written: each command says so with status 2, loses nothing,
and ends as ever once there is room.
"""

import os
import pathlib
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_skips  # noqa: E402
from reliability import trials  # noqa: E402

NOBODY = 65534
WRITERS = [command for command in trials.COMMANDS if command.output]


def limited_to(size):
    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

    return {"preexec_fn": limit}


@unittest.skipUnless(trials.TUGLINE, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
class RefusingSystemsTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="tugline-refusals-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)

    def test_a_full_disk(self):
        """No file may grow past a limit, from none at all to as much as the result needs."""
        for command in WRITERS:
            trial = trials.Trial(command, self.folder)
            needed = trial.output.stat().st_size
            sizes = [0, 1000, needed // 3, needed * 3 // 4, needed - 1] if trials.IS_SOAK else [0, needed * 3 // 4]
            refused = 0
            for size in sizes:
                with self.subTest(f"{command.name}, {size} bytes of {needed}"):
                    trial.renew()
                    done = trials.run(command.words, trial.folder, **limited_to(size))
                    self.assertIn(done.returncode, (0, 2), done.stderr)
                    refused += done.returncode == 2
                    if done.returncode:  # gnuplot's own files have no names that a user would know
                        self.assertRegex(done.stderr, f"{re.escape(command.output)}|temporary file")
                    trial.check_now(trial.units_before)
                    trial.finish()
            self.assertGreater(refused, 0, command.name)

    # For a user who may not write them: root may write everything.
    def run_as_nobody(self, words, folder):
        options = {}
        program = pathlib.Path(trials.TUGLINE)
        if os.geteuid() == 0:
            options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            copy = self.folder / "tugline"
            if not copy.exists():
                shutil.copy(program, copy)  # nobody may not enter every folder
                shutil.copytree(trials.MODEL, self.folder / "model")
                self.folder.chmod(0o755)
            program = copy
        words = [word.replace(str(trials.MODEL), str(self.folder / "model")) if options else word for word in words]
        return subprocess.run([program, *words], cwd=folder, env=trials.environment(folder), stdin=subprocess.DEVNULL,
                                     capture_output=True, text=True, timeout=trials.SECONDS, **options)

    def test_a_folder_that_may_not_be_written(self):
        for command in WRITERS:
            trial = trials.Trial(command, self.folder)
            trial.renew()
            before = {path.name: path.read_bytes() for path in trial.folder.iterdir()}
            for path in trial.folder.iterdir():
                path.chmod(0o444)
            trial.folder.chmod(0o555)
            done = self.run_as_nobody(command.words, trial.folder)
            trial.folder.chmod(0o755)
            with self.subTest(command.name):
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(command.output, done.stderr)
                self.assertEqual({path.name: path.read_bytes() for path in trial.folder.iterdir()}, before)

    def test_a_run_that_may_only_be_read_is_read(self):
        """A store on a medium that is not written, in a folder that is not."""
        trial = trials.Trial(next(command for command in WRITERS if command.name == "analyze"), self.folder)
        trial.renew()
        trial.output.chmod(0o444)
        trial.folder.chmod(0o555)
        try:
            for words in (["summary", "run.db"], ["export", "run.db", "--table", "rows"], ["analyze", "run.db", "--no-store", "--resamples", "100"],
                          ["plot", "run.db", "-o", "-"]):
                with self.subTest(words[0]):
                    done = self.run_as_nobody(words, trial.folder)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(done.stdout, trials.must_run(words, trial.folder))
            done = self.run_as_nobody(trial.command.words, trial.folder)
            self.assertEqual(done.returncode, 2, done.stderr)
            self.assertIn("run.db", done.stderr)
        finally:
            trial.folder.chmod(0o755)


if __name__ == "__main__":
    check_skips.run_unittests()
