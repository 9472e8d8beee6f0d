"""What the tests of the installed package have in common: the tiny models of tests/fixtures, and the program."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest

# Read by OpenMP when it is loaded. Results repeat to the bit for one number of threads only, and Dask and Ray give their workers one.
os.environ["OMP_NUM_THREADS"] = "1"

import tugline as tl  # noqa: E402

FIXTURES = pathlib.Path(__file__).resolve().parents[1] / "fixtures"
IDS = [5, 77, 20, 12, 45, 10, 33, 21, 88, 9]
DATA: list[dict[str, Any]] = [
    {
        "prompt": "p",
        "model_input_prompt": "Add. <think>",
        "cot": "The sum is on the sheet. So the total is 12. And so on, then.",
        "thought_anchor_idx": 1,
        "thought_anchor_sentence": "So the total is 12.",
    },
    {
        "prompt": "p",
        "model_input_prompt": "Take. <think>",
        "cot": "There are ten in the box. One is red and nine are not. It is so.",
        "thought_anchor_idx": 1,
        "thought_anchor_sentence": "One is red and nine are not.",
    },
]


@pytest.fixture(scope="session")
def model_path() -> str:
    return str(FIXTURES / "tiny_model")


@pytest.fixture(scope="session")
def model(model_path: str) -> tl.Model:
    return tl.Model.from_pretrained(model_path)


@pytest.fixture
def data_file(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "data.json"
    path.write_text(json.dumps(DATA))
    return str(path)


@pytest.fixture(scope="session")
def program() -> Callable[..., str]:
    """Runs the package's command line; returns what it prints."""

    def run(*arguments: str) -> str:
        outcome = subprocess.run([sys.executable, "-m", "tugline", *arguments], capture_output=True, text=True, check=False)
        assert outcome.returncode == 0, outcome.stderr
        return outcome.stdout

    return run
