"""The package as it is installed: import time, hard dependencies, doctests, the console script, one version."""

from __future__ import annotations

import doctest
import importlib
import subprocess
import sys

import tugline as tl


def test_only_numpy_is_needed() -> None:
    script = "import sys, tugline; print(*sorted(set(sys.modules) & {'pandas', 'matplotlib', 'tqdm', 'IPython', 'torch'}))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout == "\n"


def test_the_command_line_comes_along() -> None:
    outcome = subprocess.run([sys.executable, "-m", "tugline", "--version"], capture_output=True, text=True, check=True)
    assert tl.__version__ in outcome.stdout
    refused = subprocess.run([sys.executable, "-m", "tugline", "swep"], capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "sweep" in refused.stderr


def test_examples_in_docstrings_run() -> None:
    for name in ("tugline", "tugline._divergence", "tugline._errors"):
        outcome = doctest.testmod(importlib.import_module(name))
        assert outcome.failed == 0


def test_classes_of_the_module_have_no_method_that_nnsight_gives_to_every_object() -> None:
    """After ``import nnsight``, ``object`` has a method ``save``: a compiled class with one of its own then ends the process."""
    compiled = [kind for kind in vars(importlib.import_module("tugline._tugline")).values() if isinstance(kind, type)]
    assert len(compiled) > 5 and not [kind for kind in compiled if "save" in vars(kind)]
