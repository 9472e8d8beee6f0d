#!/usr/bin/env python3
"""Fails if a test skipped that tests/allowed_skips.toml does not allow, and says how many tests ran.

    tests/check_skips.py BUILD               BUILD: a build folder, after `ctest --output-junit tests.xml` in it
    tests/check_skips.py --python REPORT     REPORT: what `pytest --junitxml` wrote, in the same Python

Exit status: 0 if all tests passed and every skip is allowed, 1 if not.
"""

import collections
import dataclasses
import importlib.util
import json
import os
import pathlib
import pty
import re
import shutil
import subprocess
import sys
import tomllib
import unittest
import xml.etree.ElementTree

from support.browser import find_chromium

ROOT = pathlib.Path(__file__).resolve().parents[1]
ALLOWED = ROOT / "tests" / "allowed_skips.toml"
SMOLLM2 = "SmolLM2-135M-Instruct.Q4_1.gguf"


@dataclasses.dataclass(frozen=True)
class Test:
    name: str
    state: str  # "passed", "skipped" or "failed"
    output: str = ""
    labels: tuple = ()


def cache_folder(environment):
    """Where scripts/fetch_smollm2.py puts the model, and where the tests look for it."""
    if environment.get("TUGLINE_CACHE_DIR"):
        return pathlib.Path(environment["TUGLINE_CACHE_DIR"])
    if environment.get("XDG_CACHE_HOME"):
        return pathlib.Path(environment["XDG_CACHE_HOME"]) / "tugline"
    return pathlib.Path(environment.get("HOME", "/")) / ".cache" / "tugline"


def has_terminals():
    """False where there are no pseudo-terminals, as in a bare chroot."""
    try:
        for file in pty.openpty():
            os.close(file)
    except OSError:
        return False
    return True


def can_trace():
    """True if strace is here and the system lets it trace a program."""
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-o", os.devnull, "true"], capture_output=True).returncode == 0


def has_axe():
    """True if scripts/fetch_javascript.py has fetched axe."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import packaged_file
    from fetch_javascript import LIBRARIES

    return (packaged_file.cache_folder() / LIBRARIES["axe"].file_name).is_file()


def is_sanitized(build):
    cache = build / "CMakeCache.txt"
    return cache.is_file() and bool(re.search(r"^TUGLINE_SANITIZE:\w+=.", cache.read_text(encoding="utf-8"), re.MULTILINE))


def absent_inputs(environment, build):
    """The names, as `without` has them, of what this machine and this build lack."""
    cache = cache_folder(environment)
    inputs = {
        "shared": pathlib.Path(environment.get("TUGLINE_SHARED_DIR") or ROOT / ".." / "shared"),
        "model": cache / SMOLLM2,
        "qwen-tokenizer": cache / "qwen-tokenizer" / "tokenizer.json",
    }
    absent = {name for name, path in inputs.items() if not path.exists()}
    if not find_chromium(environment):
        absent.add("chromium")
    if not has_terminals():
        absent.add("terminals")
    return absent | ({"build without sanitizers"} if is_sanitized(build) else set())


def state_of(case):
    """ctest takes a test that failed and then skipped for a skip; here it is a failure."""
    state = {"run": "passed", "fail": "failed"}.get(case.get("status"), "skipped")
    return "failed" if state == "skipped" and "[  FAILED  ]" in (case.findtext("system-out") or "") else state


def without_parameter(name):
    """The test's own name: some versions of CMake put GoogleTest's comment on the parameter behind it."""
    return name.split("  # GetParam()")[0]


def tests_of(report, labels):
    """The tests of a JUnit report; `labels` has those of each name."""
    return [
        Test(without_parameter(case.get("name")), state_of(case), case.findtext("system-out") or "", labels.get(case.get("name"), ()))
        for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase")
    ]


def python_tests_of(report):
    """The tests of a report of pytest's, by the names of their file and function: test_curve.test_directions_from_torch."""
    tests = []
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        found = {kind: case.find(kind) for kind in ("failure", "error", "skipped")}
        failed = found["failure"] is not None or found["error"] is not None
        state = "failed" if failed else "passed" if found["skipped"] is None else "skipped"
        said_why = "" if found["skipped"] is None else found["skipped"].get("message", "")
        tests.append(Test(f"{case.get('classname').rpartition('.')[2]}.{case.get('name')}", state, said_why))
    return tests


