"""Small real commands on the tiny model of tests/fixtures, and what must hold of each whatever disturbs it.

A trial has a folder with a command's inputs. It runs the command there, disturbed or not, and compares what the command
leaves with what an undisturbed run left.
"""

import dataclasses
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TUGLINE = os.environ.get("TUGLINE_BINARY", "")
MODEL = ROOT / "tests" / "fixtures" / "tiny_model"
# `make soak` asks for all of it; a run of ctest takes a sample.
IS_SOAK = bool(os.environ.get("TUGLINE_SOAK"))
SECONDS = 120  # a command that takes longer hangs

DATA = """[
 {"prompt": "p", "model_input_prompt": "Add. <think>", "cot": "The sum is on the sheet. So the total is 12. And so on, then.",
  "thought_anchor_idx": 1, "thought_anchor_sentence": "So the total is 12."},
 {"prompt": "p", "model_input_prompt": "Take. <think>", "cot": "There are ten in the box. One is red and nine are not. It is so.",
  "thought_anchor_idx": 1, "thought_anchor_sentence": "One is red and nine are not."}
]"""
SWEEP = ["sweep", str(MODEL), "data.json", "--threads", "1", "--audit", "1"]


@dataclasses.dataclass(frozen=True)
class Command:
    """`inputs` are commands that make the inputs. `output` is what the command writes, a run store or another file."""

    name: str
    words: list
    output: str
    inputs: tuple = ()
    weight: int = 1  # of the moments at which commands are disturbed, this share


def sweep(store, *options):
    return [*SWEEP, "-o", store, *options]


ALL = ["--layers", "all", "--spans", "anchor,chunks", "--epsilons", "0,0.5,2", "--directions", "3"]
PART = ["--layers", "1,2", "--spans", "anchor,chunks", "--epsilons", "0.5", "--directions", "2"]
RUN = sweep("run.db", *ALL)
COMMANDS = (
    Command("sweep", sweep("out.db", *ALL), "out.db", weight=20),
    Command("growth", sweep("out.db", *ALL), "out.db", (sweep("out.db", *PART),), weight=8),
    Command("nodes", sweep("out.db", "--layers", "0,2", "--epsilons", "0:3:7", "--directions", "3", "--nodes"), "out.db", weight=5),
    Command("merge", ["merge", "out.db", "part1.db", "part2.db"], "out.db",
            (sweep("part1.db", *ALL, "--shard", "1/2"), sweep("part2.db", *ALL, "--shard", "2/2")), weight=5),
    Command("analyze", ["analyze", "run.db", "data.json", "--resamples", "200"], "run.db", (RUN,), weight=3),
    Command("export", ["export", "run.db", "--table", "rows", "-o", "rows.csv"], "rows.csv", (RUN,), weight=2),
    Command("plot", ["plot", "run.db", "-o", "figure.svg"], "figure.svg", (RUN,), weight=2),
    Command("report", ["report", "run.db", "data.json", "-o", "page.html"], "page.html", (RUN,), weight=2),
    Command("vectors", ["vectors", str(MODEL), "data.json", "-o", "v.safetensors", "--kinds", "chunk", "--threads", "1"],
            "v.safetensors", weight=2),
    Command("dose", ["dose", "run.db", "--kl", "0.001", "--resamples", "200"], "", (RUN,), weight=1),
    Command("refine", ["dose", "run.db", str(MODEL), "data.json", "--kl", "0.001", "--refine", "--resamples", "200", "--threads", "1"], "",
            (RUN,), weight=2),
    Command("tug", ["tug", str(MODEL), "--ids", "1,2,3,4", "--bos", "never", "--span", "2:4", "--epsilons", "1", "--json"], ""),
)
UNIT = "example, span_kind, chunk, layer"


