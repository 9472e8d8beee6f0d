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


def test_the_notebook_runs(model_path: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    if not shutil.which("gnuplot"):
        pytest.skip("gnuplot draws the run's figure")
    (tmp_path / "data.json").write_text(json.dumps(DATA))
    monkeypatch.setenv("TUGLINE_NOTEBOOK_MODEL", model_path)
    monkeypatch.setenv("TUGLINE_NOTEBOOK_DATA", "data.json")
    notebook = nbformat.read(EXAMPLES / "notebook.ipynb", as_version=4)
    nbformat.validate(notebook)
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert len(cells[0].source.splitlines()) <= 10  # from the model's name to a figure
    shown = [{kind for output in cell.outputs for kind in output.get("data", {})} for cell in cells]
    assert {"text/html", "image/svg+xml"} <= shown[0]  # the curve
    assert all(shown)  # each cell ends with something to look at
    assert any("text/html" in kinds for kinds in shown[1:]) and any("image/svg+xml" in kinds for kinds in shown[1:])


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
