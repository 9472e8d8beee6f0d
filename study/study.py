#!/usr/bin/env python3
"""Every figure and number of docs/study.md, from the model on: sweeps, analyses, tables, figures.

    python3 study/study.py --tugline build/release/src/tugline/cli/tugline          (`make study`)

Sweeps SmolLM2-135M-Instruct (scripts/fetch_smollm2.py) over the bundled dataset into run stores under --work; stores that are
there are resumed, so an interrupted study goes on where it stopped. Then it writes docs/figures/study_*.svg and replaces the tables
between the marks <!-- study:NAME --> and <!-- /study:NAME --> of --document. The prose is not touched: read it against the new
tables. Needs Python 3.9 and gnuplot. --quick makes a study of two examples and two directions, to try the script out.

Exit status: 0; 1 with what failed on stderr.
"""

import argparse
import csv
import dataclasses
import io
import json
import os
import pathlib
import random
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "bench"))

import figures
from document import put_into

RESAMPLES = 2000
LAYER = 24  # of 30: where all but the study of layers pushes
FAMILIES = {
    "isotropic": ["--direction-family", "isotropic"],
    "mean-centred": ["--direction-family", "mean-centred"],
    "covariance, diagonal": ["--direction-family", "covariance-diagonal"],
    "covariance": ["--direction-family", "covariance"],
    "difference of residuals": ["--direction-family", "difference"],
    "principal components": ["--direction-family", "principal"],
    "isotropic, rotation": ["--direction-family", "isotropic", "--push", "rotation"],
}


@dataclasses.dataclass(frozen=True)
class Run:
    """One sweep; its store is NAME.db."""

    name: str
    options: tuple
    directions: int


def runs():
    precision = ("--layers", LAYER, "--epsilons", "0.05,0.1,0.25,0.5,1,2,5,10")
    yield Run("precision_f32", precision, 4)
    yield Run("precision_bf16", (*precision, "--precision", "plain-bf16"), 4)
    yield Run("spans", ("--layers", LAYER, "--spans", "anchor,chunks,controls", "--epsilons", "1,5"), 8)
    yield Run("layers", ("--layers", "0,4,8,12,16,20,24,28,29", "--epsilons", "0.25,0.5,1,2,5,10"), 4)
    for number, options in enumerate(FAMILIES.values()):
        yield Run(f"family_{number}", ("--layers", LAYER, "--epsilons", "0.25,0.5,1,2,5,10", *options), 8)
    yield Run("downstream", ("--layers", "4,14,24", "--readout", "downstream", "--epsilons", "1,10"), 4)
    yield Run("directions", ("--layers", LAYER, "--epsilons", "1,10"), 64)


class Study:
    def __init__(self, arguments):
        self.tugline = arguments.tugline
        self.model = arguments.model
        self.data = arguments.data
        self.work = arguments.work
        self.quick = arguments.quick

    def call(self, *words):
        done = subprocess.run([str(self.tugline), *map(str, words)], stdout=subprocess.PIPE, text=True)
        if done.returncode != 0:
            sys.exit(f"study: tugline {' '.join(map(str, words))} ended with exit status {done.returncode}")
        return done.stdout

    def sweep(self, run):
        few = ["--directions", 2, "--max-examples", 2] if self.quick else ["--directions", run.directions]
        started = time.monotonic()
        print(f"study: {run.name}", file=sys.stderr)
        self.call("sweep", self.model, self.data, "-o", self.store(run.name), *run.options, *few)
        return time.monotonic() - started

    def store(self, name):
        return self.work / f"{name}.db"

    def table(self, name, table):
        return list(csv.DictReader(io.StringIO(self.call("export", self.store(name), "--table", table))))

    def curve(self, name, **where):
        """Points (epsilon, kl, low, high) of the anchors' curve in a run, by epsilon."""
        rows = [
            r
            for r in self.table(name, "curves")
            if all(r[k] == str(v) for k, v in {"span_kind": "anchor", **where}.items())
        ]
        return [points_of(r, "epsilon") for r in rows]

    def analysis(self, name, epsilon):
        return json.loads(self.call("analyze", self.store(name), "--json", "--epsilon", epsilon))


