#!/usr/bin/env python3
"""Times the notebook's way of measuring a push beside tugline's: same model, token ids, span, layer and directions.

The notebook's way: for every push one forward pass of the whole text with a hook that adds the push, the logits of every
position, and KL(pushed || base) over the readout rows from two float32 log-softmaxes. tugline's time is what it reports for
the unit, all pushes together. Prints a Markdown table: seconds a push, their ratio, and how far the two disagree.

    python3 bench/notebook_loop.py MODEL.gguf --tugline build/release/src/tugline/cli/tugline

MODEL is a .gguf file or a directory as a model hub stores it. Needs bench/requirements.txt.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import numpy
import torch
import transformers

LOWEST_RANDOM_ID = 100  # special tokens come first in most vocabularies; a random text does without them


@dataclasses.dataclass(frozen=True)
class Site:
    layer: int
    begin: int  # of the span
    end: int
    readout: str

    @property
    def position(self):
        return self.begin - 1

    @property
    def rows(self):
        return range(self.begin - 1, self.end - 1) if self.readout == "predicting" else range(self.begin, self.end)


@dataclasses.dataclass
class Push:
    direction: int
    epsilon: float
    kl: float
    seconds: float


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--tugline", type=pathlib.Path, help="the tugline binary; without it only the notebook's loop is timed")
    parser.add_argument("--ids", type=pathlib.Path, help="JSON list of token ids, or an object with 'ids'; default: random ones")
    parser.add_argument("--tokens", type=int, default=600, help="length of the random text (%(default)s)")
    parser.add_argument("--span", default="570:595", help="BEGIN:END in tokens (%(default)s)")
    parser.add_argument("--layer", type=int, default=24)
    parser.add_argument("--readout", choices=["predicting", "following"], default="predicting")
    parser.add_argument("--epsilons", default="0.5,1,2,5,10")
    parser.add_argument("--directions", type=int, default=128, help="that tugline runs (%(default)s)")
    parser.add_argument("--pushes", type=int, default=8, help="that the notebook's loop runs (%(default)s)")
    parser.add_argument("--precision", choices=["f32", "bf16"], help="of tugline; its default where absent")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=42)
    arguments = parser.parse_args()
    arguments.epsilons = [float(epsilon) for epsilon in arguments.epsilons.split(",")]
    if 0.0 in arguments.epsilons:
        parser.error("--epsilons: a push of 0 is no work to time")
    return arguments


def load_model(path):
    where = {"gguf_file": path.name} if path.suffix == ".gguf" else {}
    folder = path.parent if where else path
    return transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **where).eval()


def token_ids(arguments, vocabulary):
    if arguments.ids:
        loaded = json.loads(arguments.ids.read_text())
        return loaded["ids"] if isinstance(loaded, dict) else loaded
    generator = numpy.random.default_rng(arguments.seed)
    return generator.integers(LOWEST_RANDOM_ID, vocabulary, arguments.tokens).tolist()


def unit_directions(count, width, seed):
    directions = numpy.random.default_rng(seed + 1).standard_normal((count, width))
    return (directions / numpy.linalg.norm(directions, axis=1, keepdims=True)).astype(numpy.float32)


def hidden_states(output):
    """Decoder layers have returned a tensor or a tuple that begins with it, by transformers' version."""
    return output if torch.is_tensor(output) else output[0]


