#!/usr/bin/env python3
"""tugline beside its two rivals, in one run on one machine: the notebook's loop and an expert's PyTorch replay.

    python3 bench/story.py --tugline build/release/src/tugline/cli/tugline            (`make bench-story`)

Cases: "a", SmolLM2-135M (scripts/fetch_smollm2.py) on the bundled transcripts, and "b", random weights at
DeepSeek-R1-Distill-Qwen-1.5B's dimensions (make_random_model.py; 3.6 GB under --work) on random tokens. Both: 600 tokens, a span
of 25, layer 24. tugline runs 640 pushes in every
precision and vocabulary that its binary and the CPU have; what it refuses is left out, and the table says so. Each rival runs
fewer pushes, at its best settings. Writes story.md and story.json under --work, and prints the table. --document FILE also
puts the table between the page's marks <!-- story --> and <!-- /story -->.

Needs bench/requirements.txt. About 15 minutes on two quiet cores; --quick is for trying the script out.
"""

import argparse
import dataclasses
import gc
import json
import os
import pathlib
import platform
import subprocess
import sys
import tempfile

import notebook_loop
import numpy
import torch
import transformers
from document import put_into
from expert_replay import ExpertReplay

BENCH = pathlib.Path(__file__).resolve().parent
EPSILONS = [0.5, 1.0, 2.0, 5.0, 10.0]
AGREE_FROM = 1.0  # below this epsilon the rivals' float32 values are mostly rounding
SITE = notebook_loop.Site(layer=24, begin=570, end=595, readout="predicting")
TOKENS = 600
VARIANTS = [("f32", "exact"), ("bf16", "exact"), ("f32", "sampled"), ("bf16", "sampled")]
NOTEBOOK, EXPERT = "notebook's loop", "expert's replay"


@dataclasses.dataclass
class Row:
    """One way to measure a case."""

    case: str
    way: str
    precision: str
    seconds: float = None  # a push
    pushes: int = 0
    flops: float = None  # a push, of matrix products; where known
    share: float = None  # of the machine's product speed in that precision; of a sampled vocabulary at most so much
    disagreement: float = None  # the largest relative difference of a push's KL from tugline's f32 exact
    mean_disagreement: float = None  # of an epsilon's mean over the same pushes
    remark: str = ""


def parse_arguments():
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tugline", type=pathlib.Path, required=True)
    parser.add_argument("--cases", default="a,b")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--work", type=pathlib.Path, default=cache / "tugline" / "bench", help="(%(default)s)")
    parser.add_argument("--document", type=pathlib.Path, help="a page whose marked block the table replaces")
    parser.add_argument("--quick", action="store_true", help="a tiny model in place of the real ones, a few pushes")
    arguments = parser.parse_args()
    arguments.cases = arguments.cases.split(",")
    if not set(arguments.cases) <= {"a", "b"}:
        parser.error("--cases: a, b or a,b")
    return arguments


@dataclasses.dataclass
class Case:
    name: str
    title: str
    model: pathlib.Path
    directions: int  # times len(EPSILONS): tugline's pushes
    notebook_pushes: int
    expert_pushes: int
    site: notebook_loop.Site = SITE
    has_tokenizer: bool = False
    runs: int = 1  # of tugline's; the median one's time counts, as the median push's does of the rivals'


def random_model(arguments, preset, *settings):
    """Made once, and kept: the same preset and seed give the same file."""
    folder = arguments.work / preset
    if not (folder / "config.json").exists():
        command = [sys.executable, BENCH / "make_random_model.py", folder, "--preset", preset, *settings]
        subprocess.run([str(word) for word in command], check=True, stdout=sys.stderr)
    return folder


def find_case(arguments, name):
    if arguments.quick:
        model = random_model(arguments, "tiny", "--set", "num_hidden_layers=6")
        return Case(name, f"({name}) tiny random model", model, 2, 3, 10, dataclasses.replace(SITE, layer=3))
    if name == "a":
        fetch = subprocess.run([BENCH.parent / "scripts" / "fetch_smollm2.py"], check=True, stdout=subprocess.PIPE, text=True)
        return Case(name, "(a) SmolLM2-135M", pathlib.Path(fetch.stdout.strip()), 128, 12, 160, has_tokenizer=True, runs=3)
    model = random_model(arguments, "deepseek-r1-distill-qwen-1.5b")
    return Case(name, "(b) 1.5B, random weights", model, 128, 4, 64)