def number_or_none(text):
    return float(text) if text else None


def points_of(row, x):
    return float(row[x]), float(row["kl"]), number_or_none(row["ci_low"]), number_or_none(row["ci_high"])


def markdown(header, rows):
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows]) + "\n"


def with_interval(value, low, high, digits=3):
    return f"{value:.{digits}g} [{low:.{digits}g}, {high:.{digits}g}]"


def precision(study, folder):
    true, bf16 = study.curve("precision_f32"), study.curve("precision_bf16")
    figures.curves(
        folder / "study_precision.svg",
        f"SmolLM2-135M-Instruct, layer {LAYER}: the same pushes, computed in two ways",
        "epsilon (push size / RMS of the residual)",
        "KL(pushed || base), nats",
        [figures.Curve("tugline, f32", true), figures.Curve("bf16 values", bf16)],
    )
    rows = [
        [f"{e:g}", f"{kl:.4g}", f"{noisy:.4g}", f"{noisy / kl:.3g}"] for (e, kl, *_), (_, noisy, *_) in zip(true, bf16)
    ]
    return markdown(["epsilon", "KL, tugline", "KL, bf16 values", "ratio"], rows)


def spans(study, folder):
    analysis = study.analysis("spans", 5)
    by = {}  # measure -> kind -> contrast
    for c in analysis["length_contrasts"]:
        if c["epsilon"] == 5:
            by.setdefault(c["measure"], {})[c["against_span_kind"]] = c
    kinds = list(by["kl"])
    figures.ratios(
        folder / "study_spans.svg",
        f"The anchor's KL over that of what it is compared with (layer {LAYER}, epsilon 5)",
        "ratio of means, 95 % t interval",
        [kind for kind in kinds if by["kl"][kind]["ratio_t_low"] is not None],
        [(c["ratio"], c["ratio_t_low"], c["ratio_t_high"]) for c in by["kl"].values() if c["ratio_t_low"] is not None],
    )
    rows = [
        [
            kind,
            t_ratio(by["kl"][kind]),
            "" if by["kl"][kind]["p_value"] is None else f"{by['kl'][kind]['p_value']:.2g}",
            f"{by['kl'][kind]['larger']} of {by['kl'][kind]['pairs']}",
            f"{by['kl'][kind]['rows']:.3g}, {by['kl'][kind]['against_rows']:.3g}",
            t_ratio(by["kl_own_row"].get(kind)),
            t_ratio(by["kl_sum"][kind]),
        ]
        for kind in kinds
    ]
    return markdown(
        ["anchor against", "ratio of means", "p", "anchor larger in", "rows", "on the own row", "summed over rows"], rows
    )


def t_ratio(contrast):
    """A ratio with its t interval; without one, if the other side is not clear of 0."""
    if contrast is None or contrast["ratio"] is None:
        return ""
    if contrast["ratio_t_low"] is None:
        return f"{contrast['ratio']:.3g}"
    return with_interval(contrast["ratio"], contrast["ratio_t_low"], contrast["ratio_t_high"])


def layers(study, folder):
    table = [r for r in study.table("layers", "curves") if r["span_kind"] == "anchor"]
    numbers = sorted({int(r["layer"]) for r in table})
    figures.curves(
        folder / "study_layers.svg",
        "SmolLM2-135M-Instruct: anchors, isotropic pushes",
        "layer that is pushed (of 30)",
        "KL(pushed || base), nats",
        [
            figures.Curve(f"epsilon {e:g}", [points_of(r, "layer") for r in table if float(r["epsilon"]) == e])
            for e in sorted({float(r["epsilon"]) for r in table})
        ],
        "y",
    )
    shapes = {s["layer"]: s for s in study.analysis("layers", 10)["shapes"] if s["span_kind"] == "anchor"}
    rows = [
        [
            str(layer),
            f"{study_kl(table, layer, 1):.3g}",
            f"{study_kl(table, layer, 10):.3g}",
            with_interval(shapes[layer]["a"], shapes[layer]["a_low"], shapes[layer]["a_high"]),
            place_of(shapes[layer], "plateau", "plateau_width"),
            place_of(shapes[layer], "threshold", "threshold_epsilon"),
        ]
        for layer in numbers
    ]
    return markdown(["layer", "KL at 1", "KL at 10", "a, nats", "10 % off the quadratic at", "KL = 0.1 at"], rows)