class NotebookLoop:
    def __init__(self, model, ids, site):
        self.model, self.site = model, site
        self.ids = torch.tensor([ids])
        self.rows = list(site.rows)
        seen = []
        handle = self.hook(lambda module, inputs, output: seen.append(hidden_states(output)[0, site.position]))
        with torch.no_grad(), handle:
            self.base_logits = model(self.ids).logits[0]
        self.rms = seen[0].pow(2).mean().sqrt().item()

    def hook(self, function):
        return self.model.model.layers[self.site.layer].register_forward_hook(function)

    def response(self, direction, epsilon):
        """Mean over the rows of KL(pushed || base) in nats."""
        delta = epsilon * self.rms * torch.from_numpy(direction)

        def add_push(module, inputs, output):
            hidden_states(output)[0, self.site.position] += delta

        with torch.no_grad(), self.hook(add_push):
            pushed_logits = self.model(self.ids).logits[0]
        pushed = torch.log_softmax(pushed_logits[self.rows].float(), -1)
        base = torch.log_softmax(self.base_logits[self.rows].float(), -1)
        return (pushed.exp() * (pushed - base)).sum(-1).mean().item()

    def timed(self, number, direction, epsilon):
        start = time.perf_counter()
        kl = self.response(direction, epsilon)
        return Push(number, epsilon, kl, time.perf_counter() - start)

    def run(self, directions, epsilons, count):
        """`count` pushes after a warm-up, walking the epsilons from the largest."""
        self.response(directions[0], epsilons[0])
        ordered = sorted(epsilons, reverse=True)
        chosen = [((i // len(ordered)) % len(directions), ordered[i % len(ordered)]) for i in range(count)]
        return [self.timed(number, directions[number], epsilon) for number, epsilon in chosen]


def run_tugline(arguments, ids, site, directions):
    """The one layer of `tugline tug --json`, and the whole command's seconds."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "directions.npy"
        numpy.save(file, directions)
        command = [arguments.tugline, "tug", arguments.model, "--ids", ",".join(map(str, ids)), "--bos", "never"]
        command += ["--span", f"{site.begin}:{site.end}", "--layers", str(site.layer), "--readout", site.readout]
        command += ["--epsilons", ",".join(map(repr, arguments.epsilons)), "--direction-file", file, "--json"]
        command += ["--precision", arguments.precision] if arguments.precision else []
        threads = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
        start = time.perf_counter()
        done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, text=True, env=threads)
        seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"notebook_loop: tugline ended with exit status {done.returncode} (its words are above)")
    return json.loads(done.stdout)["layers"][0], seconds


def disagreements(pushes, layer):
    """Epsilon -> the largest relative difference of a KL from tugline's, over the pushes that both ran."""
    responses = {(r["direction"], r["epsilon"]): r["mean"] for r in layer["responses"]}
    largest = {}
    for push in pushes:
        expected = responses[push.direction, push.epsilon]
        largest[push.epsilon] = max(largest.get(push.epsilon, 0.0), abs(push.kl - expected) / expected)
    return dict(sorted(largest.items()))


def describe(arguments, site, ids):
    model = arguments.model.name
    span = f"span {site.begin}:{site.end}, {len(site.rows)} {site.readout} rows"
    print(f"{model}: {len(ids)} tokens, {span}, layer {site.layer}, f32, {arguments.threads} threads\n")
    print("| | seconds a push | pushes timed |\n| --- | --- | --- |")


def print_notebook(pushes):
    median = statistics.median(push.seconds for push in pushes)
    print(f"| notebook's loop (torch {torch.__version__}, transformers {transformers.__version__}) | {median:.4g} | {len(pushes)} |")
    return median


def print_tugline(layer, whole_seconds, median, pushes):
    count = len(layer["responses"])
    a_push = layer["seconds"] / count
    print(f"| tugline | {a_push:.4g} | {count} |")
    print(f"| ratio | {median / a_push:.4g} | |\n")
    print(f"tugline's whole command, loading the model included: {whole_seconds:.3g} s.\n")
    print("| epsilon | largest relative difference of KL |\n| --- | --- |")
    for epsilon, difference in disagreements(pushes, layer).items():
        print(f"| {epsilon:g} | {difference:.2g}{'' if epsilon >= 1 else ' (the loop rounds in float32)'} |")


def main():
    arguments = parse_arguments()
    torch.set_num_threads(arguments.threads)
    model = load_model(arguments.model)
    ids = token_ids(arguments, model.config.vocab_size)
    begin, end = map(int, arguments.span.split(":"))
    if not 0 < begin < end <= len(ids):
        sys.exit(f"notebook_loop: --span {arguments.span} does not lie in a text of {len(ids)} tokens, after its first")
    site = Site(arguments.layer, begin, end, arguments.readout)
    directions = unit_directions(arguments.directions, model.config.hidden_size, arguments.seed)

    pushes = NotebookLoop(model, ids, site).run(directions, arguments.epsilons, arguments.pushes)
    del model  # its memory and threads are not to stand in tugline's way
    describe(arguments, site, ids)
    median = print_notebook(pushes)
    if arguments.tugline:
        layer, seconds = run_tugline(arguments, ids, site, directions)
        print_tugline(layer, seconds, median, pushes)
        doctor = subprocess.run([arguments.tugline, "doctor"], stdout=subprocess.PIPE, text=True)
        print(f"\nThe machine, as `tugline doctor` has it:\n\n```\n{doctor.stdout.rstrip()}\n```")


if __name__ == "__main__":
    main()
