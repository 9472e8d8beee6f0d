"""The study's document has what its script fills in. The sweeps are not run."""

import importlib.util
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "study"))
SPEC = importlib.util.spec_from_file_location("study", ROOT / "study" / "study.py")
study = importlib.util.module_from_spec(SPEC)
sys.modules["study"] = study
SPEC.loader.exec_module(study)


class DocumentTest(unittest.TestCase):
    page = (ROOT / "docs" / "study.md").read_text(encoding="utf-8")

    def test_every_table_has_its_block(self):
        for name in study.TABLES:
            self.assertEqual(self.page.count(f"<!-- study:{name} -->\n"), 1)
            self.assertEqual(self.page.count(f"<!-- /study:{name} -->\n"), 1)

    def test_every_figure_is_there(self):
        for name in study.TABLES:
            self.assertIn(f"](figures/study_{name}.svg)", self.page)
            self.assertTrue((ROOT / "docs" / "figures" / f"study_{name}.svg").is_file(), name)


class BinsTest(unittest.TestCase):
    def test_each_row_of_a_span_weighs_the_same(self):
        rows = [
            {"distance": "16", "spans": "3", "kl": "1"},
            {"distance": "23", "spans": "1", "kl": "5"},
            {"distance": "24", "spans": "1", "kl": "7"},
        ]
        (first, low), (second, high) = study.binned(rows)
        self.assertEqual((low, high), (2, 7))
        self.assertLess(16, first)
        self.assertLess(first, 24)
        self.assertLess(24, second)


if __name__ == "__main__":
    unittest.main()
