"""Damages, crafts and copies run stores, and gives them to every command.

A command refuses such a store with status 2, or gives what it gives for the whole store. It never crashes, hangs or changes
the store. TUGLINE_DAMAGES: how many damaged stores (100, or 6,400 if TUGLINE_SOAK is set).
"""

import contextlib
import os
import pathlib
import random
import shutil
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

DAMAGES = int(os.environ.get("TUGLINE_DAMAGES") or (6400 if trials.IS_SOAK else 100))
SEED = int(os.environ.get("TUGLINE_SEED") or 16)
OPTIONS = ["--layers", "1,2", "--directions", "2", "--epsilons", "0.5,2"]
SWEEP = trials.sweep("run.db", *OPTIONS)
READERS = (
    ["export", "run.db", "--table", "rows"],
    ["export", "run.db", "--table", "responses"],
    ["export", "run.db", "--table", "curves"],
    ["summary", "run.db"],
    ["analyze", "run.db", "--no-store", "--resamples", "100"],
    ["dose", "run.db", "--kl", "0.001", "--resamples", "100"],
    ["plot", "run.db", "-o", "-"],
    ["report", "run.db", "data.json", "-o", "/dev/stdout"],
    ["merge", "merged.db", "run.db"],
)


def damaged(data, randomness):
    """Another file, and what was done to it."""
    kind = randomness.choice(("cut", "flip", "flip", "zero", "swap", "noise"))
    page = 4096
    pages = len(data) // page
    changed = bytearray(data)
    if kind == "cut":
        size = randomness.randrange(len(data))
        return bytes(changed[:size]), f"cut to {size} bytes"
    if kind == "flip":
        at, bit = randomness.randrange(len(data)), randomness.randrange(8)
        changed[at] ^= 1 << bit
        return bytes(changed), f"bit {bit} of byte {at} flipped"
    one, other = randomness.randrange(pages) * page, randomness.randrange(pages) * page
    if kind == "zero":
        changed[one:one + page] = bytes(page)
    elif kind == "swap":
        changed[one:one + page], changed[other:other + page] = data[other:other + page], data[one:one + page]
    else:
        at, size = randomness.randrange(page), randomness.randrange(1, 64)
        changed[one + at:one + at + size] = randomness.randbytes(len(changed[one + at:one + at + size]))
    return bytes(changed), f"{kind} of the pages at {one} and {other}"


CRAFTED = {
    "a trigger": "CREATE TRIGGER t AFTER INSERT ON units BEGIN DELETE FROM units; END",
    "a view": "CREATE VIEW v AS SELECT * FROM units",
    "a table": "CREATE TABLE mine (x)",
    "an index": "CREATE INDEX mine ON responses (kl)",
    "a table of an analysis's name": "CREATE TABLE analysis_means (x CHECK (x > load_extension('x')))",
    "a column": "ALTER TABLE units ADD COLUMN mine",
    "a text for a number": "UPDATE responses SET kl = 'many'",
    "an infinite number": "UPDATE responses SET kl = 9e999",
    "a changed number": "UPDATE responses SET kl = kl * 1.0001",
    "a huge blob": "UPDATE response_rows SET packed = zeroblob(50000000) WHERE rowid = 1",
    "an empty blob": "UPDATE response_rows SET packed = x''",
    "a huge text": "UPDATE units SET span_text = hex(zeroblob(5000000))",
    "a negative token": "UPDATE readout_rows SET token = -7",
    "rows that are gone": "DELETE FROM readout_rows",
    "units that are gone": "DELETE FROM units",
    "no identity": "DELETE FROM identity",
    "another program's number": "PRAGMA application_id = 7",
    "another version": "PRAGMA user_version = 999",
    "a write-ahead log": "PRAGMA journal_mode = WAL",
}


