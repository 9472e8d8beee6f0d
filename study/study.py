#!/usr/bin/env python3
"""Runs the commands of docs/study.md, and puts what they print into it.

    python3 study/study.py --tugline build/release/src/tugline/cli/tugline          (`make study`)

The document has the commands: each block of sh below a line <!-- study --> is run by bash in the folder --work, where `tugline` is the
program, "$MODEL" is SmolLM2-135M-Instruct (scripts/fetch_smollm2.py) and traces.json the bundled dataset. What a block prints on
stdout replaces the block of text below it. A figure NAME.svg that it leaves is docs/figures/study_NAME.svg. The prose is not touched:
read it against the new numbers. Run stores stay in --work, so that an interrupted study goes on where it stopped. Needs Python 3.9 and
gnuplot.

Exit status: 0; 1 with what failed on stderr.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
BLOCK = re.compile(r"<!-- study -->\n```sh\n(?P<commands>.*?)```\n(?:```text\n.*?```\n)?", re.DOTALL)
FIGURE = re.compile(r" -o (\w+\.svg)")


def fetched_model() -> str:
    fetched = subprocess.run([sys.executable, ROOT / "scripts" / "fetch_smollm2.py"], stdout=subprocess.PIPE, text=True)
    if fetched.returncode != 0:
        sys.exit("study: the model could not be fetched")
    return fetched.stdout.strip()


def prepare(work: pathlib.Path, tugline: pathlib.Path, data: pathlib.Path) -> None:
    """Makes the folder, with the program and the dataset under the names that the commands use."""
    (work / "bin").mkdir(parents=True, exist_ok=True)
    for link, target in ((work / "bin" / "tugline", tugline), (work / "traces.json", data)):
        link.unlink(missing_ok=True)
        link.symlink_to(target.resolve())


def output_of(commands: str, work: pathlib.Path, model: str) -> str:
    environment = {**os.environ, "MODEL": model, "PATH": f"{work / 'bin'}:{os.environ['PATH']}"}
    started = time.monotonic()
    done = subprocess.run(["bash", "-euc", commands], cwd=work, env=environment, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"study: exit status {done.returncode} of\n{commands}")
    print(f"study: {time.monotonic() - started:.0f} s for\n{commands}", file=sys.stderr)
    return done.stdout


def block(commands: str, output: str) -> str:
    lines = "".join(f"{line.rstrip()}\n" for line in output.splitlines())
    text = f"```text\n{lines}```\n" if lines else ""
    return f"<!-- study -->\n```sh\n{commands}```\n{text}"


def parse_arguments() -> argparse.Namespace:
    cache = pathlib.Path(
        os.environ.get("TUGLINE_CACHE_DIR")
        or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tugline"
    )
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tugline", type=pathlib.Path, required=True)
    parser.add_argument("--model", help="default: what scripts/fetch_smollm2.py fetches")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "examples" / "traces.json")
    parser.add_argument("--work", type=pathlib.Path, default=cache / "study", help="run stores (%(default)s)")
    parser.add_argument("--document", type=pathlib.Path, default=ROOT / "docs" / "study.md")
    return parser.parse_args()


def main() -> None:
    arguments = parse_arguments()
    work = arguments.work.resolve()
    prepare(work, arguments.tugline, arguments.data)
    model = arguments.model or fetched_model()
    page = arguments.document.read_text(encoding="utf-8")
    page = BLOCK.sub(lambda found: block(found["commands"], output_of(found["commands"], work, model)), page)
    arguments.document.write_text(page, encoding="utf-8")
    figures = arguments.document.parent / "figures"
    figures.mkdir(exist_ok=True)
    for figure in work.glob("*.svg"):
        shutil.copyfile(figure, figures / f"study_{figure.name}")


if __name__ == "__main__":
    main()
