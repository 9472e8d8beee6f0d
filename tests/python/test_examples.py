"""The notebook and the pages beside other libraries run, on the tiny model."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from conftest import DATA, FIXTURES

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples"


def test_the_notebook_runs(model_path: str, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pandas")
    if not shutil.which("gnuplot"):
        pytest.skip("gnuplot draws the run's figure")
    notebook = json.loads((EXAMPLES / "notebook.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert len(cells[0].splitlines()) <= 10  # from the model's name to a figure
    # What a notebook shows is a cell's last line; here it is made as well.
    show = "\nfor name in ('_repr_html_', '_repr_svg_'):\n    getattr(shown, name, lambda: None)()\n"
    script = ""
    for cell in cells:
        *before, last = cell.splitlines()
        script += "\n".join([*before, f"shown = {last}" if "=" not in last.partition("(")[0] else last]) + show
    (tmp_path / "data.json").write_text(json.dumps(DATA))
    environment = {**os.environ, "TUGLINE_NOTEBOOK_MODEL": model_path, "TUGLINE_NOTEBOOK_DATA": "data.json"}
    outcome = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr


@pytest.mark.parametrize("library", ["transformers", "nnsight", "transformer_lens"])
def test_the_page_beside_another_library_agrees_with_it_in_f64(library: str) -> None:
    pytest.importorskip("torch")
    pytest.importorskip("transformers")
    pytest.importorskip(library)
    script = EXAMPLES / "python" / f"beside_{library}.py"
    outcome = subprocess.run([sys.executable, script, FIXTURES / "models" / "llama"], capture_output=True, text=True, check=False)
    assert outcome.returncode == 0, outcome.stderr
    lines = outcome.stdout.splitlines()
    assert len(lines) == 5 and "tugline" in lines[0]
    for line in lines[1:]:
        assert abs(float(line.split("(")[1].split(")")[0])) < 1e-3, line  # f64; two passes of it cancel at small epsilons