def study_kl(table, layer, epsilon):
    return next(float(r["kl"]) for r in table if int(r["layer"]) == layer and float(r["epsilon"]) == epsilon)


def place_of(shape, kind, value):
    return f"{shape[value]:.3g}" if shape[value] is not None else shape[f"{kind}_place"]


def kls_of(pushes, epsilon):
    """Example -> [KL of each direction] at one epsilon."""
    kls = {}
    for push in pushes:
        if float(push["epsilon"]) == epsilon:
            kls.setdefault(int(push["example"]), []).append(float(push["kl"]))
    return kls


def ratio_with_interval(above, below, drawn):
    """
    Ratio of two runs' means over the same texts, and its 95 % percentile interval by the nested bootstrap. Both are example -> [KL of
    each direction]. Texts are drawn for both at once. Directions within a text: "apart" for each run; "together", where both
    push along the same ones; "below" for the second only, where the first's are the same in every text and no sample of anything.
    """
    draw = random.Random(42)

    def resampled(kls, others):
        picks = draw.choices(range(len(kls)), k=len(kls))
        if drawn != "together":
            others = others if drawn == "below" else draw.choices(others, k=len(others))
            return others, [kls[i] for i in picks]
        return [others[i] for i in picks], [kls[i] for i in picks]

    def ratio_of(texts):
        sums = [sum(sum(kls) / len(kls) for kls in run) for run in zip(*texts)]
        return sums[0] / sums[1]

    ratios = sorted(
        ratio_of([resampled(below[e], above[e]) for e in draw.choices(sorted(above), k=len(above))])
        for _ in range(RESAMPLES)
    )
    ratio = ratio_of([(above[e], below[e]) for e in above])
    return with_interval(ratio, ratios[round(0.025 * RESAMPLES)], ratios[round(0.975 * RESAMPLES) - 1])


def families(study, folder):
    responses = [study.table(f"family_{number}", "responses") for number in range(len(FAMILIES))]
    stores = [study.store(f"family_{number}") for number in range(len(FAMILIES))]
    study.call("plot", *stores, "--kind", "families", "-o", folder / "study_families.svg")
    isotropic = {e: kls_of(responses[0], e) for e in (0.25, 1, 10)}
    rows = []
    for name, pushes in zip(FAMILIES, responses):
        cosines = [abs(float(push["cosine"])) for push in pushes if push["cosine"]]
        at = {e: kls_of(pushes, e) for e in isotropic}
        drawn = {"isotropic, rotation": "together", "principal components": "below"}.get(name, "apart")
        ratios = ["1"] * len(at) if name == "isotropic" else [ratio_with_interval(at[e], isotropic[e], drawn) for e in at]
        means = [sum(sum(kls) / len(kls) for kls in at[e].values()) / len(at[e]) for e in at]
        rows.append([name, *(f"{kl:.3g}" for kl in means), *ratios, f"{sum(cosines) / len(cosines):.2g}"])
    header = [
        "family",
        "KL at 0.25",
        "at 1",
        "at 10",
        "over isotropic at 0.25",
        "at 1",
        "at 10",
        "mean abs. cosine to the residual",
    ]
    return markdown(header, rows)


def downstream(study, folder):
    table = [
        r for r in study.table("downstream", "distance") if r["span_kind"] == "anchor" and float(r["epsilon"]) == 10
    ]
    numbers = sorted({int(r["layer"]) for r in table})
    # Single rows are noisy: means over bins of distance.
    drawn = {layer: binned([r for r in table if int(r["layer"]) == layer]) for layer in numbers}
    study.call("plot", study.store("downstream"), "--kind", "distance", "-o", folder / "study_downstream.svg")
    rows = [[f"{bin_name(i)}", *(f"{dict_at(drawn[layer], i)}" for layer in numbers)] for i in range(len(BINS) - 1)]
    return markdown(["distance, tokens", *(f"KL, layer {layer}" for layer in numbers)], rows)


