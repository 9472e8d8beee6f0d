#!/usr/bin/env python3
"""Compares the exports of two tugline binaries byte for byte: after a change that must not change a number.

    scripts/compare_exports.py BEFORE AFTER MODEL DATASET [SWEEP OPTION...]

Each case is a sweep with both binaries and the given options, plus those of the case: one for each hook, family of
directions, readout and precision. The cases choose the epsilons. Exits with 1 if an export differs.
"""
import itertools
import pathlib
import subprocess
import sys
import tempfile

HOOKS = ["resid_pre", "resid_mid", "resid_post"]
PRECISIONS = ["f32", "bf16", "plain-bf16"]
CASES = (
    [["--hook", hook, "--precision", precision] for hook, precision in itertools.product(HOOKS, PRECISIONS)]
    + [["--direction-family", family] for family in
       ["mean-centred", "covariance-diagonal", "covariance", "difference", "principal"]]
    + [["--readout", readout] for readout in ["following", "downstream:20"]]
    + [["--push", push] for push in ["rotation", "interpolation"]]
    + [["--vocabulary", "sampled"], ["--temperature", "0.7"], ["--spans", "controls"]])
EPSILONS = "0,0.25,1"  # an interpolation takes no larger ones
TABLES = ["curves", "responses", "rows", "examples"]


def exports(binary, folder, arguments):
    store = folder / "run.db"
    store.unlink(missing_ok=True)
    subprocess.run([binary, "sweep", *arguments, "--epsilons", EPSILONS, "-o", store], check=True, capture_output=True, text=True)
    return {table: subprocess.run([binary, "export", store, "--table", table], check=True, capture_output=True).stdout
            for table in TABLES}


def main():
    if len(sys.argv) < 5:
        sys.exit(__doc__)
    before, after, *common = sys.argv[1:]
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            first, second = (exports(pathlib.Path(binary).resolve(), pathlib.Path(folder), common + case)
                             for binary in (before, after))
            different = [table for table in TABLES if first[table] != second[table]]
            differ += bool(different)
            print(" ".join(case), "differs in " + ", ".join(different) if different else "equal", flush=True)
    sys.exit(1 if differ else 0)


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as error:
        sys.exit(f"{error.cmd}\n{error.stderr}")
