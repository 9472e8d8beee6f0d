"""Makes every system call of a small run fail in turn, and kills the run in every one: strace does both.

A call that fails is an error with status 2, or was not needed and the result is that of an undisturbed run. After either,
the run store opens and has whole units only, another output file is whole or absent, and the same command again leaves what
an undisturbed run leaves.

A run of ctest takes a sample of TUGLINE_CALLS calls (60), TUGLINE_SOAK takes them all.
"""

import collections
import concurrent.futures
import itertools
import os
import pathlib
import random
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_skips  # noqa: E402
from reliability import trials  # noqa: E402

CALLS = int(os.environ.get("TUGLINE_CALLS") or 60)
SEED = int(os.environ.get("TUGLINE_SEED") or 16)
JOBS = os.cpu_count() if trials.IS_SOAK else 1  # calls that are tried at the same time
SMALL = ["--layers", "1", "--directions", "1", "--epsilons", "1"]
COMMANDS = (
    trials.Command("sweep", trials.sweep("out.db", *SMALL), "out.db", weight=6),
    trials.Command("growth", trials.sweep("out.db", "--layers", "1,2", "--directions", "1", "--epsilons", "0.5,1"), "out.db",
                   (trials.sweep("out.db", *SMALL),), weight=3),
    trials.Command("merge", ["merge", "out.db", "part1.db", "part2.db"], "out.db",
                   (trials.sweep("part1.db", *SMALL, "--shard", "1/2"), trials.sweep("part2.db", *SMALL, "--shard", "2/2")), weight=2),
    trials.Command("analyze", ["analyze", "run.db", "--resamples", "100"], "run.db", (trials.sweep("run.db", *SMALL),)),
    trials.Command("export", ["export", "run.db", "--table", "rows", "-o", "rows.csv"], "rows.csv", (trials.sweep("run.db", *SMALL),)),
)

# How a call fails. What the C library or the kernel alone decide is not among them: without these calls no program runs.
# brk is not told of an error: it returns where the heap ends.
FAILURES = {"brk": "retval=0"} | {name: f"error={error}" for name, error in ({
    "mmap": "ENOMEM", "mremap": "ENOMEM", "clone": "EAGAIN", "clone3": "EAGAIN", "write": "ENOSPC", "pwrite64": "ENOSPC",
    "ftruncate": "ENOSPC", "fallocate": "ENOSPC",
} | dict.fromkeys(
    ("openat", "read", "pread64", "readv", "writev", "close", "newfstatat", "fstat", "statx", "statfs", "lseek", "access", "faccessat",
     "readlink", "readlinkat", "getdents64", "fcntl", "flock", "fsync", "fdatasync", "rename", "renameat", "renameat2", "link", "unlink", "mkdir", "getcwd",
     "fchmod", "fchown", "fadvise64", "ioctl", "madvise", "munmap", "sysinfo", "uname", "prlimit64", "getrandom"), "EIO")).items()}
KILL = "signal=KILL"
# Before the program's first code runs, the loader says so itself.
LOADER = re.compile(r"error while loading shared libraries|cannot allocate|Fatal|ld\.so|libgomp:")


def calls_of(trial):
    """How often the command's first thread makes each call."""
    trial.renew()
    log = trial.folder.with_name("calls")
    done = trials.run(trial.command.words, trial.folder, ["strace", "-qq", "-o", str(log)])
    assert done.returncode == 0, done.stderr
    names = re.findall(r"^(\w+)\(", log.read_text(errors="replace"), re.MULTILINE)
    return collections.Counter(name for name in names if name in FAILURES)