def environment(folder):
    temporary = folder.with_name(folder.name + ".tmp")
    temporary.mkdir(exist_ok=True)
    temporary.chmod(0o777)
    return {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive", "TMPDIR": str(temporary)}


def run(words, folder, program=(), **options):
    """Runs `tugline WORDS...` in the folder, after the words of `program`, if there are any."""
    return subprocess.run(
        [*program, TUGLINE, *words], cwd=folder, env=environment(folder), stdin=subprocess.DEVNULL, capture_output=True, text=True,
        errors="replace", timeout=SECONDS, **options)


def must_run(words, folder):
    done = run(words, folder)
    assert done.returncode == 0, (words, done.returncode, done.stderr)
    return done.stdout


def without_times(text):
    return re.sub(r'"[a-z_]*seconds": ?[0-9.e-]+', "", text)


def units_of(store):
    """The responses of each unit's parts, and the rows' measures, by the unit's key and part."""
    units = {}
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)], store
        for unit, *key in database.execute(f"SELECT unit, {UNIT}, part FROM units"):
            responses = database.execute("SELECT * FROM responses WHERE unit = ? ORDER BY direction, epsilon", (unit,)).fetchall()
            rows = database.execute("SELECT measure, packed FROM response_rows WHERE unit = ? ORDER BY measure", (unit,)).fetchall()
            units[tuple(key)] = [row[1:] for row in responses], rows
    database.close()
    return units


def analysis_of(store):
    """The tables that `tugline analyze` keeps, by their names."""
    with sqlite3.connect(f"file:{store}?mode=ro", uri=True) as database:
        names = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE name GLOB 'analysis_*'")]
        tables = {name: database.execute(f"SELECT * FROM {name}").fetchall() for name in sorted(names)}
    database.close()
    return tables


class Trial:
    """A command, its inputs, and what an undisturbed run of it leaves."""

    def __init__(self, command, folder):
        self.command = command
        self.folder = folder / command.name
        self.inputs = folder / f"{command.name}-inputs"
        self.inputs.mkdir()
        (self.inputs / "data.json").write_text(DATA)
        for words in command.inputs:
            must_run(words, self.inputs)
        self.renew()
        self.units_before = units_of(self.inputs / command.output) if self.has_store_before() else {}
        start = time.monotonic()
        self.stdout = must_run(command.words, self.folder)
        self.seconds = time.monotonic() - start
        self.expected = self.result()
        self.expected_units = units_of(self.output) if self.is_store() else {}
        self.names = self.names_now()

    @property
    def output(self):
        return self.folder / self.command.output

    def is_store(self):
        return self.command.output.endswith(".db")

    def has_store_before(self):
        return self.is_store() and (self.inputs / self.command.output).exists()

    def renew(self):
        """The folder again as it was before the command."""
        shutil.rmtree(self.folder, ignore_errors=True)
        shutil.copytree(self.inputs, self.folder)

    def names_now(self):
        temporary = self.folder.with_name(self.folder.name + ".tmp")
        return sorted(path.name for folder in (self.folder, temporary) if folder.exists() for path in folder.iterdir())

    def result(self):
        """What the command made: of a run store its exports and its analysis, otherwise the file."""
        if not self.is_store():
            return self.output.read_bytes() if self.command.output else b""
        exports = [must_run(["export", self.command.output, "--table", table], self.folder) for table in ("rows", "responses", "examples")]
        return exports, analysis_of(self.output)

    def check_now(self, finished_before):
        """After a disturbance: all that was finished is there, and nothing by half. Returns the store's units."""
        if not self.command.output:
            return {}
        if not self.output.exists():
            assert not finished_before and not self.has_store_before(), f"{self.output} is gone"
            return {}
        if not self.is_store():
            assert self.output.read_bytes() == self.expected, f"{self.output} is neither whole nor absent"
            return {}
        must_run(["summary", self.command.output], self.folder)  # with all the checks of the program
        units = units_of(self.output)
        assert units.keys() >= finished_before.keys(), (sorted(finished_before.keys() - units.keys()), "are lost")
        for key, unit in units.items():
            # A part of a sweep with fewer pushes, whose numbers are those of the undisturbed run as well.
            assert unit == self.expected_units.get(key), (key, "differs from the undisturbed run's")
        analysis = analysis_of(self.output)
        assert not analysis or analysis == self.expected[1], "an analysis is there by half"
        return units

    def finish(self):
        """The same command again: it ends, and leaves what an undisturbed run leaves, and nothing else."""
        if self.command.name != "merge" or not self.output.exists():  # merge replaces nothing
            assert without_times(must_run(self.command.words, self.folder)) == without_times(self.stdout)
        assert self.result() == self.expected, "the result differs from an undisturbed run's"
        assert self.names_now() == self.names, (self.names_now(), "expected", self.names)
