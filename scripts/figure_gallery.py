#!/usr/bin/env python3
"""Draws every kind of figure in many situations, to be looked at: a contact sheet for each way of drawing, and the pictures of docs/figures.md.

    python3 scripts/figure_gallery.py --tugline build/dev/src/tugline/cli/tugline -o gallery
    python3 scripts/figure_gallery.py --tugline ... --model SmolLM2-135M-Instruct.Q4_1.gguf -o gallery --docs

The runs are kept in the output folder and made once: of the tiny model of the tests with made-up texts, and, with --model, of the
bundled examples. SVGs are drawn by rsvg-convert and by Chromium, PDFs by pdftoppm; what is not installed is left out and named.
"""

import argparse
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

TINY = ROOT / "tests" / "fixtures" / "tiny_model"
TRACES = ROOT / "examples" / "traces.json"
GRID = ["--epsilons", "0,0.25,0.5,1,2,4,8"]
ALL_SPANS = ["--spans", "anchor,chunks,controls"]

# (name, data, arguments of the sweep); data is a number of made-up texts, or None for the bundled ones with the real model.
TINY_RUNS = [
    ("one", 1, ["--layers", "0,3", "--directions", "1", *GRID]),
    ("few", 3, ["--layers", "0,1,2,3", "--directions", "4", *ALL_SPANS, *GRID]),
    ("many", 200, ["--layers", "0,1,2,3", "--directions", "3", "--epsilons", "0,0.5,2,8", "--spans", "anchor,controls"]),
    ("signed", 6, ["--layers", "1,3", "--directions", "4", "--epsilons", "-4,-2,-1,-0.5,0,0.5,1,2,4"]),
    ("downstream", 6, ["--layers", "0,1,3", "--directions", "3", "--epsilons", "0,1,4", "--readout", "downstream"]),
    ("flat", 4, ["--layers", "1,2", "--directions", "3", "--epsilons", "2"]),
    ("between", 4, ["--layers", "0,2", "--push", "interpolation", "--epsilons", "0,0.25,0.5,1", "--directions", "3"]),
    ("covariance", 6, ["--layers", "1,3", "--directions", "4", "--epsilons", "-4,-2,-1,-0.5,0,0.5,1,2,4", "--direction-family", "covariance"]),
    ("vectors2", 6, ["--layers", "0,1,2,3", *GRID, "--direction-file", "{vectors2}", "--null-directions", "24"]),
    ("vectors12", 6, ["--layers", "0,1,2,3", *GRID, "--direction-file", "{vectors12}", "--null-directions", "24"]),
    ("vectors40", 3, ["--layers", "1,3", *GRID, "--direction-file", "{vectors40}"]),
]
REAL_RUNS = [
    ("layers", TRACES, ["--layers", "0,4,8,12,16,20,24,28,29", "--epsilons", "0.25,0.5,1,2,5,10", "--directions", "4"]),
    ("spans", TRACES, ["--layers", "10,28", "--directions", "4", "--epsilons", "0,4", "--max-examples", "4", *ALL_SPANS]),
    ("text", TRACES, ["--layers", "24", "--spans", "chunks", "--epsilons", "5", "--directions", "4", "--max-examples", "1"]),
    ("reach", TRACES, ["--layers", "10,28", "--directions", "4", "--epsilons", "4", "--max-examples", "4", "--readout", "downstream"]),
]

