#!/usr/bin/env python3
"""Mutation testing: changes the arithmetic in one place at a time, and expects a test to fail.

mutants.toml lists the mutants. The script copies the tracked files to build/mutants/source, builds the test programs there, and
checks that they pass. It then applies each mutant to the copy, builds the mutant's test program and runs the mutant's tests. A
test that fails, crashes or uses too much of the processor kills the mutant. The working tree is never changed.

Results are kept in build/mutants/results.json. A result is used again if the mutant, its file and its test's folder are as they
were, so that a run that was interrupted goes on.

Exit status: 0 if every mutant was killed, or survived as its entry explains. 1 if another one survived, an explained one was
killed, or a mutant did not build. 2 if the list does not fit the sources.
"""

import argparse
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIST = Path(__file__).with_name("mutants.toml")
WORK = ROOT / "build" / "mutants"
COPY = WORK / "source"
BUILD = COPY / "build" / "mutants"  # the preset's folder
RESULTS = WORK / "results.json"
# The limit of a run's processor time, which does not grow on a busy machine. The tests take seconds. A mutant may make a loop endless.
TIME_LIMIT_S = 300
ENVIRONMENT = os.environ | {"CCACHE_BASEDIR": str(COPY), "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive",
                            "RC_PARAMS": "seed=20240607"}  # as ctest runs the tests


class BadList(Exception):
    """The list does not fit the sources or the tests."""


class Mutant:
    """One changed place: `original` in the file at `path` becomes `mutated`."""

    KEYS = {"name", "original", "mutated", "kills", "test", "survives"}

    def __init__(self, group, entry):
        if unknown := entry.keys() - self.KEYS:
            raise BadList(f"{LIST.name}: {entry.get('name')}: unknown keys {sorted(unknown)}")
        self.path = group["path"]
        self.name = entry["name"]
        self.original = entry["original"]
        self.mutated = entry["mutated"]
        self.test = entry.get("test", group["test"])
        self.kills = entry["kills"]
        self.survives = entry.get("survives")
        self.source = (ROOT / self.path).read_text()
        found = self.source.count(self.original)
        if found != 1:
            raise BadList(f"{LIST.name}: {self.name}: the original text is {found} times in {self.path}, and must be there once")
        if self.original == self.mutated:
            raise BadList(f"{LIST.name}: {self.name}: the mutated text is the original")
        self.key = self.digest()

    def mutated_source(self):
        return self.source.replace(self.original, self.mutated)

    def digest(self):
        """Changes with the mutant, its file and its test's folder."""
        digest = hashlib.sha256(json.dumps([self.source, self.original, self.mutated, self.test, self.kills]).encode())
        for file in sorted((ROOT / "tests" / folder_of(self.test)).iterdir()):
            if file.is_file():
                digest.update(file.read_bytes())
        return digest.hexdigest()


def folder_of(test):
    """The folder of tests/ that a test program is of: 'probe_responses_tests' is in 'probe'."""
    return test.split("_")[0]


def read_list(pattern):
    with open(LIST, "rb") as file:
        groups = tomllib.load(file)["file"]
    mutants = [Mutant(group, entry) for group in groups for entry in group["mutant"]]
    names = [mutant.name for mutant in mutants]
    if doubles := {name for name in names if names.count(name) > 1}:
        raise BadList(f"{LIST.name}: used for two mutants: {sorted(doubles)}")
    return [mutant for mutant in mutants if re.search(pattern, mutant.name)]


def write_if_changed(path, content):
    if path.exists() and path.read_bytes() == content:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def copy_sources():
    """Files that have not changed are left alone, so that nothing is built again because of them."""
    listed = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=ROOT, check=True,
                            capture_output=True).stdout
    for name in filter(None, listed.decode().split("\0")):
        source = ROOT / name
        if source.is_symlink() or not source.is_file():
            continue
        write_if_changed(COPY / name, source.read_bytes())
        (COPY / name).chmod(source.stat().st_mode)


