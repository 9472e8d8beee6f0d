"""The check of skipped tests against a made-up report, and its list against the tests that there are."""

import pathlib
import re
import sys
import tempfile
import tomllib
import unittest
import unittest.mock

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import check_skips  # noqa: E402
from check_skips import Test, report_on  # noqa: E402

REPORT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="made up">
  <testcase name="Ran.Well" status="run"><system-out>[       OK ] Ran.Well</system-out></testcase>
  <testcase name="Went.Wrong" status="fail"><failure message=""/><system-out>[  FAILED  ] Went.Wrong</system-out></testcase>
  <testcase name="Needs.Data  # GetParam() = 4-byte object" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>[ RUN      ] Needs.Data\n/a.cpp:3: Skipped\nno data\n\n[  SKIPPED ] Needs.Data</system-out></testcase>
  <testcase name="Failed.First" status="notrun"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
    <system-out>[  FAILED  ] Failed.First\n[  SKIPPED ] 1 test</system-out></testcase>
  <testcase name="Turned.Off" status="disabled"/>
  <testcase name="Not.Built" status="notrun"><skipped message="Unable to find executable"/></testcase>
</testsuite>
"""
PYTHON_REPORT = """<?xml version="1.0" encoding="utf-8"?>
<testsuites name="pytest tests"><testsuite name="pytest">
  <testcase classname="tests.python.test_curve" name="test_shapes" time="0.1"/>
  <testcase classname="tests.python.test_curve" name="test_torch" time="0.1">
    <skipped type="pytest.skip" message="could not import 'torch'">/a.py:9: could not import 'torch'</skipped></testcase>
  <testcase classname="tests.python.test_run" name="test_page[nnsight]" time="0.1"><failure message="x">x</failure></testcase>
  <testcase classname="tests.python.test_run" name="test_setup" time="0.1"><error message="x">x</error></testcase>