# (name, runs, arguments of the plot)
TINY_FIGURES = [
    ("curves_one", ["one"], []),
    ("curves_few", ["few"], []),
    ("curves_layer", ["few"], ["--layer", "2"]),
    ("curves_many_layer", ["many"], ["--layer", "2"]),
    ("curves_kinds", ["few"], ["--spans", "anchor,control_matched"]),
    ("curves_all_kinds", ["few"], ["--spans", "all"]),
    ("curves_signed", ["signed"], []),
    ("curves_signed_linear", ["signed"], ["--scale", "linear"]),
    ("curves_delta", ["signed"], ["--measure", "delta_logprob"]),
    ("curves_flips", ["few"], ["--measure", "top1_flips"]),
    ("curves_flat", ["flat"], []),
    ("curves_between", ["between"], []),
    ("controls_few", ["few"], ["--kind", "controls"]),
    ("controls_many", ["many"], ["--kind", "controls"]),
    ("controls_delta", ["few"], ["--kind", "controls", "--measure", "delta_logprob", "--layer", "2"]),
    ("layers_few", ["few"], ["--kind", "layers"]),
    ("layers_signed", ["signed"], ["--kind", "layers"]),
    ("layers_delta", ["signed"], ["--kind", "layers", "--measure", "delta_logprob"]),
    ("directions_few", ["few"], ["--kind", "directions"]),
    ("dose_few", ["few"], ["--kind", "dose", "--kl", "1e-3"]),
    ("dose_kinds", ["few"], ["--kind", "dose", "--kl", "1e-3", "--spans", "anchor,chunk,control_matched"]),
    ("dose_all_kinds", ["few"], ["--kind", "dose", "--kl", "1e-3", "--spans", "all"]),
    ("dose_beyond", ["few"], ["--kind", "dose", "--kl", "0.03"]),
    ("dose_signed", ["signed"], ["--kind", "dose", "--kl", "1e-3"]),
    ("dose_many", ["many"], ["--kind", "dose", "--kl", "1e-3"]),
    ("dose_vectors2", ["vectors2"], ["--kind", "dose", "--kl", "1e-3"]),
    ("dose_vectors12", ["vectors12"], ["--kind", "dose", "--kl", "1e-3"]),
    ("dose_vectors12_layer", ["vectors12"], ["--kind", "dose", "--kl", "1e-3", "--layer", "1"]),
    ("dose_vectors40", ["vectors40"], ["--kind", "dose", "--kl", "1e-3"]),
    ("text_one", ["few"], ["--kind", "text", "--example", "0"]),
    ("text_few", ["few"], ["--kind", "text"]),
    ("distance", ["downstream"], ["--kind", "distance", "--epsilon", "4"]),
    ("families_two", ["signed", "covariance"], ["--kind", "families", "--layer", "3"]),
    ("families_vectors2", ["vectors2"], ["--kind", "families", "--layer", "1"]),
    ("families_vectors12", ["vectors12"], ["--kind", "families", "--layer", "1"]),
    ("families_vectors40", ["vectors40"], ["--kind", "families", "--layer", "1"]),
    ("chunks", ["few"], ["--kind", "chunks"]),
    ("chunks_metric", ["few"], ["--kind", "chunks", "--metric", "importance"]),
    ("scatter", ["few"], ["--kind", "scatter", "--metric", "importance"]),
    ("anisotropy", ["few"], ["--kind", "anisotropy"]),
    ("anisotropy_many", ["many"], ["--kind", "anisotropy"]),
]
REAL_FIGURES = [
    ("doc_layers", ["layers"], ["--kind", "layers"]),
    ("doc_dose", ["layers"], ["--kind", "dose", "--kl", "0.001"]),
    ("doc_directions", ["layers"], ["--kind", "directions"]),
    ("real_curves", ["layers"], []),
    ("real_controls", ["spans"], ["--kind", "controls"]),
    ("real_text", ["spans"], ["--kind", "text", "--example", "0"]),
    ("doc_text", ["text"], ["--kind", "text"]),
    ("real_texts", ["spans"], ["--kind", "text"]),
    ("real_distance", ["reach"], ["--kind", "distance"]),
]
# The pictures of docs/figures.md.
DOCUMENTED = ["doc_layers", "doc_dose", "doc_directions", "doc_text"]

WORDS = "so the sum is then twelve and we take one more red box from ten that are on the table but nine of them stay".split()


def made_texts(count):
    """Texts of six to nine sentences with a number for each, the anchor being one of them."""
    texts = []
    for number in range(count):
        chance = random.Random(number)
        sentences = []
        for _ in range(chance.randint(6, 9)):
            words = " ".join(chance.choices(WORDS, k=chance.randint(4, 9)))
            sentences.append(words[0].upper() + words[1:] + ".")
        anchor = chance.randrange(2, len(sentences) - 1)
        sentences[anchor] = f"So the total is {number}, and that is all."
        texts.append(
            {
                "prompt": f"Question {number}",
                "model_input_prompt": "Add. <think>",
                "cot": " ".join(sentences) + "\n",  # which ends the last sentence
                "thought_anchor_idx": anchor,
                "thought_anchor_sentence": sentences[anchor],
                "importance": [round(chance.random(), 3) for _ in sentences],
            }
        )
    return texts


def write_vectors(path, rows, width=32):
    chance = random.Random(rows)
    numbers = [chance.gauss(0, 1 + row % 3) for row in range(rows) for _ in range(width)]
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({rows}, {width}), }}"
    header += " " * (63 - (len(header) + 10) % 64) + "\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode() + struct.pack(f"<{len(numbers)}d", *numbers))