def run_tugline(arguments, case, ids, directions, precision, vocabulary):
    """The layer of `tugline tug --json`, or why there is none."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "directions.npy"
        numpy.save(file, directions)
        site = case.site
        command = [arguments.tugline, "tug", case.model, "--ids", ",".join(map(str, ids)), "--bos", "never"]
        command += ["--span", f"{site.begin}:{site.end}", "--layers", site.layer, "--direction-file", file]
        command += ["--epsilons", ",".join(map(str, EPSILONS)), "--threads", arguments.threads, "--json"]
        command += ["--precision", precision] if precision != "f32" else []
        command += ["--vocabulary", vocabulary] if vocabulary != "exact" else []
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode == 2:
        return None, done.stderr.strip().splitlines()[-1]
    if done.returncode != 0:
        sys.exit(f"story: tugline ended with exit status {done.returncode}:\n{done.stderr}")
    result = json.loads(done.stdout)
    if result["precision"] != precision:
        return None, f"this CPU runs {result['precision']} in place of {precision}"
    return result["layers"][0], ""


def responses_of(layer):
    return {(r["direction"], r["epsilon"]): r["mean"] for r in layer["responses"]}


def disagreements(found, expected):
    """Both relative to `expected`: the largest of a push, and of an epsilon's mean over the pushes that were found."""
    pushes = [(epsilon, kl, expected[direction, epsilon]) for (direction, epsilon), kl in found.items() if epsilon >= AGREE_FROM]
    largest = max((abs(kl - true) / true for _, kl, true in pushes), default=None)
    sums = {}
    for epsilon, kl, true in pushes:
        total, true_total = sums.get(epsilon, (0, 0))
        sums[epsilon] = (total + kl, true_total + true)
    return largest, max((abs(total - true) / true for total, true in sums.values()), default=None)


