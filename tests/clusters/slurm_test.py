#!/usr/bin/env python3
"""examples/slurm on a real Slurm: a sweep in an array job whose tasks lose a node, are preempted and are told to end, and the job that merges.

    TUGLINE_BINARY=build/release/src/tugline/cli/tugline tests/clusters/slurm_test.py

Needs the packages of `scripts/install_dependencies.sh --clusters`, and root. Skips with a reason if they are not there.
"""

import pathlib
import sys
import tempfile
import unittest

import loopback_slurm
import shared_sweep
from loopback_slurm import LoopbackSlurm, wait_for

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_skips  # noqa: E402

SCRIPTS = shared_sweep.ROOT / "examples" / "slurm"
PARTS = 3  # as many as nodes
EXAMPLES = 15  # a part takes several seconds on a fast machine, too
UNITS_A_PART = 9 * EXAMPLES // PARTS


@unittest.skipIf(loopback_slurm.missing(), loopback_slurm.missing())
class SlurmTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="tugline-slurm-")
        cls.addClassCleanup(cls.temporary.cleanup)
        cls.folder = pathlib.Path(cls.temporary.name)
        cls.data = cls.folder / "data.json"
        shared_sweep.write_data(cls.data, examples=EXAMPLES)
        shared_sweep.tugline("sweep", shared_sweep.MODEL, cls.data, "-o", cls.folder / "whole.db", *shared_sweep.OPTIONS)
        cls.slurm = LoopbackSlurm(cls.folder / "slurm", nodes=3)
        # The scripts call `tugline`.
        (cls.folder / "bin").mkdir()
        (cls.folder / "bin" / "tugline").symlink_to(pathlib.Path(shared_sweep.program()).resolve())
        cls.slurm.environment["PATH"] = f"{cls.folder / 'bin'}:{cls.slurm.environment['PATH']}"
        cls.slurm.environment["OMP_NUM_THREADS"] = shared_sweep.environment()["OMP_NUM_THREADS"]
        cls.enterClassContext(cls.slurm)

    def nodes_of(self, array):
        """{node: task} of the array's running tasks."""
        lines = self.slurm.command("squeue", "-h", "-r", "-j", array, "-t", "RUNNING", "-o", "%N %K", check=False).split("\n")
        return dict(line.split() for line in lines if line)

    def units_of(self, task):
        return shared_sweep.units_in(f"{self.folder}/run.db.parts/{task}-of-{PARTS}.db")

    def begun(self, array, node):
        """The task on the node, and its units, after it has measured one and before it has measured all."""
        task = self.nodes_of(array).get(node)
        units = self.units_of(task) if task else 0
        self.assertLess(units, UNITS_A_PART, "the task ended before anything happened to it")
        return (task, units) if units else None

    def restarts(self, array, task):
        return int(self.slurm.value_of(f"{array}_{task}", "Restarts"))

    def log_of(self, job):
        return (self.folder / f"tugline-{job}.log").read_text(encoding="utf-8")

    def test_sweep_survives_what_a_cluster_does(self):
        submitted = self.slurm.command(
            SCRIPTS / "submit.sh", str(PARTS), self.folder / "run.db", shared_sweep.MODEL, self.data, *shared_sweep.OPTIONS, cwd=self.folder)
        array, merge = submitted.split()

        # An urgent job takes a node: Slurm kills the task on it without a warning, and queues it again.
        preempted, kept_of_preempted = wait_for("a unit on n3", lambda: self.begun(array, "n3"), 120)
        urgent = self.slurm.command(
            "sbatch", "--parsable", "-p", "urgent", "-w", "n3", "-o", "/dev/null", "--wrap", "true", cwd=self.folder).strip()
        # The warning before the time limit reaches the batch script only.
        warned, kept_of_warned = wait_for("a unit on n1", lambda: self.begun(array, "n1"), 120)
        self.slurm.command("scancel", "--batch", "--signal=TERM", f"{array}_{warned}")
        # A node loses power.
        lost, kept_of_lost = wait_for("a unit on n2", lambda: self.begun(array, "n2"), 120)
        self.slurm.kill_node("n2")

        for task, kept in ((warned, kept_of_warned), (lost, kept_of_lost), (preempted, kept_of_preempted)):
            with self.subTest(task=task):
                wait_for("its second start", lambda task=task: self.restarts(array, task) > 0, 180)
                # A store that is being written, or whose writer was killed in a transaction, cannot be read for a while.
                wait_for("its units", lambda task=task, kept=kept: self.units_of(task) >= kept, 60)
        self.assertIn("interrupted; finished units are kept", self.log_of(f"{array}_{warned}"))
        wait_for("the merge", lambda: self.slurm.state_of(merge) not in ("PENDING", "CONFIGURING", "RUNNING", "COMPLETING"), 180)
        self.assertEqual(self.slurm.state_of(merge), "COMPLETED", self.log_of(merge))
        self.assertEqual(self.slurm.state_of(urgent), "COMPLETED")
        self.assertEqual(shared_sweep.differing_tables(self.folder / "run.db", self.folder / "whole.db"), [])

    def test_tasks_of_srun_take_parts(self):
        sweep = ["sweep", shared_sweep.MODEL, self.data, *shared_sweep.OPTIONS, "--max-examples", "1"]
        self.slurm.command("srun", "-n2", "tugline", *sweep, "-o", "ranks-{shard}.db", "--shard", "auto", cwd=self.folder)
        parts = [self.folder / f"ranks-{rank}-of-2.db" for rank in (1, 2)]
        shared_sweep.tugline("merge", self.folder / "ranks.db", *parts)
        shared_sweep.tugline(*sweep, "-o", self.folder / "one.db")
        self.assertEqual(shared_sweep.differing_tables(self.folder / "ranks.db", self.folder / "one.db"), [])


if __name__ == "__main__":
    check_skips.run_unittests()