@unittest.skipUnless(trials.TUGLINE, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
@unittest.skipUnless(check_skips.can_trace(), "strace is missing, or may not trace here")
class SystemCallsTest(unittest.TestCase):
    def new_folder(self):
        folder = tempfile.TemporaryDirectory(prefix="tugline-calls-")
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)

    def is_of_others(self, trial, name, number, way):
        """True if the call is one of the loader's, before any code of ours runs, or gets the memory for oneDNN's own code:
        without that, oneDNN 2.6 crashes while it makes a product."""
        trial.renew()
        log = trial.folder.with_name("stack")
        trials.run(trial.command.words, trial.folder, ["strace", "-k", "-qq", "-o", str(log), "-e", f"trace={name}",
                                                       "-e", f"inject={name}:{way}:when={number}"])
        _, _, after = log.read_text(errors="replace").partition("(INJECTED)\n")
        stack = list(itertools.takewhile(lambda line: line.startswith(" > "), after.splitlines()))
        return bool(stack) and (not any(trials.TUGLINE in frame for frame in stack) or any("libdnnl" in frame for frame in stack))

    def try_call(self, trial, name, number, way):
        trial.renew()
        done = trials.run(trial.command.words, trial.folder, ["strace", "-qq", "-o", os.devnull, "-e", f"trace={name}",
                                                              "-e", f"inject={name}:{way}:when={number}"])
        if way != KILL:
            is_told = done.returncode == 2 and done.stderr
            is_loader = done.returncode in (1, 127) and LOADER.search(done.stderr)
            self.assertTrue(done.returncode == 0 or is_told or is_loader or self.is_of_others(trial, name, number, way),
                            (done.returncode, done.stderr[-1000:]))
        finished = trial.check_now(trial.units_before)
        if done.returncode == 0 and trial.is_store():
            self.assertEqual(finished, trial.expected_units)
        trial.finish()
        return done.returncode

    def try_calls(self, trial, calls):
        """Tries them one after the other. Returns the exit statuses, and (call, error) for each that fails the test."""
        name = trial.command.name
        ends, failed = collections.Counter(), []
        for done, call in enumerate(calls):
            if trials.IS_SOAK and done % 100 == 0:
                print(f"{name}: {done} of {len(calls)} calls, {len(failed)} failed", file=sys.stderr, flush=True)
            try:
                ends[self.try_call(trial, *call)] += 1
            except (AssertionError, OSError, sqlite3.Error, subprocess.SubprocessError) as error:
                failed.append((call, error))
                print(f"{name}: {call}: {error!r}", file=sys.stderr, flush=True)
        return ends, failed

    def test_a_store_of_which_the_system_says_nothing_is_kept(self):
        """Each of tugline's own looks at the store fails in turn. None may be taken for "there is no store", which would be replaced."""
        growth = next(command for command in COMMANDS if command.name == "growth")
        trial = trials.Trial(growth, self.new_folder())
        trial.renew()
        log = trial.folder.with_name("looks")
        trials.run(growth.words, trial.folder, ["strace", "-k", "-qq", "-o", str(log), "-e", "trace=newfstatat"])
        calls = re.split(r"^(?=newfstatat)", log.read_text(errors="replace"), flags=re.MULTILINE)[1:]
        looks = [number for number, call in enumerate(calls, 1)
                 if f'/{growth.output}"' in call.partition("\n")[0] and "libsqlite3" not in call]
        self.assertTrue(looks)
        for number in looks:
            with self.subTest(number):
                self.try_call(trial, "newfstatat", number, FAILURES["newfstatat"])

    def test_every_call_fails_or_is_the_last(self):
        whole = sum(command.weight for command in COMMANDS)
        told = []
        for command in COMMANDS:
            at_once = [trials.Trial(command, self.new_folder()) for _ in range(JOBS)]
            counts = calls_of(at_once[0])
            calls = [(name, number, way) for name, count in sorted(counts.items()) for number in range(1, count + 1)
                     for way in (FAILURES[name], KILL)]
            tried = len(calls) if trials.IS_SOAK else min(len(calls), max(1, CALLS * command.weight // whole))
            calls = random.Random(f"{SEED} {command.name}").sample(calls, tried)
            with concurrent.futures.ThreadPoolExecutor(JOBS) as pool:
                results = list(pool.map(self.try_calls, at_once, [calls[i::JOBS] for i in range(JOBS)]))
            for call, error in [failure for _, failed in results for failure in failed]:
                with self.subTest(f"{command.name}: {call}"):
                    raise error
            told.append(f"{command.name} {len(calls)} calls, ends {dict(sum((ends for ends, _ in results), collections.Counter()))}")
        print("; ".join(told))

    def test_a_file_system_without_locks(self):
        """The second writer is refused by the file that names the first; a killed one's file is taken over."""
        trial = trials.Trial(COMMANDS[0], self.new_folder())
        trial.renew()
        lock = trial.folder / "out.db-lock"
        words = ["strace", "-f", "-qq", "-o", os.devnull, "-e", "trace=flock", "-e", "inject=flock:error=ENOLCK"]
        long = trials.sweep("out.db", "--layers", "1", "--directions", "100000", "--epsilons", "0.5,1,2")
        with subprocess.Popen([*words, trials.TUGLINE, *long], cwd=trial.folder, env=trials.environment(trial.folder),
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as first:
            end = time.monotonic() + trials.SECONDS
            while not (lock.exists() and trial.output.exists()) and time.monotonic() < end:
                time.sleep(0.01)
            owner = re.match(r"process (\d+) host (\S+)", lock.read_text())
            second = trials.run(trial.command.words, trial.folder, words)
            self.assertEqual(second.returncode, 2, second.stderr)
            self.assertIn(f"process {owner[1]} on host {owner[2]} is writing this run store", second.stderr)
            os.kill(int(owner[1]), signal.SIGKILL)
        self.assertTrue(lock.exists())
        trial.output.unlink()
        third = trials.run(trial.command.words, trial.folder, words)
        self.assertEqual(third.returncode, 0, third.stderr)
        self.assertFalse(lock.exists())
        lock.write_text(owner[0].replace(f"host {owner[2]}", "host another") + " started 1 of a/b\n")
        fourth = trials.run(trial.command.words, trial.folder, words)
        self.assertEqual(fourth.returncode, 2, fourth.stderr)
        self.assertIn("on host another as its writer", fourth.stderr)
        self.assertIn(f"delete {lock}", fourth.stderr)

    def test_an_output_is_on_the_disk_before_it_has_its_name(self):
        """The file is synchronised before it is renamed, and its folder after that."""
        for command in COMMANDS:
            if command.name not in ("export", "merge", "sweep"):
                continue
            with tempfile.TemporaryDirectory(prefix="tugline-calls-") as folder, self.subTest(command.name):
                trial = trials.Trial(command, pathlib.Path(folder))
                trial.renew()
                log = trial.folder.with_name("calls")
                trials.run(trial.command.words, trial.folder, ["strace", "-qq", "-y", "-e", "trace=fsync,fdatasync,rename", "-o", str(log)])
                calls = log.read_text().splitlines()
                [at] = [i for i, call in enumerate(calls) if call.startswith("rename(") and command.output in call]
                made = re.search(r'rename\("([^"]+)"', calls[at])[1]
                self.assertTrue(any(f"<{made}>" in call for call in calls[:at] if "sync(" in call), calls)
                self.assertTrue(any(f"<{trial.folder}>" in call for call in calls[at:] if call.startswith("fsync(")), calls)


if __name__ == "__main__":
    check_skips.run_unittests()
