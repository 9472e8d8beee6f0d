#!/usr/bin/env python3
"""Runs a small sweep, one more that adds to its store, and commands that read it under valgrind's memcheck (`make valgrind`).

TUGLINE_BINARY names the program. An access of memory that is not the program's, a decision that depends on memory which nobody
has written, and a block that nothing points to at the end are errors, in the libraries too: nothing is suppressed. A block that
is only possibly lost is no error, because OpenMP's threads still have their stacks when the process ends.
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from reliability import trials  # noqa: E402

ERROR = 99  # no exit status of tugline's
MEMCHECK = ["valgrind", "--quiet", f"--error-exitcode={ERROR}", "--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]
SWEEP = ["sweep", str(trials.MODEL), "data.json", "--threads", "2", "--audit", "1", "--directions", "2", "--max-examples", "1"]
RUNS = (
    [*SWEEP, "--layers", "1", "--epsilons", "0,0.5", "-o", "run.db"],
    [*SWEEP, "--layers", "1,2", "--epsilons", "0,0.5", "-o", "run.db"],  # the same store grows
    ["summary", "run.db"],
    ["verify", "run.db"],
    ["export", "run.db", "--table", "rows", "-o", "rows.csv"],
    ["report", "run.db", "data.json", "-o", "page.html"],
)


def main():
    if not trials.TUGLINE or not shutil.which("valgrind"):
        print("TUGLINE_BINARY must name the built tugline, and valgrind must be installed", file=sys.stderr)
        return 2
    wrong = []
    with tempfile.TemporaryDirectory(prefix="tugline-valgrind-") as name:
        folder = pathlib.Path(name) / "run"
        folder.mkdir()
        (folder / "data.json").write_text(trials.DATA)
        for words in RUNS:
            done = subprocess.run([*MEMCHECK, trials.TUGLINE, *words], cwd=folder, env=trials.environment(folder), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
            print(f"{'clean' if done.returncode == 0 else f'exit status {done.returncode}':>16}  tugline {words[0]} -> {words[-1]}", flush=True)
            if done.returncode != 0:
                print(done.stderr[-6000:], file=sys.stderr)
                wrong.append(words[0])
    print(f"{len(RUNS) - len(wrong)} of {len(RUNS)} commands clean under memcheck")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