@unittest.skipUnless(trials.TUGLINE, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
class DamageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tugline-damage-")
        cls.folder = pathlib.Path(cls.temporary.name) / "run"
        cls.folder.mkdir()
        (cls.folder / "data.json").write_text(trials.DATA)
        trials.must_run(SWEEP, cls.folder)
        cls.store = cls.folder / "run.db"
        cls.whole = cls.store.read_bytes()
        cls.answers = [cls.answer(words) for words in READERS]
        cls.units = trials.units_of(cls.store)

    @classmethod
    def tearDownClass(cls):
        cls.temporary.cleanup()

    @classmethod
    def answer(cls, words):
        """Status and result; merge's result are the units of its store."""
        done = trials.run(words, cls.folder)
        merged = cls.folder / "merged.db"
        if merged.exists():
            units = trials.units_of(merged)
            merged.unlink()
            return done.returncode, units, done.stderr
        return done.returncode, done.stdout, done.stderr

    def check(self, words, data, must_fail=False):
        self.store.write_bytes(data)
        status, result, said = self.answer(words)
        expected = self.answers[READERS.index(words)]
        self.assertIn(status, (2,) if must_fail else (0, 2), said[-1000:])
        if status == 0:
            self.assertEqual(result, expected[1])
        else:
            self.assertIn("run.db", said)
            self.assertLess(len(said), 2000)
            self.assertEqual(result, "")
        self.assertTrue(self.store.read_bytes() == data, "the store was changed")
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["data.json", "run.db"])
        return status

    def test_damage_is_refused_or_harmless(self):
        randomness, refused = random.Random(SEED), 0
        for number in range(DAMAGES):
            data, what = damaged(self.whole, randomness)
            words = READERS[number % len(READERS)]
            with self.subTest(f"{what}; {words}"):
                refused += self.check(words, data) == 2
        print(f"{refused} of {DAMAGES} damaged stores were refused")
        self.assertGreater(refused, DAMAGES // 3)

    def test_a_sweep_goes_on_in_no_damaged_store(self):
        randomness = random.Random(SEED + 1)
        for _ in range(DAMAGES // 5):
            data, what = damaged(self.whole, randomness)
            with self.subTest(what):
                self.store.write_bytes(data)
                done = trials.run(SWEEP, self.folder)
                self.assertIn(done.returncode, (0, 2), done.stderr)
                if done.returncode == 0:
                    self.assertEqual(trials.units_of(self.store), self.units)
                else:
                    self.assertTrue(self.store.read_bytes() == data, "the store was changed")
                self.assertEqual(sorted(path.name for path in self.folder.iterdir()), ["data.json", "run.db"])

    def test_every_command_refuses_crafted_stores(self):
        crafted = self.folder.parent / "crafted.db"
        for what, statement in CRAFTED.items():
            crafted.write_bytes(self.whole)
            database = sqlite3.connect(crafted, isolation_level=None)
            database.execute(statement)
            database.close()
            data = crafted.read_bytes()
            for words in READERS if trials.IS_SOAK else random.Random(f"{SEED} {what}").sample(READERS, 3):
                with self.subTest(f"{what}; {words}"):
                    # Blobs of rows are looked at by the commands that read them.
                    self.check(words, data, must_fail="blob" not in what or words == READERS[0])

    def test_a_store_that_is_copied_while_it_grows(self):
        """With its journal or without, in either order, the copy is refused or goes on to the whole run."""
        folder = self.folder.parent / "copied"
        words = trials.sweep("run.db", *trials.ALL)
        trial = trials.Trial(trials.Command("whole", words, "run.db"), self.folder.parent)
        fates = {"refused": 0, "whole units": 0}
        for number in range(60 if trials.IS_SOAK else 8):
            trial.renew()
            process = subprocess.Popen([trials.TUGLINE, *words], cwd=trial.folder, env=trials.environment(trial.folder),
                                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            randomness = random.Random(f"{SEED} {number}")
            while process.poll() is None and not trial.output.exists():
                time.sleep(0.001)
            time.sleep(randomness.uniform(0, 0.7) * trial.seconds)
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            (folder / "data.json").write_text(trials.DATA)
            names = ["run.db", "run.db-journal"]
            if randomness.random() < 0.5:
                names.reverse()
            for name in names[:randomness.choice((1, 2, 2))]:
                # The journal comes and goes with every transaction.
                with contextlib.suppress(FileNotFoundError):
                    shutil.copyfile(trial.folder / name, folder / name)
            process.send_signal(signal.SIGKILL)
            process.wait()
            with self.subTest(f"copy {number}: {sorted(path.name for path in folder.iterdir())}"):
                if not (folder / "run.db").exists():
                    continue
                done = trials.run(["summary", "run.db"], folder)
                self.assertIn(done.returncode, (0, 2), done.stderr)
                # What a command gives of it is right: an export of it is rows of the whole run's.
                export = trials.run(["export", "run.db", "--table", "rows"], folder)
                self.assertIn(export.returncode, (0, 2), export.stderr)
                if export.returncode == 0:
                    self.assertLessEqual(set(export.stdout.splitlines()), set(trial.expected[0][0].splitlines()))
                # A sweep looks at the whole file, which summary and export do not.
                grown = trials.run(words, folder)
                self.assertIn(grown.returncode, (0, 2), grown.stderr)
                fates["refused" if grown.returncode else "whole units"] += 1
                if grown.returncode == 0:
                    self.assertEqual(trials.units_of(folder / "run.db"), trial.expected_units)
        print(fates)


if __name__ == "__main__":
    check_skips.run_unittests()
