#!/usr/bin/env python3
"""Fetches a JavaScript library and prints the path of its file: fetch_javascript.py d3, for the pages of tugline report (the build
calls it), or fetch_javascript.py axe, which the tests check these pages' accessibility with.

packaged_file.py says from where, and what is kept. Exit status: 0 with the path on stdout; 2 with the reason on stderr; 130 when
interrupted.
"""

import argparse
import sys

import packaged_file

LIBRARIES = {
    # Of Mike Bostock, under the BSD licence (src/tugline/report/page/d3_license.txt).
    "d3": packaged_file.PackagedFile(
        package="mpld3",
        version="0.5.12",
        wheel="mpld3-0.5.12-py3-none-any.whl",
        wheel_sha256="bea31799a4041029a906f53f2662bbf1c49903e0c0bc712b412354158ec7cf54",
        member="mpld3/js/d3.v5.min.js",
        sha256="bdad5585ef9a965ff25458738309b006058c55f2c78d794d25fbecae35014609",
        file_name="d3-5.7.0.min.js",
        room_mb=2,
        kept_mb=1,
    ),
    # Of Deque Systems, under the Mozilla Public License 2.0. It is in no page and no package of tugline.
    "axe": packaged_file.PackagedFile(
        package="axe-playwright-python",
        version="0.1.8",
        wheel="axe_playwright_python-0.1.8-py3-none-any.whl",
        wheel_sha256="fdd263c998388f1a8e67cad02677e612d946248bd44d163be5e8650ea31f95f8",
        member="axe_playwright_python/axe.min.js",
        sha256="84494fec757e4710dc751c8d7a636e457f4532f08f85c86dc9070133fbff53bc",
        file_name="axe-4.12.1.min.js",
        room_mb=2,
        kept_mb=1,
    ),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", choices=sorted(LIBRARIES))
    library = LIBRARIES[parser.parse_args().library]
    return packaged_file.run(library, packaged_file.cache_folder(), "fetch_javascript")


if __name__ == "__main__":
    sys.exit(main())