def absent_from_python(entries):
    """The packages and programs, as `without` has them, that this Python lacks."""
    named = {name for entry in entries for name in entry.get("without", [])}
    return {name for name in named if importlib.util.find_spec(name) is None and not shutil.which(name)}


def unittests_of(result, script):
    """What skipped of a unittest.TestResult, by script, class and function: repl_test.TerminalTest.test_tab_completes."""
    return [Test(f"{script}.{case.id().partition('.')[2]}", "skipped", reason) for case, reason in result.skipped]


def absent_from_unittests(entries):
    """The packages, programs and inputs, as `without` has them, that the scripts of ctest lack here."""
    absent = absent_from_python(entries) - {"terminals", "axe", "tracing", "root", "TUGLINE_BINARY"}
    found = {
        "terminals": has_terminals(), "axe": has_axe(), "tracing": can_trace(), "root": os.geteuid() == 0,
        "TUGLINE_BINARY": bool(os.environ.get("TUGLINE_BINARY")),
    }
    return absent | {name for name, is_there in found.items() if not is_there}


def run_unittests():
    """In place of unittest.main() in a script of ctest's: also fails if a test skips that must not."""
    script = pathlib.Path(sys.argv[0]).stem
    result = unittest.main(module="__main__", exit=False).result
    entries = tomllib.loads(ALLOWED.read_text(encoding="utf-8"))["unittest_skip"]
    status, text = report_on(unittests_of(result, script), entries, absent_from_unittests(entries))
    if result.skipped:
        print(text)
    sys.exit(0 if result.wasSuccessful() and status == 0 else 1)


def labels_in(build):
    """Labels by test name, as ctest lists them."""
    command = ["ctest", "--test-dir", str(build), "--show-only=json-v1"]
    listed = json.loads(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout)
    return {
        test["name"]: tuple(label for one in test.get("properties", []) if one["name"] == "LABELS" for label in one["value"])
        for test in listed["tests"]
    }


def allows(entry, test, absent):
    if "without" in entry and not absent.intersection(entry["without"]):
        return False
    return entry.get("label") in test.labels or any(re.fullmatch(one, test.name) for one in entry.get("tests", []))


def said(test):
    """What the test itself said: its line before GoogleTest's own, or the last that a script printed."""
    lines = [line.strip() for line in test.output.splitlines() if line.strip() and not line.startswith("[")]
    return lines[-1] if lines else "it did not say why"


def report_on(tests, entries, absent):
    """Exit status and text."""
    count = collections.Counter(test.state for test in tests)
    reasons, refused = collections.Counter(), []
    for test in (test for test in tests if test.state == "skipped"):
        reason = next((entry["reason"] for entry in entries if allows(entry, test, absent)), None)
        if reason:
            reasons[reason] += 1
        else:
            refused.append(f"  {test.name}: {said(test)}")
    lines = [f"{len(tests)} tests: {count['passed']} passed, {count['skipped']} skipped, {count['failed']} failed"]
    lines += [f"  {number} skipped: {reason}" for reason, number in reasons.items()]
    if refused:
        lines += [f"These tests must not skip here ({ALLOWED.name} has those that may, and when):", *refused]
    return (1 if refused or count["failed"] else 0), "\n".join(lines)


def main():
    allowed = tomllib.loads(ALLOWED.read_text(encoding="utf-8"))
    if len(sys.argv) == 3 and sys.argv[1] == "--python":
        entries = allowed["python_skip"]
        tests, absent = python_tests_of(sys.argv[2]), absent_from_python(entries)
    elif len(sys.argv) == 2:
        build = pathlib.Path(sys.argv[1])
        entries = allowed["skip"]
        tests, absent = tests_of(build / "tests.xml", labels_in(build)), absent_inputs(os.environ, build)
    else:
        sys.exit(__doc__)
    status, text = report_on(tests, entries, absent)
    print(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
