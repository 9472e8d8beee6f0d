"""What the scripts of bench/ put into documents: between their marks, and nowhere else."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))

from document import put_into  # noqa: E402

PAGE = "# A\n\n<!-- story -->\nold\n<!-- /story -->\n\n<!-- other -->\nkept\n<!-- /other -->\n"


class PutIntoTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.page = pathlib.Path(folder.name) / "page.md"

    def test_replaces_its_own_block_only(self):
        self.page.write_text(PAGE, encoding="utf-8")
        put_into(self.page, "story", "a ± b\n")
        self.assertEqual(self.page.read_text(encoding="utf-8"), PAGE.replace("old\n", "a ± b\n"))

    def test_refuses_a_page_without_the_block(self):
        for text in ("nothing\n", "<!-- story -->\nno end\n", "<!-- /story -->\n"):
            self.page.write_text(text, encoding="utf-8")
            with self.assertRaisesRegex(SystemExit, "has no block"):
                put_into(self.page, "story", "new\n")
            self.assertEqual(self.page.read_text(encoding="utf-8"), text)


if __name__ == "__main__":
    unittest.main()