def tugline_rows(arguments, case, ids, directions, speeds):
    rows, expected = [], None
    for precision, vocabulary in VARIANTS:
        row = Row(case.title, "tugline", f"{precision}, {vocabulary}")
        runs = [run_tugline(arguments, case, ids, directions, precision, vocabulary) for _ in range(case.runs)]
        row.remark = runs[0][1]
        rows.append(row)
        if runs[0][0] is None:
            continue
        layer = sorted((layer for layer, _ in runs), key=lambda layer: layer["seconds"])[len(runs) // 2]
        row.pushes = len(layer["responses"])
        row.seconds = layer["seconds"] / row.pushes
        if expected is None:
            expected = responses_of(layer)
        else:
            row.disagreement, row.mean_disagreement = disagreements(responses_of(layer), expected)
        if "flops" in layer:
            row.flops = layer["flops"] / row.pushes
            row.share = row.flops / row.seconds / speeds[precision]
    if expected is None:
        sys.exit(f"story: tugline runs no precision of {case.title}: {rows[0].remark}")
    return rows, expected


def has_bf16():
    flags = pathlib.Path("/proc/cpuinfo")
    return flags.exists() and any(flag in flags.read_text() for flag in ("avx512_bf16", "amx_bf16", " bf16"))


def rival_row(case, way, precision, pushes, expected, remark):
    found = {(push.direction, push.epsilon): push.kl for push in pushes}
    seconds = sorted(push.seconds for push in pushes)[len(pushes) // 2]
    largest, of_means = disagreements(found, expected)
    return Row(
        case.title, way, precision, seconds, len(pushes), disagreement=largest, mean_disagreement=of_means, remark=remark
    )


def rival_rows(case, ids, directions, expected):
    model = notebook_loop.load_model(case.model)
    pushes, batch = ExpertReplay(model, ids, case.site).run(directions, EPSILONS, case.expert_pushes)
    rows = [rival_row(case, EXPERT, "f32", pushes, expected, f"{batch} pushes at once")]
    loop = notebook_loop.NotebookLoop(model, ids, case.site)
    rows.append(rival_row(case, NOTEBOOK, "f32", loop.run(directions, EPSILONS, case.notebook_pushes), expected, ""))
    if has_bf16():
        loop = notebook_loop.NotebookLoop(model.to(torch.bfloat16), ids, case.site)
        pushes = loop.run(directions, EPSILONS, case.notebook_pushes)
        rows.append(rival_row(case, NOTEBOOK, "bf16", pushes, expected, "its KL is mostly rounding"))
    else:
        rows.append(Row(case.title, NOTEBOOK, "bf16", remark="this CPU has no bf16 instructions"))
    return rows


def transcript_ids(arguments, model):
    """The bundled transcripts' first tokens, one transcript after another."""
    traces = json.loads((BENCH.parent / "examples" / "traces.json").read_text())
    text = "\n\n".join(trace["model_input_prompt"] + trace["cot"] for trace in traces)
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "text.txt"
        file.write_text(text)
        command = [arguments.tugline, "inspect", model, "--text-file", file, "--json"]
        done = subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE)
    return json.loads(done.stdout)["ids"][:TOKENS]


def run_case(arguments, name, speeds):
    case = find_case(arguments, name)
    config = transformers.AutoConfig.from_pretrained(
        *([case.model.parent] if case.model.suffix == ".gguf" else [case.model]),
        **({"gguf_file": case.model.name} if case.model.suffix == ".gguf" else {}),
    )
    if case.has_tokenizer:
        ids = transcript_ids(arguments, case.model)
    else:
        ids = notebook_loop.token_ids(argparse.Namespace(ids=None, tokens=TOKENS, seed=42), config.vocab_size)
    directions = notebook_loop.unit_directions(case.directions, config.hidden_size, 42)
    rows, expected = tugline_rows(arguments, case, ids, directions, speeds)
    rows += rival_rows(case, ids, directions, expected)
    gc.collect()
    return rows


def number(value, form):
    return "" if value is None else format(value, form)


def table(rows):
    lines = ["| case | | precision | seconds a push | × notebook's f32 | × expert's f32 | share of peak | KL differs by | mean KL by | pushes | |"]
    lines.append("| --- " * 11 + "|")
    by_way = {(row.case, row.way): row.seconds for row in rows if row.precision == "f32"}
    for row in rows:
        ratios = [by_way.get((row.case, way)) for way in (NOTEBOOK, EXPERT)]
        ratios = [reference / row.seconds if reference and row.seconds else None for reference in ratios]
        cells = [row.case, row.way, row.precision, number(row.seconds, ".4g"), *(number(ratio, ".3g") for ratio in ratios)]
        at_most = "≤ " if row.precision.endswith("sampled") and row.share else ""
        cells += [at_most + number(row.share, ".0%"), number(row.disagreement, ".1g"), number(row.mean_disagreement, ".1g")]
        cells += [str(row.pushes or ""), row.remark]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def story_text(machine, arguments, rows):
    speeds = f"{machine['f32_gflops']:.0f} GFLOP/s of f32 matrix products"
    if machine["bf16_gflops"]:
        speeds += f", {machine['bf16_gflops']:.0f} of bf16"
    head = f"{machine['cpu']}, {machine['threads']} threads, {speeds} (oneDNN "
    head += f"{machine['onednn_version']}, {machine['onednn_isa']}); tugline {machine['tugline_version']}, torch {torch.__version__}, "
    head += f"transformers {transformers.__version__}, Python {platform.python_version()}."
    site = f"{TOKENS} tokens, tokens {SITE.begin} to {SITE.end - 1} read, layer {SITE.layer}."
    tail = f"`KL differs by`: the largest relative difference of a push's KL from tugline's f32 exact, at epsilon {AGREE_FROM:g} and above; "
    tail += "`mean KL by`: of an epsilon's mean over the pushes."
    quick = "A trial (--quick) on a tiny model: these figures say nothing.\n\n" if arguments.quick else ""
    return f"{quick}{head}\n{site}\n\n{table(rows)}\n\n{tail}\n"


def main():
    arguments = parse_arguments()
    if arguments.quick and arguments.document:
        sys.exit("story: --quick figures do not belong into a document")
    arguments.work.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(arguments.threads)
    environment = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
    doctor = subprocess.run([arguments.tugline, "doctor", "--json"], check=True, stdout=subprocess.PIPE, env=environment)
    machine = json.loads(doctor.stdout)
    speeds = {precision: 1e9 * (machine[f"{precision}_gflops"] or 0) for precision in ("f32", "bf16")}
    rows = [row for name in arguments.cases for row in run_case(arguments, name, speeds)]
    text = story_text(machine, arguments, rows)
    (arguments.work / "story.md").write_text(text)
    result = {"machine": machine, "quick": arguments.quick, "rows": [dataclasses.asdict(row) for row in rows]}
    (arguments.work / "story.json").write_text(json.dumps(result, indent=2) + "\n")
    print(text)
    if arguments.document:
        put_into(arguments.document, "story", text)


if __name__ == "__main__":
    main()
