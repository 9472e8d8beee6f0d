"""The sweep that the tests of clusters share out, and what an undisturbed run of it exports."""

import csv
import io
import json
import os
import pathlib
import sqlite3
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODEL = str(ROOT / "tests" / "fixtures" / "tiny_model")
TABLES = ("curves", "responses", "rows", "units", "examples")
WORDS = "the sum is on sheet so total of ten red box and nine are not it one then".split()
# The audits in f64 are what takes time: some seconds in all. The store stays small.
OPTIONS = ["--spans", "chunks", "--layers", "0", "--directions", "24", "--epsilons", "0:2:6", "--readout", "downstream:20", "--audit", "120"]


def program():
    return os.environ["TUGLINE_BINARY"]


def write_data(path, examples):
    """Examples of ten short sentences."""
    made = []
    for example in range(examples):
        sentences = ["So " + " ".join(WORDS[(7 * example + 5 * chunk + 3 * k) % len(WORDS)] for k in range(5)) + "." for chunk in range(10)]
        made.append({"prompt": "p", "model_input_prompt": f"Add {example}. <think>", "cot": " ".join(sentences),
                     "thought_anchor_idx": 1, "thought_anchor_sentence": sentences[1]})
    path.write_text(json.dumps(made), encoding="utf-8")


def environment():
    """One thread each, so that a part and the whole sum in the same order."""
    return {**os.environ, "OMP_NUM_THREADS": "1"}


def tugline(*arguments):
    outcome = subprocess.run([program(), *map(str, arguments)], text=True, capture_output=True, check=False, env=environment())
    if outcome.returncode != 0:
        raise RuntimeError(f"tugline {arguments}: status {outcome.returncode}\n{outcome.stderr}")
    return outcome.stdout


def exports(store):
    """Everything that a store exports, without the time that units took."""
    found = {table: tugline("export", store, "--table", table) for table in TABLES}
    units = list(csv.DictReader(io.StringIO(found["units"])))
    found["units"] = [{name: value for name, value in unit.items() if name != "seconds"} for unit in units]
    return found


def differing_tables(store, expected):
    """The names of the tables in which two stores' exports differ; a difference of the texts would take minutes to print."""
    found, wanted = exports(store), exports(expected)
    return [table for table in TABLES if found[table] != wanted[table]]


def units_in(store):
    """How many units a store holds; 0 if it is not there yet, or is being written."""
    try:
        with sqlite3.connect(f"file:{store}?mode=ro", uri=True, timeout=1) as database:
            return database.execute("SELECT count(*) FROM units").fetchone()[0]
    except sqlite3.Error:
        return 0