</testsuite></testsuites>
"""
ENTRIES = [
    {"label": "shared", "without": ["shared"], "reason": "data is elsewhere"},
    {"tests": [r"Processor\..*"], "reason": "another processor"},
]


class ReportTest(unittest.TestCase):
    def test_states_are_told_apart(self):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "tests.xml"
            report.write_text(REPORT, encoding="utf-8")
            tests = check_skips.tests_of(report, {"Needs.Data  # GetParam() = 4-byte object": ("shared", "slow")})
        self.assertEqual([test.state for test in tests], ["passed", "failed", "skipped", "failed", "skipped", "skipped"])
        self.assertEqual(tests[2].labels, ("shared", "slow"))
        self.assertEqual(check_skips.said(tests[2]), "no data")

    def test_a_skip_is_allowed_only_while_its_input_is_absent(self):
        tests = [Test("Ran.Well", "passed"), Test("Needs.Data", "skipped", "no data", ("shared",))]
        status, text = report_on(tests, ENTRIES, {"shared"})
        self.assertEqual(status, 0)
        self.assertIn("2 tests: 1 passed, 1 skipped, 0 failed\n  1 skipped: data is elsewhere", text)
        status, text = report_on(tests, ENTRIES, {"model"})
        self.assertEqual(status, 1)
        self.assertIn("Needs.Data: no data", text)

    def test_what_is_not_listed_must_not_skip(self):
        for name in ("Other.Test", "AlsoProcessor.Bf16"):
            self.assertEqual(report_on([Test(name, "skipped", "", ("fast",))], ENTRIES, {"shared"})[0], 1)

    def test_an_entry_without_a_condition_always_holds(self):
        self.assertEqual(report_on([Test("Processor.Bf16", "skipped")], ENTRIES, set())[0], 0)

    def test_a_failure_is_a_failure(self):
        self.assertEqual(report_on([Test("Went.Wrong", "failed")], ENTRIES, set())[0], 1)


class PythonReportTest(unittest.TestCase):
    def test_states_names_and_reasons(self):
        with tempfile.TemporaryDirectory() as folder:
            report = pathlib.Path(folder) / "tests.xml"
            report.write_text(PYTHON_REPORT, encoding="utf-8")
            tests = check_skips.python_tests_of(report)
        self.assertEqual([test.state for test in tests], ["passed", "skipped", "failed", "failed"])
        self.assertEqual(tests[2].name, "test_run.test_page[nnsight]")
        self.assertEqual(check_skips.said(tests[1]), "could not import 'torch'")

    def test_a_package_or_a_program_may_be_absent(self):
        entries = [{"without": ["json", "no_such_package"]}, {"without": ["sh"]}]
        self.assertEqual(check_skips.absent_from_python(entries), {"no_such_package"})


class PythonListTest(unittest.TestCase):
    entries = tomllib.loads(check_skips.ALLOWED.read_text(encoding="utf-8"))["python_skip"]

    def test_every_test_on_it_exists(self):
        for entry in self.entries:
            self.assertTrue(entry["without"] and entry["reason"])
            for pattern in entry["tests"]:
                file, function = re.match(r"(\w+)\\\.(\w+)", pattern).groups()
                source = (check_skips.ROOT / "tests" / "python" / f"{file}.py").read_text(encoding="utf-8")
                self.assertIn(f"def {function}(", source)


class UnittestTest(unittest.TestCase):
    entries = tomllib.loads(check_skips.ALLOWED.read_text(encoding="utf-8"))["unittest_skip"]
    scripts = sorted((check_skips.ROOT / "tests").rglob("*_test.py"))

    def test_a_test_that_skips_within_a_script_is_named(self):
        result = unittest.TestResult()
        result.addSkip(self, "no shell")
        name = f"{self.__class__.__name__}.{self._testMethodName}"
        found = check_skips.unittests_of(result, "manners_test")
        self.assertEqual(found, [Test(f"manners_test.{name}", "skipped", "no shell")])
        entries = [{"tests": [rf"manners_test\.{name}"], "without": ["zsh"], "reason": "no zsh"}]
        self.assertEqual(report_on(found, entries, {"zsh"})[0], 0)
        self.assertEqual(report_on(found, entries, {"fish"})[0], 1)

    def test_every_test_on_the_list_exists(self):
        sources = {script.stem: script.read_text(encoding="utf-8") for script in self.scripts}
        for entry in self.entries:
            self.assertTrue(entry["without"] and entry["reason"])
            for pattern in entry["tests"]:
                for word in re.findall(r"\w+", pattern.replace("\\.", " ")):
                    self.assertTrue(any(word == name or word in source for name, source in sources.items()), pattern)

    def test_every_script_that_can_skip_a_test_is_checked(self):
        for script in self.scripts:
            source = script.read_text(encoding="utf-8")
            can_skip = re.search(r"^\s*(self\.skipTest|@unittest\.skip)", source, re.MULTILINE)
            if can_skip:
                self.assertIn("check_skips.run_unittests()", source, script.name)


class ListTest(unittest.TestCase):
    entries = tomllib.loads(check_skips.ALLOWED.read_text(encoding="utf-8"))["skip"]

    def test_it_names_inputs_that_the_check_knows(self):
        nowhere = {"TUGLINE_SHARED_DIR": "/nonexistent", "TUGLINE_CACHE_DIR": "/nonexistent"}
        with tempfile.TemporaryDirectory() as folder:
            build = pathlib.Path(folder)
            self.assertNotIn("build without sanitizers", check_skips.absent_inputs(nowhere, build))
            (build / "CMakeCache.txt").write_text("A:STRING=b\nTUGLINE_SANITIZE:STRING=address\n", encoding="utf-8")
            with unittest.mock.patch.object(check_skips, "has_terminals", return_value=False):
                known = check_skips.absent_inputs(nowhere, build)
        for entry in self.entries:
            self.assertLessEqual(set(entry.get("without", [])), known)

    def test_every_suite_on_it_exists(self):
        sources = "".join(path.read_text(encoding="utf-8") for path in check_skips.ROOT.glob("tests/*/*.*"))
        for entry in self.entries:
            for pattern in entry.get("tests", []):
                suite = re.search(r"(\w+)\\\.", pattern).group(1)
                self.assertTrue(re.search(rf"TEST(_F|_P)?\(\s*{suite}\b", sources), pattern)


if __name__ == "__main__":
    unittest.main()
