"""The command line: ``tugline ...`` or ``python -m tugline ...``."""

from __future__ import annotations

import os
import pathlib
import sys


def main() -> None:
    """Becomes the program ``tugline`` of the package, with this process's arguments."""
    program = pathlib.Path(__file__).parent / "bin" / "tugline"
    os.execv(program, ["tugline", *sys.argv[1:]])


if __name__ == "__main__":
    main()
