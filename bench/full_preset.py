#!/usr/bin/env python3
"""What `sweep --preset full` costs on this machine: the plan's prediction, and a part of it measured.

    python3 bench/full_preset.py MODEL DATA --tugline build/release/src/tugline/cli/tugline

Sweeps the first examples with fewer directions, compares the time with the least that the plan (`--dry-run`) gives that part, and
scales the measurement to the whole preset: the time of the units' pushes by the plan's floating-point operations of pushes, the
rest (baselines, what spans are compared with, audits) by the number of units. --document FILE puts the result between the page's marks
<!-- full-preset --> and <!-- /full-preset -->.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

from document import put_into


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("data", type=pathlib.Path)
    parser.add_argument("--tugline", type=pathlib.Path, required=True)
    parser.add_argument("--part-examples", type=int, default=1)
    parser.add_argument("--part-directions", type=int, default=4)
    parser.add_argument("--document", type=pathlib.Path, help="a page whose marked block the result replaces")
    return parser.parse_args()


def sweep(arguments, options):
    command = [arguments.tugline, "sweep", arguments.model, arguments.data, "--preset", "full", *options]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"full_preset: tugline ended with exit status {done.returncode}:\n{done.stderr}")
    return done


def plan(arguments, options=()):
    return json.loads(sweep(arguments, [*options, "--dry-run", "--json"]).stdout)


def measure(arguments, options):
    """Seconds of the sweep, without loading the model, which the plan leaves out; and those of its units' pushes."""
    with tempfile.TemporaryDirectory() as folder:
        store = pathlib.Path(folder) / "part.db"
        start = time.perf_counter()
        done = sweep(arguments, [*options, "-o", store])
        whole = time.perf_counter() - start
        command = [arguments.tugline, "export", store, "--table", "units", "--format", "json"]
        units = json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)
    return whole - float(re.search(r"loaded in ([\d.]+) s", done.stderr).group(1)), sum(
        unit["seconds"] for unit in units
    )


def push_flops(plan):
    flops = plan["flops"]
    return flops["linear"] + flops["attention"] + flops["head"]


def hours(seconds):
    return f"{seconds / 3600:.3g} h" if seconds >= 3600 else f"{seconds / 60:.3g} min"


def text_of(whole, part, predicted, measured, pushing):
    least_pushing = predicted * push_flops(part) / part["flops"]["total"]
    scaled_pushing = pushing * push_flops(whole) / push_flops(part)
    scaled = scaled_pushing + (measured - pushing) * whole["units"] / part["units"]
    least = predicted * whole["flops"]["total"] / part["flops"]["total"]
    return f"""{whole["model"]}, {whole["examples"]} examples, {whole["spans"]} spans, {whole["layers"]} layers: {whole["units"]} units, \
{whole["pushes"]} pushes, {whole["flops"]["total"] / 1e15:.3g} PFLOP, {whole["threads"]} threads.

| | units | pushes | TFLOP | at least, by the plan | pushing | in all |
| --- | --- | --- | --- | --- | --- | --- |
| the part, measured | {part["units"]} | {part["pushes"]} | {part["flops"]["total"] / 1e12:.3g} | {hours(predicted)} | {hours(pushing)} | {hours(measured)} |
| the whole preset, from the part | {whole["units"]} | {whole["pushes"]} | {whole["flops"]["total"] / 1e12:.4g} | {hours(least)} | \
{hours(scaled_pushing)} | {hours(scaled)} |

The part took {measured / predicted:.2f} times the least, its pushes {pushing / least_pushing:.2f} times theirs; the whole preset would take {scaled / least:.2f} times.
"""


def main():
    arguments = parse_arguments()
    options = ["--max-examples", arguments.part_examples, "--directions", arguments.part_directions]
    whole, part = plan(arguments), plan(arguments, options)
    measured, pushing = measure(arguments, options)
    # The machine's speed before and after: others' work on it changes.
    predicted = (part["seconds"] + plan(arguments, options)["seconds"]) / 2
    text = text_of(whole, part, predicted, measured, pushing)
    print(text)
    if arguments.document:
        put_into(arguments.document, "full-preset", text)


if __name__ == "__main__":
    main()
