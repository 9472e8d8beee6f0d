"""tugline and the hub's own library (huggingface_hub) share a cache: each finds what the other has fetched.

The library is looked for in this Python and in the one that TUGLINE_HUB_PYTHON names. Exit status 77 (skipped) without it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS / "support"))

from fake_hub import Cut, FakeHub  # noqa: E402

BINARY = os.environ["TUGLINE_BINARY"]
MODEL = {path.name: path.read_bytes() for path in (TESTS / "fixtures" / "tiny_model").iterdir()}
WEIGHTS = "model.safetensors"


def library_python():
    """A Python that has huggingface_hub."""
    for python in (sys.executable, os.environ.get("TUGLINE_HUB_PYTHON")):
        if python and subprocess.run([python, "-c", "import huggingface_hub"], stderr=subprocess.DEVNULL).returncode == 0:
            return python
    return None


PYTHON = library_python()


class SharedCache(unittest.TestCase):
    def setUp(self):
        self.hub = self.enterContext(FakeHub())
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tugline-hub-")))
        self.repository = self.hub.add("org/tiny", MODEL, large={WEIGHTS})
        self.repository.revisions["refs/pr/1"] = self.repository.commit
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "TRANSFORMERS_"))}
        self.environment |= {"HF_ENDPOINT": self.hub.endpoint, "HF_HOME": str(self.home / "hf"), "HOME": str(self.home),
                             "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}

    def tugline(self, *arguments, **environment):
        return self.run_program([BINARY, *arguments], environment).stdout

    def library(self, code, **environment):
        """What the code leaves in `result`."""
        whole = f"import json, huggingface_hub as h\n{code}\nprint(json.dumps(result))"
        return json.loads(self.run_program([PYTHON, "-c", whole], environment).stdout.splitlines()[-1])

    def run_program(self, command, environment):
        done = subprocess.run(command, env={**self.environment, **environment}, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done

    def tree(self):
        """Every path of the cache with what it links to or holds; locks are nobody's."""
        root = self.home / "hf" / "hub" / "models--org--tiny"
        found = {}
        for path in sorted(root.rglob("*")):
            name = str(path.relative_to(root))
            if not name.startswith("trees"):  # the library's own note of the listing
                found[name] = os.readlink(path) if path.is_symlink() else path.read_bytes() if path.is_file() else None
        return found

    def test_the_library_finds_what_tugline_fetched(self):
        folder = self.tugline("fetch", "org/tiny").strip()
        self.tugline("fetch", "org/tiny@refs/pr/1")
        asked = len(self.hub.requests)
        for revision in ("main", "refs/pr/1", self.repository.commit):
            code = f"result = h.snapshot_download('org/tiny', revision={revision!r}, local_files_only=True)"
            self.assertEqual(self.library(code, HF_HUB_OFFLINE="1"), folder)
        code = "result = [h.try_to_load_from_cache('org/tiny', n) for n in ('config.json', 'model.safetensors')]"
        self.assertEqual(self.library(code), [f"{folder}/config.json", f"{folder}/model.safetensors"])
        code = "info = h.scan_cache_dir(); result = [len(info.warnings), [(r.repo_id, r.nb_files, r.size_on_disk) for r in info.repos]]"
        self.assertEqual(self.library(code), [0, [["org/tiny", len(MODEL), sum(map(len, MODEL.values()))]]])
        self.assertEqual(len(self.hub.requests), asked)
        # Online, the library downloads nothing again.
        self.assertEqual(self.library("result = h.snapshot_download('org/tiny')"), folder)
        self.assertEqual(len(self.hub.asked(file=WEIGHTS, server="store")), 1)

    def test_tugline_finds_what_the_library_fetched(self):
        folder = self.library("result = h.snapshot_download('org/tiny')")
        asked = len(self.hub.requests)
        self.assertIn(folder, self.tugline("inspect", "org/tiny"))
        self.assertIn(folder, self.tugline("inspect", f"org/tiny@{self.repository.commit}", HF_HUB_OFFLINE="1"))
        self.assertEqual(len(self.hub.requests), asked)
        self.assertEqual(self.tugline("fetch", "org/tiny").strip(), folder)
        self.assertEqual(len(self.hub.requests), asked + 1)

    def test_both_write_the_same(self):
        self.tugline("fetch", "org/tiny")
        ours = self.tree()
        self.environment["HF_HOME"] = str(self.home / "other")
        self.library("result = h.snapshot_download('org/tiny')")
        self.home = self.home / "x"  # the same tree, from the other home
        self.home.mkdir()
        (self.home / "hf").symlink_to("../other")
        self.assertEqual(self.tree(), ours)

    def test_each_completes_what_the_other_began(self):
        self.library("result = h.hf_hub_download('org/tiny', 'config.json')")
        self.hub.plan(WEIGHTS, Cut(1000))
        folder = self.tugline("fetch", "org/tiny").strip()
        self.assertEqual(len(self.hub.asked(file="config.json")), 1)
        os.unlink(f"{folder}/tokenizer.json")
        self.assertEqual(self.library("result = h.snapshot_download('org/tiny')"), folder)
        self.assertEqual(pathlib.Path(folder, WEIGHTS).read_bytes(), MODEL[WEIGHTS])

    def test_an_absence_that_the_library_noted_is_not_asked_again(self):
        self.hub.add("org/tiny", {name: data for name, data in MODEL.items() if name != "tokenizer.json"}, large={WEIGHTS})
        code = """
try:
    h.hf_hub_download('org/tiny', 'tokenizer.json')
except h.errors.EntryNotFoundError:
    result = h.snapshot_download('org/tiny')"""
        folder = self.library(code)
        asked = len(self.hub.requests)
        process = subprocess.run([BINARY, "inspect", "org/tiny"], env=self.environment, capture_output=True, text=True)
        self.assertIn(folder, process.stdout)
        self.assertEqual(len(self.hub.requests), asked)

    def test_both_at_once(self):
        code = "import huggingface_hub as h; print(h.snapshot_download('org/tiny'))"
        both = [subprocess.Popen(command, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                for command in ([BINARY, "fetch", "org/tiny"], [PYTHON, "-c", code])]
        outcomes = [process.communicate(timeout=60) for process in both]
        self.assertEqual([process.returncode for process in both], [0, 0], outcomes)
        self.assertEqual(outcomes[0][0], outcomes[1][0])


if __name__ == "__main__":
    if PYTHON is None:
        print("huggingface_hub is not installed for the tests' Python; TUGLINE_HUB_PYTHON may name one that has it")
        sys.exit(77)
    unittest.main()
