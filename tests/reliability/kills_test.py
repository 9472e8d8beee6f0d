"""Kills and interrupts every command at random moments, and runs it again.

After each signal the run store opens, has every unit that was finished and none in part. The same command then ends with
the same export, byte for byte, as a run that nobody disturbed. Another output file is whole or absent, and no temporary
file stays.

TUGLINE_MOMENTS: the number of moments (60, or 1,000 if TUGLINE_SOAK is set). TUGLINE_SEED: another one tries other moments.
"""

import os
import pathlib
import pty
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_skips  # noqa: E402
from reliability import trials  # noqa: E402

MOMENTS = int(os.environ.get("TUGLINE_MOMENTS") or (1000 if trials.IS_SOAK else 60))
SEED = int(os.environ.get("TUGLINE_SEED") or 16)
SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
# An idle machine needs a fraction of a second (docs/reliability.md). This one may run other tests meanwhile.
SECONDS_TO_STOP = 20
REPORTED = re.compile(r"; example (\d+), (\w+)(?: (\d+))?, layer (\d+) done")


class Started:
    """The command, with a terminal as its standard error if there is one, so that its progress is shown often."""

    def __init__(self, words, folder):
        try:
            self.reader, writer = pty.openpty()
        except OSError:
            self.reader, writer = os.pipe()
        self.said = b""
        self.process = subprocess.Popen(
            [trials.TUGLINE, *words], cwd=folder, env=trials.environment(folder), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=writer)
        os.close(writer)
        self.thread = threading.Thread(target=self.listen)
        self.thread.start()

    def listen(self):
        try:
            while piece := os.read(self.reader, 65536):
                self.said += piece
        except OSError:
            pass  # a terminal whose program has ended

    def end(self, number):
        """Sends the signal; returns the status and the seconds until the process ended."""
        start = time.monotonic()
        self.process.send_signal(number)
        status = self.process.wait(trials.SECONDS)
        seconds = time.monotonic() - start
        self.thread.join()
        os.close(self.reader)
        return status, seconds

    def reported(self):
        """The units that the progress said are done: (example, kind, chunk or None, layer)."""
        return {(int(e), kind, int(chunk) if chunk else None, int(layer))
                for e, kind, chunk, layer in REPORTED.findall(self.said.decode(errors="replace"))}


def is_reported_there(reported, units):
    example, kind, chunk, layer = reported
    return any(key[0] == example and key[1] == kind and chunk in (None, key[2]) and key[3] == layer for key in units)


@unittest.skipUnless(trials.TUGLINE, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
class KillsTest(unittest.TestCase):
    def disturb(self, trial, randomness, moments):
        """Returns how many signals found the command at work."""
        hits, finished = 0, trial.units_before
        trial.renew()
        for moment in range(moments):
            delay = randomness.uniform(0, 1.05) * trial.seconds
            number = randomness.choice(SIGNALS)
            what = f"{trial.command.name}, moment {moment}: {signal.Signals(number).name} after {delay:.4f} s (seed {SEED})"
            with self.subTest(what):
                started = Started(trial.command.words, trial.folder)
                time.sleep(delay)
                status, seconds = started.end(number)
                hits += status != 0
                self.assertIn(status, (0, 130, -number), started.said.decode(errors="replace")[-1000:])
                self.assertLess(seconds, SECONDS_TO_STOP)
                self.slowest = max(self.slowest, seconds)
                finished = trial.check_now(finished)
                for reported in started.reported() if trial.is_store() else ():
                    self.reports += 1
                    self.assertTrue(is_reported_there(reported, finished), f"{reported} was reported, and is not in the store")
                # A sweep is killed several times on its way; the others begin anew.
                if status == 0 or trial.command.words[0] != "sweep" or randomness.random() < 0.3 or moment + 1 == moments:
                    trial.finish()
                    trial.renew()
                    finished = trial.units_before
        return hits

    def test_every_command_survives_signals_at_any_moment(self):
        self.slowest, self.reports, counts = 0, 0, []
        whole = sum(command.weight for command in trials.COMMANDS)
        with tempfile.TemporaryDirectory(prefix="tugline-kills-") as folder:
            for command in trials.COMMANDS:
                trial = trials.Trial(command, pathlib.Path(folder))
                moments = max(1, round(MOMENTS * command.weight / whole))
                hits = self.disturb(trial, random.Random(f"{SEED} {command.name}"), moments)
                counts.append(f"{command.name} {hits} of {moments}")
        print(f"signals that found the command at work: {', '.join(counts)}; {self.reports} reports of finished units checked; "
              f"the slowest end after a signal: {self.slowest:.2f} s")


if __name__ == "__main__":
    check_skips.run_unittests()
