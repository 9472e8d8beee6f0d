#!/usr/bin/env python3
"""Where a push's time goes: every part of a unit, its operations and bytes, its time and the least that the machine allows it.

    python3 bench/roofline.py --bench build/bench/bench -o roofline.md           (after `make bench`, or: cmake --build --preset bench)

Times each operation by itself on a batch of 800 rows (ops_bench, head_bench; medians of five), adds them up for a unit of the two cases that speeds
are quoted for (600 tokens, a span of 25, layer 24), and puts a whole unit beside the sum (unit_bench). An operation's limit is the longer
of its operations at the peak of the machine's matrix products, as its program measured it, and its bytes at the speed of a large
copy. --precisions f32,bf16 makes the tables for both. --document FILE puts them between the page's marks <!-- roofline --> and
<!-- /roofline -->.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import subprocess
import sys

from document import put_into

MEDIANS = [
    "--benchmark_repetitions=5",
    "--benchmark_enable_random_interleaving=true",
    "--benchmark_report_aggregates_only=true",
]
PUSHES = 32  # of the batch that ops_bench and head_bench time
CASES = {"135M": ("(a) SmolLM2-135M", 5), "1.5B": ("(b) 1.5B", 3)}  # layers above the push
# Part of a layer: the benchmarks it is made of, and how often a layer has each.
LAYER_PARTS = {
    "qkv": {"qkv": 1},
    "attention": {"attention_difference": 1},
    "attention's output": {"output": 1},
    "gate and up": {"gate_up": 1},
    "down": {"down": 1},
    "RMSNorm, RoPE, SwiGLU": {"rms_norm_difference": 2, "rope": 1, "swiglu_difference": 1},
}


@dataclasses.dataclass
class Part:
    name: str
    seconds: float = 0  # a push, as are the others
    gflop: float = 0
    gbyte: float = 0
    limit: float = 0

    def add(self, run, times, bandwidth):
        seconds = run["real_time"] / 1e3 / PUSHES * times
        gflop = run.get("GFLOP/s", 0) * seconds
        gbyte = run.get("GB/s", 0) * seconds
        self.seconds += seconds
        self.gflop += gflop
        self.gbyte += gbyte
        self.limit += max(gflop / run["peak"], gbyte / bandwidth)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bench", type=pathlib.Path, required=True, help="folder of the benchmark programs")
    parser.add_argument("--precisions", default="f32", help="f32, bf16 or f32,bf16 (%(default)s)")
    parser.add_argument("-o", "--output", type=pathlib.Path, help="file for the tables; default: standard output")
    parser.add_argument("--document", type=pathlib.Path, help="a page whose marked block the tables replace")
    return parser.parse_args()


def measure(program, wanted, precision):
    """The medians by name, each with its program's peak; what the program says of itself."""
    environment = {**os.environ, "TUGLINE_BENCH_PRECISION": precision}
    command = [program, "--benchmark_format=json", f"--benchmark_filter={wanted}", *MEDIANS]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"roofline: {program} ended with exit status {done.returncode}")
    measured = json.loads(done.stdout)
    medians = [run for run in measured["benchmarks"] if run["aggregate_name"] == "median"]
    runs = {run["run_name"].removesuffix("/real_time"): run for run in medians}
    assert all(run["time_unit"] == "ms" for run in runs.values())
    for run in runs.values():
        run["peak"] = float(measured["context"]["matrix_product_peak_gflops"])
    return runs, measured["context"]


def parts_of(shape, layers, runs):
    bandwidth = runs["memory/copy"]["GB/s"]
    parts = []
    for name, operations in LAYER_PARTS.items():
        part = Part(name)
        for operation, times in operations.items():
            part.add(runs[f"{shape}/{operation}"], times * layers, bandwidth)
        parts.append(part)
    head = Part("head and divergence")
    head.add(runs[f"{shape}/divergence"], 1, bandwidth)
    return [*parts, head]


def table(title, parts, unit):
    whole = sum(part.seconds for part in parts)
    lines = [
        f"{title}, a push:",
        "",
        "| part | GFLOP | MB | ms | of all | limit, ms | of the limit |",
        "| --- " * 7 + "|",
    ]
    for part in parts:
        moved = f"{1e3 * part.gbyte:.2f}" if part.gbyte else ""
        lines.append(
            f"| {part.name} | {part.gflop:.3f} | {moved} | {1e3 * part.seconds:.2f} | {part.seconds / whole:.1%} | {1e3 * part.limit:.2f} | "
            f"{part.limit / part.seconds:.0%} |"
        )
    gflop = sum(part.gflop for part in parts)
    limit = sum(part.limit for part in parts)
    lines.append(f"| sum | {gflop:.3f} | | {1e3 * whole:.2f} | | {1e3 * limit:.2f} | {limit / whole:.0%} |")
    seconds = 1 / unit["pushes/s"]
    needed = unit["GFLOP/s"] * seconds
    limit = needed / unit["peak"]
    lines.append(f"| a whole unit | {needed:.3f} | | {1e3 * seconds:.2f} | | {1e3 * limit:.2f} | {limit / seconds:.0%} |")
    return "\n".join(lines)


def tables_of(bench, precision):
    runs, context = measure(bench / "ops_bench", "/", precision)
    runs.update(measure(bench / "head_bench", "/divergence", precision)[0])
    units, _ = measure(bench / "unit_bench", "/unit", precision)
    if context["rates_per_second_of"] != "wall time":
        sys.exit("roofline: with one thread the programs count processor time, which a unit and its parts cannot be compared by")
    peaks = sorted({run["peak"] for run in [*runs.values(), *units.values()]})
    text = f"{precision}, {context['threads']} threads; peak of matrix products {peaks[0]:.0f} to {peaks[-1]:.0f} GFLOP/s, "
    text += f"a large copy {runs['memory/copy']['GB/s']:.1f} GB/s.\n\n"
    return text + "\n\n".join(
        table(f"{title}, {precision}", parts_of(shape, layers, runs), units[f"{shape}/unit"])
        for shape, (title, layers) in CASES.items()
    )


def main():
    arguments = parse_arguments()
    text = "\n\n".join(tables_of(arguments.bench, precision) for precision in arguments.precisions.split(",")) + "\n"
    if arguments.output:
        arguments.output.write_text(text)
    else:
        print(text)
    if arguments.document:
        put_into(arguments.document, "roofline", text)


if __name__ == "__main__":
    main()