class Gallery:
    def __init__(self, options):
        self.options = options
        self.folder = options.output
        self.runs = self.folder / "runs"
        self.runs.mkdir(parents=True, exist_ok=True)
        self.failures = []

    def tugline(self, *words):
        done = subprocess.run([str(self.options.tugline), *map(str, words)], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"tugline {' '.join(map(str, words))}\n{done.stderr.strip()}")

    def make_run(self, name, model, data, arguments):
        store = self.runs / f"{name}.db"
        if store.exists():
            return
        names = {}
        for rows in (2, 12, 40):
            path = self.runs / f"vectors{rows}.npy"
            write_vectors(path, rows)
            names[f"vectors{rows}"] = path
        if isinstance(data, int):
            texts = self.runs / f"texts{data}.json"
            texts.write_text(json.dumps(made_texts(data)))
            data = texts
        self.tugline("sweep", model, data, "-o", store, *(word.format(**names) for word in arguments))
        self.tugline("analyze", store, data, "--resamples", "500")

    def draw(self, name, runs, arguments):
        stores = [self.runs / f"{run}.db" for run in runs]
        for style in ("paper", "slides"):
            for extension in ("svg", "png", "pdf"):
                figure = self.folder / f"{name}.{style}.{extension}"
                try:
                    self.tugline("plot", *stores, "-o", figure, "--style", style, *arguments)
                except RuntimeError as error:
                    self.failures.append(str(error))
                    return

    def make_runs_and_figures(self):
        runs = [(name, TINY, data, arguments) for name, data, arguments in TINY_RUNS]
        figures = list(TINY_FIGURES)
        if self.options.model:
            runs += [(name, self.options.model, data, arguments) for name, data, arguments in REAL_RUNS]
            figures += REAL_FIGURES
        figures = [figure for figure in figures if self.options.only in figure[0]]
        needed = {run for figure in figures for run in figure[1]}
        for name, model, data, arguments in runs:
            if name in needed:
                self.make_run(name, model, data, arguments)
        for figure in figures:
            self.draw(*figure)

    def raster(self):
        """Every SVG and PDF as PNG, by each renderer."""
        if shutil.which("rsvg-convert"):
            for svg in self.folder.glob("*.svg"):
                subprocess.run(["rsvg-convert", svg, "-o", svg.with_suffix(".rsvg.png")], check=True)
        if shutil.which("pdftoppm"):
            for pdf in self.folder.glob("*.pdf"):
                subprocess.run(["pdftoppm", "-png", "-r", "120", "-singlefile", pdf, pdf.with_suffix(".pdftoppm")], check=True)
        from support.browser import Browser, find_chromium

        if find_chromium():
            with Browser(find_chromium()) as browser:
                for svg in self.folder.glob("*.svg"):
                    text = svg.read_text(encoding="utf-8")
                    width, height = (float(part) for part in text[text.index('viewBox="0 0 ') + 13 :].split('"')[0].split())
                    browser.resize(round(width), round(height))
                    browser.open(svg)
                    browser.screenshot(svg.with_suffix(".chromium.png"), whole=False)

    def write_pages(self):
        """A contact sheet for each way of drawing."""
        for what in ("paper.rsvg", "paper.chromium", "slides.rsvg", "slides.chromium", "paper", "slides", "paper.pdftoppm", "slides.pdftoppm"):
            pictures = sorted(self.folder.glob(f"*.{what}.png"))
            pictures = [picture for picture in pictures if picture.name.split(".", 1)[1] == f"{what}.png"]
            cells = "".join(f'<figure><img src="{picture.name}" width="600"><figcaption>{picture.name}</figcaption></figure>' for picture in pictures)
            (self.folder / f"{what}.html").write_text(f"<!doctype html><style>figure {{display: inline-block; margin: 8px}}</style>{cells}")

    def write_documented(self):
        for name in DOCUMENTED:
            shutil.copyfile(self.folder / f"{name}.paper.svg", ROOT / "docs" / "figures" / f"kind_{name.removeprefix('doc_')}.svg")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tugline", type=pathlib.Path, required=True, help="the program")
    parser.add_argument("--model", type=pathlib.Path, help="SmolLM2, for figures of a real run")
    parser.add_argument("-o", "--output", type=pathlib.Path, required=True, help="a folder, made if it is not there")
    parser.add_argument("--only", default="", help="only figures whose name has this part")
    parser.add_argument("--docs", action="store_true", help="also replace the pictures of docs/figures.md; needs --model")
    parser.add_argument("--no-raster", action="store_true", help="do not turn SVGs and PDFs into PNGs")
    options = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny models are slower on more
    gallery = Gallery(options)
    gallery.make_runs_and_figures()
    if not options.no_raster:
        gallery.raster()
        gallery.write_pages()
    if options.docs:
        gallery.write_documented()
    for failure in gallery.failures:
        print(failure, file=sys.stderr)
    sys.exit(1 if gallery.failures else 0)


if __name__ == "__main__":
    main()
