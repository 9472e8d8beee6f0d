"""The study's script runs the commands of a document and puts their output into it; docs/study.md is such a document."""

import importlib.util
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "study" / "study.py"
SPEC = importlib.util.spec_from_file_location("study", SCRIPT)
study = importlib.util.module_from_spec(SPEC)
sys.modules["study"] = study
SPEC.loader.exec_module(study)

# A program that prints its arguments, or writes a figure.
PROGRAM = """#!/bin/sh
case "$1" in
  plot) echo "<svg>$2</svg>" > curve.svg ;;
  fail) exit 2 ;;
  sweep) echo progress >&2 ;;
  *) echo "$@ of $MODEL"; wc -c < traces.json | tr -d ' ' ;;
esac
"""

PAGE = """# A page

<!-- study -->
```sh
tugline sweep "$MODEL" traces.json
tugline summary a.db
```
```text
what it printed before
```

Prose.

<!-- study -->
```sh
tugline plot a.db
```

```sh
tugline not run
```
"""


class ScriptTest(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = pathlib.Path(self.temporary.name)
        program = self.folder / "program"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        (self.folder / "data.json").write_text("[1]")
        (self.folder / "docs").mkdir()

    def run_on(self, page):
        document = self.folder / "docs" / "page.md"
        document.write_text(page)
        options = ["--tugline", "program", "--model", "M", "--data", "data.json", "--work", "work", "--document", document]
        return document, subprocess.run(
            [sys.executable, SCRIPT, *options], cwd=self.folder, capture_output=True, text=True
        )

    def test_output_replaces_the_block_below_the_commands(self):
        document, done = self.run_on(PAGE)
        self.assertEqual(done.returncode, 0, done.stderr)
        page = document.read_text()
        self.assertIn("a.db\n```\n```text\nsummary a.db of M\n3\n```\n\nProse.", page)
        self.assertNotIn("before", page)
        self.assertIn("tugline plot a.db\n```\n\n```sh\ntugline not run\n```", page, "a block that prints nothing has no text")
        self.assertEqual((self.folder / "docs" / "figures" / "study_curve.svg").read_text(), "<svg>a.db</svg>\n")
        again, done = self.run_on(page)
        self.assertEqual(again.read_text(), page, "the same once more")

    def test_a_command_that_fails_leaves_the_document(self):
        page = PAGE.replace("tugline summary", "tugline fail")
        document, done = self.run_on(page)
        self.assertEqual(done.returncode, 1)
        self.assertIn("exit status 2 of", done.stderr)
        self.assertEqual(document.read_text(), page)


class DocumentTest(unittest.TestCase):
    page = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")

    def test_it_has_commands_and_what_they_print(self):
        blocks = list(study.BLOCK.finditer(self.page))
        self.assertGreater(len(blocks), 5)
        self.assertEqual(self.page.count("<!-- study -->"), len(blocks), "each mark has a block")
        for found in blocks:
            for line in found["commands"].splitlines():
                self.assertRegex(line, r"^(tugline |for |done|  tugline |  -)", "only tugline's commands")

    def test_every_figure_is_drawn_and_there(self):
        drawn = {name for found in study.BLOCK.finditer(self.page) for name in study.FIGURE.findall(found["commands"])}
        self.assertTrue(drawn)
        for name in drawn:
            self.assertIn(f"](figures/study_{name})", self.page)
            self.assertTrue((ROOT / "docs" / "figures" / f"study_{name}").is_file(), name)


if __name__ == "__main__":
    unittest.main()
