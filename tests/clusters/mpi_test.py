#!/usr/bin/env python3
"""The ranks of mpirun take parts of a sweep by themselves, under a real Open MPI.

    TUGLINE_BINARY=build/release/src/tugline/cli/tugline tests/clusters/mpi_test.py

Needs the package openmpi-bin. Skips with a reason if it is not there.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import shared_sweep

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_skips  # noqa: E402

RANKS = 3


@unittest.skipUnless(shutil.which("mpirun"), "not installed: mpirun")
class MpiTest(unittest.TestCase):
    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="tugline-mpi-")
        self.addCleanup(temporary.cleanup)
        self.folder = pathlib.Path(temporary.name)
        self.data = self.folder / "data.json"
        shared_sweep.write_data(self.data, examples=1)

    def mpirun(self, *arguments):
        as_root = ["--allow-run-as-root"] if os.geteuid() == 0 else []
        command = ["mpirun", *as_root, "--oversubscribe", "-n", str(RANKS), shared_sweep.program(), *map(str, arguments)]
        return subprocess.run(command, text=True, capture_output=True, check=False, env=shared_sweep.environment(), cwd=self.folder)

    def sweep(self, out):
        return self.mpirun("sweep", shared_sweep.MODEL, self.data, "-o", out, "--shard", "auto", *shared_sweep.OPTIONS)

    def test_merged_parts_equal_an_undisturbed_run(self):
        outcome = self.sweep("part-{shard}.db")
        self.assertEqual(outcome.returncode, 0, outcome.stderr)
        parts = [self.folder / f"part-{rank}-of-{RANKS}.db" for rank in range(1, RANKS + 1)]
        self.assertEqual(sorted(self.folder.glob("part-*.db")), parts)
        shared_sweep.tugline("merge", self.folder / "merged.db", *parts)
        shared_sweep.tugline("sweep", shared_sweep.MODEL, self.data, "-o", self.folder / "whole.db", *shared_sweep.OPTIONS)
        self.assertEqual(shared_sweep.differing_tables(self.folder / "merged.db", self.folder / "whole.db"), [])

    def test_ranks_that_would_share_a_store_are_refused(self):
        outcome = self.sweep("run.db")
        self.assertEqual(outcome.returncode, 2, outcome.stderr)
        self.assertIn("run-{shard}.db", outcome.stderr)
        self.assertEqual(list(self.folder.glob("*.db")), [])


if __name__ == "__main__":
    check_skips.run_unittests()
