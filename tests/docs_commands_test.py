"""Runs the commands that the documents show, so that they stay true.

In README.md and docs/*.md a fenced ```sh block right below the line <!-- run --> is run by bash, which stops at the first
command that fails. The blocks of one document share a temporary folder, in their order. There they find: `tugline` on the
PATH; `examples/` and `scripts/` as in the checkout; the demo's model under its file name and as $MODEL.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import check_skips  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[1]
MARK = "<!-- run -->"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECONDS_A_BLOCK = 300


def marked_blocks(text):
    """The commands of each marked block, with the line they begin on."""
    blocks = []
    for mark in re.finditer(rf"^{MARK}[ \t]*\n\s*", text, re.MULTILINE):
        line = text.count("\n", 0, mark.end()) + 1
        block = BLOCK.match(text, mark.end())
        if not block:
            raise ValueError(f"line {line}: {MARK} is not followed by a ```sh block")
        blocks.append((line + 1, block.group(1)))
    return blocks


def documents():
    return [path for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))] if path.is_file()]


def demo_model():
    """Where scripts/fetch_smollm2.py keeps the model, whether it is there or not."""
    sys.path.insert(0, str(ROOT / "scripts"))
    import fetch_smollm2
    import packaged_file

    return packaged_file.cache_folder() / fetch_smollm2.SMOLLM2.file_name


def prepare(folder, binary, model):
    (folder / "bin").mkdir()
    (folder / "bin" / "tugline").symlink_to(binary)
    (folder / model.name).symlink_to(model)
    for name in ("examples", "scripts"):
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
    return {**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}", "MODEL": str(model)}


class ExtractionTest(unittest.TestCase):
    def test_only_marked_blocks(self):
        text = f"# T\n```sh\nfalse\n```\n{MARK}\n```sh\necho 1\necho 2\n```\nwords\n\n{MARK}\n\n```sh\nls\n```\n"
        self.assertEqual(marked_blocks(text), [(7, "echo 1\necho 2\n"), (15, "ls\n")])

    def test_mark_without_block(self):
        with self.assertRaisesRegex(ValueError, "line 2"):
            marked_blocks(f"{MARK}\nwords\n")


@unittest.skipUnless("TUGLINE_BINARY" in os.environ, "TUGLINE_BINARY does not name the built tugline (ctest sets it)")
class CommandsTest(unittest.TestCase):
    def run_document(self, path):
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            environment = prepare(folder, os.environ["TUGLINE_BINARY"], demo_model())
            for line, commands in marked_blocks(path.read_text(encoding="utf-8")):
                done = subprocess.run(
                    ["bash", "-eux", "-o", "pipefail", "-c", commands],
                    cwd=folder,
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    text=True,
                    timeout=SECONDS_A_BLOCK,
                )
                self.assertEqual(done.returncode, 0, f"{path.name}, line {line}:\n{done.stdout[-4000:]}")

    def test_documents(self):
        for path in documents():
            with self.subTest(document=path.name):
                self.run_document(path)

    def test_there_is_something_to_run(self):
        self.assertTrue(any(marked_blocks(path.read_text(encoding="utf-8")) for path in documents()))


if __name__ == "__main__":
    if not documents():
        print("skipped: there are no documents")
        sys.exit(77)
    if not demo_model().is_file():
        print(f"skipped: {demo_model()} is not there (scripts/fetch_smollm2.py brings it)")
        sys.exit(77)
    check_skips.run_unittests()
