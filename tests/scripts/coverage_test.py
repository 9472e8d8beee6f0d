"""The table of `make coverage`, and its exit status, with a made-up gcovr."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "coverage.py"
FILES = [("core/error.cpp", 95, 100), ("files/npy.cpp", 50, 50), ("files/hub/http.cpp", 35, 50)]  # name, lines that ran, lines

# Writes the summary that $SUMMARY has to where it is asked to.
GCOVR = """#!/bin/bash
while [[ $1 != --json-summary ]]; do shift; done
echo "$SUMMARY" >"$2"
exit "$STATUS"
"""


class CoverageTest(unittest.TestCase):
    def run_script(self, *arguments, files=FILES, status=0, path_has_gcovr=True):
        summary = {"files": [{"filename": f"src/tugline/{name}", "line_covered": ran, "line_total": lines} for name, ran, lines in files]}
        with tempfile.TemporaryDirectory() as scratch:
            folder = pathlib.Path(scratch)
            if path_has_gcovr:
                (folder / "gcovr").write_text(GCOVR)
                (folder / "gcovr").chmod(0o755)
            path = f"{folder}:{os.environ['PATH']}" if path_has_gcovr else str(folder)
            return subprocess.run([sys.executable, "-B", SCRIPT, folder, *arguments], capture_output=True, text=True,
                                  env={**os.environ, "PATH": path, "SUMMARY": json.dumps(summary), "STATUS": str(status)})

    def test_lines_are_added_up_by_folder(self):
        done = self.run_script()
        rows = [line.split() for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(["core", "95", "of", "100", "lines", "95.0", "%"], rows)
        self.assertIn(["files", "85", "of", "100", "lines", "85.0", "%"], rows)
        self.assertIn(["all", "180", "of", "200", "lines", "90.0", "%"], rows)

    def test_the_lowest_file_comes_first(self):
        named = self.run_script().stdout.partition("least ran:\n")[2].splitlines()
        self.assertEqual([line.split()[0] for line in named[:3]], ["files/hub/http.cpp", "core/error.cpp", "files/npy.cpp"])

    def test_too_small_a_share_fails(self):
        done = self.run_script("--least", "90.1")
        self.assertEqual(done.returncode, 1)
        self.assertIn("90.0 % of the lines ran; at least 90.1 % must", done.stderr)

    def test_no_counts_fail(self):
        self.assertEqual(self.run_script(files=[]).returncode, 1)

    def test_what_gcovr_cannot_read_fails(self):
        self.assertEqual(self.run_script(status=64).returncode, 2)

    def test_gcovr_is_missing(self):
        done = self.run_script(path_has_gcovr=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("install_dependencies.sh --coverage", done.stderr)


if __name__ == "__main__":
    unittest.main()
