#!/usr/bin/env python3
"""Draws what a push costs against what its cost depends on: layers above, span, prefix, vocabulary, rows of a batch.

    python3 bench/cost_curves.py --bench build/bench/bench/unit_bench -o docs/figures/cost.svg

Points are measured (unit_bench's by_... benchmarks, with the shapes of SmolLM2-135M); lines are the cost model: the push's
floating-point operations over one speed, that of the shape all panels have in common (5 layers above, a span of 25, a prefix of
575, vocabulary 49,152, batches of 800 rows). Needs gnuplot. `--measurements FILE` keeps unit_bench's JSON, or with no --bench
draws one that was kept.
"""

import argparse
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# What is varied: its label, its value in the panels of the others, the step of its axis.
PANELS = {
    "layers_above": ("layers above the site", 5, 5),
    "span": ("rows of the span", 25, 25),
    "prefix": ("tokens before the span", 575, 1000),
    "vocabulary": ("vocabulary", 49152, 50000),
    "batch_rows": ("rows of a batch", 800, 1000),
}
MILLISECONDS = 1000.0


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=pathlib.Path, help="the unit_bench binary")
    parser.add_argument("--measurements", type=pathlib.Path, help="unit_bench's JSON: written with --bench, else read")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, help=".svg, .png or .pdf")
    arguments = parser.parse_args()
    if not arguments.bench and not arguments.measurements:
        parser.error("give --bench to measure, or --measurements to draw what was measured")
    if arguments.output.suffix not in TERMINALS:
        parser.error(f"-o {arguments.output}: expected one of {', '.join(TERMINALS)}")
    return arguments


TERMINALS = {
    ".svg": "svg size 1000,620 font 'Helvetica,13' background rgb 'white'",
    ".png": "pngcairo size 1500,930 font 'Helvetica,16'",
    ".pdf": "pdfcairo size 10in,6.2in font 'Helvetica,11'",
}


def measure(bench):
    command = [bench, "--benchmark_filter=135M/by_", "--benchmark_format=json"]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"cost_curves: {bench} ended with exit status {done.returncode}")
    return json.loads(done.stdout)


def points_of(measured):
    """Panel -> [(value, milliseconds a push, GFLOP a push)]"""
    points = {name: [] for name in PANELS}
    for run in measured["benchmarks"]:
        name, value = re.fullmatch(r"135M/by_(\w+)/(\d+).*", run["name"]).groups()
        points[name].append((int(value), MILLISECONDS / run["pushes/s"], run["GFLOP/s"] / run["pushes/s"]))
    return points


def common_speed(points):
    """GFLOP a millisecond at the shape that all panels share: the median over the panels."""
    speeds = sorted(gflop / time for name, (_, common, _) in PANELS.items() for value, time, gflop in points[name] if value == common)
    return speeds[len(speeds) // 2]


def script(points, context, output):
    speed = common_speed(points)
    lines = [f"set terminal {TERMINALS[output.suffix]}", f"set output '{output}'"]
    title = f"milliseconds a push; {context['threads']} threads, {float(context['matrix_product_peak_gflops']):.0f} GFLOP/s peak"
    lines += [f"set multiplot layout 2,3 title '{title}'", "set format x '%.0s%c'", "set yrange [0:*]", "set xrange [0:*]", "set grid lc rgb '#dddddd'"]
    for number, (name, (label, _, step)) in enumerate(PANELS.items()):
        rows = "\n".join(f"{value} {time:.6g} {gflop / speed:.6g}" for value, time, gflop in points[name])
        lines += [f"$data{number} << EOD\n{rows}\nEOD", f"set xlabel '{label}'", f"set xtics 0,{step}"]
        lines.append(f"set key top {'right' if name == 'batch_rows' else 'left'}")
        model = f"$data{number} using 1:3 with lines lw 2 lc rgb '#0072b2' title 'cost model'"
        lines.append(f"plot {model}, $data{number} using 1:2 with points pt 7 ps 0.8 lc rgb '#d55e00' title 'measured'")
    return "\n".join([*lines, "unset multiplot", ""])


def main():
    arguments = parse_arguments()
    measured = measure(arguments.bench) if arguments.bench else json.loads(arguments.measurements.read_text())
    if arguments.bench and arguments.measurements:
        arguments.measurements.write_text(json.dumps(measured, indent=1) + "\n")
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "cost.gp"
        file.write_text(script(points_of(measured), measured["context"], arguments.output))
        subprocess.run(["gnuplot", str(file)], check=True)


if __name__ == "__main__":
    main()