def run(command, **options):
    return subprocess.run(command, cwd=COPY, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def build(targets, jobs):
    return run(["cmake", "--build", "--preset", "mutants", "-j", str(jobs), "--target", *targets])


def program_of(test):
    return BUILD / "tests" / folder_of(test) / test


def run_tests(test, pattern):
    return run([program_of(test), f"--gtest_filter={pattern}", "--gtest_fail_fast", "--gtest_brief=1"],
               preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_CPU, (TIME_LIMIT_S, TIME_LIMIT_S)))


def prepare(mutants, jobs):
    """Builds the unmutated programs, and checks that each mutant's tests exist and pass."""
    copy_sources()
    configured = run(["cmake", "--preset", "mutants"])
    if configured.returncode != 0:
        raise BadList(configured.stdout)
    built = build(sorted({mutant.test for mutant in mutants}), jobs)
    if built.returncode != 0:
        raise BadList("the unmutated sources do not build:\n" + built.stdout[-4000:])
    for test in sorted({mutant.test for mutant in mutants}):
        patterns = sorted({mutant.kills for mutant in mutants if mutant.test == test})
        for pattern in patterns:
            listed = run([program_of(test), f"--gtest_filter={pattern}", "--gtest_list_tests"]).stdout
            if not re.search(r"^  ", listed, re.MULTILINE):
                raise BadList(f"{LIST.name}: no test of {test} matches {pattern}")
        result = run_tests(test, ":".join(patterns))
        if result.returncode != 0:
            raise BadList(f"unmutated, the tests of {test} fail:\n{result.stdout[-4000:]}")


def outcome_of(mutant, jobs):
    """'killed', 'survived' or 'does not build'."""
    place = COPY / mutant.path
    try:
        place.write_text(mutant.mutated_source())
        built = build([mutant.test], jobs)
        if built.returncode != 0:
            print(built.stdout[-2000:])
            return "does not build"
        result = run_tests(mutant.test, mutant.kills)
        return "survived" if result.returncode == 0 else "killed"
    finally:
        place.write_text(mutant.source)


def as_expected(mutant, outcome):
    return outcome == ("survived" if mutant.survives else "killed")


def line_of(mutant, outcome, seconds):
    expected = "" if as_expected(mutant, outcome) else "  <-- NOT AS EXPECTED"
    explained = f" ({mutant.survives})" if mutant.survives else ""
    return f"{outcome:>14}  {mutant.name}  [{Path(mutant.path).name}, {seconds:.0f} s]{explained}{expected}"


def load_results():
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


def save_results(results):
    new = RESULTS.with_suffix(".new")
    new.write_text(json.dumps(results, indent=1))
    new.replace(RESULTS)


def run_all(mutants, jobs):
    results = load_results()
    if any(mutant.key not in results for mutant in mutants):
        prepare(mutants, jobs)
    bad = 0
    for mutant in mutants:
        start = time.monotonic()
        if mutant.key not in results:
            results[mutant.key] = outcome_of(mutant, jobs)
            save_results(results)
        print(line_of(mutant, results[mutant.key], time.monotonic() - start), flush=True)
        bad += not as_expected(mutant, results[mutant.key])
    outcomes = [results[mutant.key] for mutant in mutants]
    print(f"{len(mutants)} mutants: {outcomes.count('killed')} killed, {outcomes.count('survived')} survived "
          f"({sum(bool(mutant.survives) for mutant in mutants)} explained), {outcomes.count('does not build')} did not build; "
          f"{bad} not as expected")
    return 1 if bad else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", default="", metavar="REGEX", help="only the mutants whose names match")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="of the build")
    parser.add_argument("--list", action="store_true", help="check the list against the sources, and print the names")
    options = parser.parse_args()
    try:
        mutants = read_list(options.only)
        if not mutants:
            raise BadList(f"no mutant's name matches {options.only}")
        if options.list:
            print("\n".join(f"{mutant.name}  {mutant.path}" for mutant in mutants))
            return 0
        WORK.mkdir(parents=True, exist_ok=True)
        return run_all(mutants, options.jobs)
    except BadList as error:
        print(error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
