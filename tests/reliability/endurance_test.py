"""A long sweep's memory: the process is as large at the end as in the middle.

TUGLINE_UNITS: how many units of the tiny model the sweep has (1,600, or 100,000 if TUGLINE_SOAK is set).
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
import check_skips  # noqa: E402
from reliability import trials  # noqa: E402

UNITS = int(os.environ.get("TUGLINE_UNITS") or (100_000 if trials.IS_SOAK else 1_600))
SENTENCES = 10  # of an example; each is a span, at each of four layers
# A leak of a hundred bytes a unit is more than this in a soak. The allocator's free memory is less.
MAY_GROW = 4 << 20


def resident_bytes(process):
    try:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


@unittest.skipUnless(trials.TUGLINE, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
class EnduranceTest(unittest.TestCase):
    def test_memory_does_not_grow_with_the_units(self):
        examples = UNITS // (4 * SENTENCES)
        data = [{"prompt": str(number), "model_input_prompt": f"{number}. <think>", "cot": " ".join(f"So {s} it is." for s in range(SENTENCES)),
                 "thought_anchor_idx": 1, "thought_anchor_sentence": "So 1 it is."} for number in range(examples)]
        with tempfile.TemporaryDirectory(prefix="tugline-endurance-") as name:
            folder = pathlib.Path(name) / "run"
            folder.mkdir()
            (folder / "data.json").write_text(json.dumps(data))
            words = trials.sweep("run.db", "--layers", "all", "--spans", "chunks", "--directions", "1", "--epsilons", "1")
            process = subprocess.Popen([trials.TUGLINE, *words], cwd=folder, env=trials.environment(folder), stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            sizes = []  # of the process, with the size of the store at that moment
            store = folder / "run.db"
            while process.poll() is None:
                if store.exists():
                    sizes.append((store.stat().st_size, resident_bytes(process.pid)))
                time.sleep(0.02)
            said = process.stderr.read()
            process.stderr.close()
            self.assertEqual(process.returncode, 0, said[-1000:])
            units = len(trials.units_of(store))
            self.assertGreater(units, UNITS * 3 // 4)  # an anchor's own chunk is none
            whole = store.stat().st_size
        first = max(size for written, size in sizes if whole * 0.2 < written < whole * 0.6)
        last = max(size for written, size in sizes if whole * 0.6 <= written < whole)
        print(f"{units} units: {first >> 10} KiB in the first half, {last >> 10} KiB in the second")
        self.assertLess(last - first, MAY_GROW)


if __name__ == "__main__":
    check_skips.run_unittests()
