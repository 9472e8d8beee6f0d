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


class RatioTest(unittest.TestCase):
    def test_what_all_examples_share_has_no_spread(self):
        below = {0: [1.0, 1.0], 4: [3.0, 3.0]}
        above = {0: [2.0, 2.0], 4: [6.0, 6.0]}
        self.assertEqual(study.ratio_with_interval(above, below, "apart"), "2 [2, 2]")

    def test_the_interval_is_of_ratios_of_means(self):
        # Of two examples drawn twice, a quarter of the resamples has the first only, a quarter the second only.
        text = study.ratio_with_interval({0: [2.0], 1: [4.0]}, {0: [1.0], 1: [1.0]}, "apart")
        self.assertEqual(text, "3 [2, 4]")

    def test_directions_are_drawn_as_the_runs_share_them(self):
        above, below = {0: [2.0, 6.0]}, {0: [1.0, 3.0]}
        self.assertEqual(study.ratio_with_interval(above, below, "together"), "2 [2, 2]")
        self.assertEqual(study.ratio_with_interval(above, below, "apart"), "2 [0.667, 6]")
        self.assertEqual(study.ratio_with_interval(above, below, "below"), "2 [1.33, 4]")

    def test_pushes_are_gathered_by_example(self):
        pushes = [{"epsilon": e, "example": n, "kl": k} for e, n, k in (("1", "7", "0.5"), ("2", "7", "9"), ("1.0", "7", "1"))]
        self.assertEqual(study.kls_of(pushes, 1), {7: [0.5, 1.0]})


if __name__ == "__main__":
    unittest.main()
