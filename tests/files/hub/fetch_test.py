"""`tugline fetch`, and models by name in other commands, against a hub on loopback (tests/support/fake_hub.py)."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TESTS / "support"))

from fake_hub import Cut, FakeHub, Send, Stall, Status, git_sha1_of, sha256_of  # noqa: E402

BINARY = os.environ["TUGLINE_BINARY"]
MODEL = {path.name: path.read_bytes() for path in (TESTS / "fixtures" / "tiny_model").iterdir()}
WEIGHTS = "model.safetensors"
TOKEN = "hf_a_secret"
CLEARED = ("HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE",
           "HF_HUB_DISABLE_SYMLINKS", "XDG_CACHE_HOME", "http_proxy", "https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy", "SSL_CERT_FILE",
           "SSL_CERT_DIR", "CURL_CA_BUNDLE")


class HubTest(unittest.TestCase):
    """A hub with one model, and an empty cache."""

    def setUp(self):
        self.hub = self.enterContext(FakeHub())
        self.home = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(prefix="tugline-hub-")))
        self.repository = self.hub.add("org/tiny", {**MODEL, "README.md": b"x", "pytorch_model.bin": b"x"}, large={WEIGHTS})
        self.cache = self.home / "hub"
        self.folder = self.cache / "models--org--tiny"
        self.environment = {name: value for name, value in os.environ.items() if name not in CLEARED}
        self.environment |= {"HF_ENDPOINT": self.hub.endpoint, "HF_HUB_CACHE": str(self.cache), "HOME": str(self.home),
                             "HF_HUB_DOWNLOAD_TIMEOUT": "1"}

    def run_tugline(self, *arguments, status=0, **environment):
        done = subprocess.run([BINARY, *arguments], env={**self.environment, **environment}, capture_output=True, text=True, timeout=120)
        self.assertEqual(done.returncode, status, done.stderr)
        return done

    def fetch(self, name="org/tiny", **more):
        """The snapshot's folder."""
        done = self.run_tugline("fetch", name, **more)
        return pathlib.Path(done.stdout.rstrip("\n"))

    def refused(self, *parts, name="org/tiny", command="fetch", **environment):
        """The message, which has these parts and no secret, and comes with exit status 2 and without a result."""
        done = self.run_tugline(command, name, status=2, **environment)
        self.assertEqual(done.stdout, "")
        for part in parts:
            self.assertIn(part, done.stderr)
        self.assertNotIn(TOKEN, done.stderr)
        self.assertNotIn("very-secret", done.stderr)
        return done.stderr

    def snapshot(self, commit=None):
        return self.folder / "snapshots" / (commit or self.repository.commit)

    def partial(self):
        return self.folder / "blobs" / f"{sha256_of(MODEL[WEIGHTS])}.incomplete"

    def assert_whole(self, snapshot=None):
        for name, data in MODEL.items():
            self.assertEqual(((snapshot or self.snapshot()) / name).read_bytes(), data, name)


class Downloads(HubTest):
    def test_what_is_needed_and_nothing_else_in_the_hubs_layout(self):
        self.assertEqual(self.fetch(), self.snapshot())
        self.assert_whole()
        self.assertEqual(sorted(path.name for path in self.snapshot().iterdir()), sorted(MODEL))
        for name, data in MODEL.items():
            blob = sha256_of(data) if name == WEIGHTS else git_sha1_of(data)
            self.assertEqual(os.readlink(self.snapshot() / name), f"../../blobs/{blob}")
            self.assertTrue((self.cache / ".locks" / "models--org--tiny" / f"{blob}.lock").is_file())
        self.assertEqual((self.folder / "refs" / "main").read_text(), self.repository.commit)
        self.assertEqual(len(list((self.folder / "blobs").iterdir())), len(MODEL))

    def test_a_command_fetches_what_the_cache_lacks_and_then_asks_nobody(self):
        self.assertIn("org/tiny", self.run_tugline("inspect", "org/tiny").stdout)
        self.assert_whole()
        asked = len(self.hub.requests)
        self.run_tugline("inspect", "org/tiny")
        self.assertEqual(len(self.hub.requests), asked)
        self.run_tugline("inspect", "org/tiny", HF_HUB_OFFLINE="1")


if __name__ == "__main__":
    unittest.main()