BINS = [16, 24, 32, 48, 64, 96, 128, 192]


def bin_name(i):
    return f"{BINS[i]} to {BINS[i + 1] - 1}"


def binned(rows):
    """(middle, mean KL) of each bin: each row of a span weighs the same."""
    points = []
    for low, high in zip(BINS, BINS[1:]):
        inside = [(int(r["spans"]), float(r["kl"])) for r in rows if low <= int(r["distance"]) < high]
        if inside:
            points.append(((low * high) ** 0.5, sum(n * kl for n, kl in inside) / sum(n for n, _ in inside)))
    return points


def dict_at(points, i):
    middle = (BINS[i] * BINS[i + 1]) ** 0.5
    return next((f"{y:.3g}" for x, y in points if x == middle), "")


def directions(study, folder):
    analysis = study.analysis("directions", 10)
    errors = [e for e in analysis["direction_errors"] if e["span_kind"] == "anchor" and e["epsilon"] == 10]
    percent = [(e["directions"], e["of_directions_percent"], e["standard_error_percent"]) for e in errors]
    figures.curves(
        folder / "study_directions.svg",
        f"How many directions are enough (layer {LAYER}, epsilon 10, 10 anchors)",
        "directions a span",
        "standard error, % of the mean",
        [
            figures.Curve("all of it", [(n, whole, None, None) for n, _, whole in percent]),
            figures.Curve("the directions' part", [(n, part, None, None) for n, part, _ in percent]),
        ],
    )
    return markdown(
        ["directions a span", "standard error / mean", "the directions' part"],
        [[str(n), f"{whole:.3g} %", f"{part:.3g} %"] for n, part, whole in percent],
    )


TABLES = {
    "precision": precision,
    "spans": spans,
    "layers": layers,
    "families": families,
    "downstream": downstream,
    "directions": directions,
}


def run_name(table):
    """The first word of the names of the runs that a table needs."""
    return "family" if table == "families" else table


def parse_arguments():
    cache = pathlib.Path(
        os.environ.get("TUGLINE_CACHE_DIR")
        or pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "tugline"
    )
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tugline", type=pathlib.Path, required=True)
    parser.add_argument("--model", type=pathlib.Path, help="default: what scripts/fetch_smollm2.py fetches")
    parser.add_argument("--data", type=pathlib.Path, default=ROOT / "examples" / "traces.json")
    parser.add_argument("--work", type=pathlib.Path, default=cache / "study", help="run stores (%(default)s)")
    parser.add_argument("--document", type=pathlib.Path, default=ROOT / "docs" / "study.md")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", choices=sorted(TABLES), nargs="+", default=list(TABLES), help="some of the tables")
    arguments = parser.parse_args()
    if not arguments.model:
        fetched = subprocess.run(
            [sys.executable, ROOT / "scripts" / "fetch_smollm2.py"], stdout=subprocess.PIPE, text=True
        )
        if fetched.returncode != 0:
            sys.exit("study: the model could not be fetched")
        arguments.model = pathlib.Path(fetched.stdout.strip())
    return arguments


def main():
    arguments = parse_arguments()
    arguments.work.mkdir(parents=True, exist_ok=True)
    study = Study(arguments)
    seconds = {run.name: study.sweep(run) for run in runs() if run.name.split("_")[0] in map(run_name, arguments.only)}
    folder = arguments.document.parent / "figures"
    folder.mkdir(exist_ok=True)
    for name in arguments.only:
        put_into(arguments.document, f"study:{name}", TABLES[name](study, folder))
    for name, taken in seconds.items():
        print(f"{taken:8.1f} s  {name}")


if __name__ == "__main__":
    main()
