#!/usr/bin/env python3
"""Reports which lines of the library ran in a build with TUGLINE_COVERAGE: a table by folder and the files with the lowest share.

    scripts/coverage.py BUILD [--least 90]

The pages, each with its source lines, are BUILD/report/index.html. The command line (src/tugline/cli) is left out: the tests run the
program as its users do, and what counts is what the library does.

Exit status: 0 if at least `--least` per cent of the lines ran, 1 if fewer did, 2 if gcovr is not here or could not read the counts.
"""

import argparse
import collections
import json
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
SOURCES = "src/tugline/"
LEFT_OUT = "src/tugline/cli/"
LOWEST = 15  # files that are named


def run_gcovr(build):
    """Writes the pages, and returns gcovr's summary: a dict with a list `files`."""
    if not shutil.which("gcovr"):
        print("coverage: gcovr is not installed (scripts/install_dependencies.sh --coverage)", file=sys.stderr)
        sys.exit(2)
    report = build / "report"
    report.mkdir(exist_ok=True)
    summary = report / "summary.json"
    command = ["gcovr", "--root", str(ROOT), "--filter", SOURCES, "--exclude", LEFT_OUT, "--html-details", str(report / "index.html"),
               "--json-summary", str(summary), str(build)]
    if subprocess.run(command, cwd=ROOT).returncode != 0:
        sys.exit(2)
    return json.loads(summary.read_text(encoding="utf-8"))


def folder_of(file_name):
    """The folder below src/tugline: "files/hub/http.cpp" is of "files"."""
    return file_name.removeprefix(SOURCES).partition("/")[0]


def row(name, covered, total):
    return f"{name:<44} {covered:>6} of {total:>6} lines {100 * covered / max(total, 1):6.1f} %"


def table(files):
    """The per cent of all lines that ran, and the text: a line for each folder, for all, and for the files with the lowest share."""
    folders = collections.defaultdict(lambda: [0, 0])
    for file in files:
        for name in (folder_of(file["filename"]), "all"):
            folders[name][0] += file["line_covered"]
            folders[name][1] += file["line_total"]
    total = folders.pop("all")
    lowest = sorted(files, key=lambda file: file["line_covered"] / max(file["line_total"], 1))[:LOWEST]
    text = [
        *(row(name, *counts) for name, counts in sorted(folders.items())),
        row("all", *total),
        "",
        "The files of which least ran:",
        *(row(file["filename"].removeprefix(SOURCES), file["line_covered"], file["line_total"]) for file in lowest),
    ]
    return 100 * total[0] / max(total[1], 1), "\n".join(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--least", type=float, default=90, help="per cent of all lines (default: 90)")
    arguments = parser.parse_args()
    share, text = table(run_gcovr(arguments.build.resolve())["files"])
    print(text)
    print(f"\nThe lines: {arguments.build / 'report' / 'index.html'}")
    if share < arguments.least:
        print(f"coverage: {share:.1f} % of the lines ran; at least {arguments.least:g} % must", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
