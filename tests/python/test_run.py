"""Sweeps and run stores: the program's numbers, data in memory, resuming, Ctrl-C, tables, analyses, figures."""

from __future__ import annotations

import csv
import io
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import DATA

import tugline as tl

STORE_DOCUMENT = pathlib.Path(__file__).resolve().parents[2] / "docs" / "store.md"


def test_numbers_are_the_programs_to_the_bit(
    model: tl.Model, model_path: str, data_file: str, tmp_path: pathlib.Path, program: Callable[..., str]
) -> None:
    run = tl.sweep(
        model, data_file, tmp_path / "python.db", layers=[0, 2], epsilons=[0, 0.5, 1], directions=3,
        spans=["anchor", "chunks"], seed=9, progress=False,
    )  # fmt: skip
    cli = str(tmp_path / "cli.db")
    program(
        "sweep", model_path, data_file, "-o", cli, "--layers", "0,2", "--epsilons", "0,0.5,1", "--directions", "3",
        "--spans", "anchor,chunks", "--seed", "9",
    )  # fmt: skip
    assert run.identity == tl.open(cli).identity
    for name in ("responses", "rows", "curves", "examples"):
        expect_exported(run, name, program("export", cli, "--table", name))


def expect_exported(run: tl.Run, name: str, exported_csv: str) -> None:
    exported = list(csv.DictReader(io.StringIO(exported_csv)))
    table = run.table(name)
    assert list(table) == list(exported[0])
    for column, values in table.items():
        texts = [row[column] for row in exported]
        if isinstance(values, list):
            assert [value or "" for value in values] == texts
        else:
            np.testing.assert_array_equal(values, np.array([float(text) if text else np.nan for text in texts]), column)


def test_the_documents_program_reads_the_rows(
    model: tl.Model, data_file: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = re.search(r"```python\n(.*?)```", STORE_DOCUMENT.read_text(), re.DOTALL)
    assert code, "docs/store.md shows how other programs read a store"
    run = tl.sweep(
        model, data_file, tmp_path / "run.db", layers=[2], epsilons=[0, 0.5, 1, 2], directions=3, audit=0, progress=False
    )  # fmt: skip
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(code[1], names)  # noqa: S102
    rows = run.table("rows")
    for measure in ("kl", "kl_reverse", "js", "top1_flips", "total_variation", "entropy_change"):
        found = np.concatenate([names["row_values"](unit, measure).ravel() for unit in (1, 2)])
        np.testing.assert_array_equal(found, np.asarray(rows[measure]).astype(found.dtype), measure)


def test_tables_that_several_threads_read_are_in_order(
    model: tl.Model, tmp_path: pathlib.Path, program: Callable[..., str]
) -> None:
    examples = [{**example, "prompt": f"p{i}"} for i in range(12) for example in DATA]
    run = tl.sweep(
        model, examples, tmp_path / "run.db", layers="all", epsilons=[1], directions=1, spans=["anchor", "chunks"],
        readout="downstream:2", moved_tokens=1, audit=0, progress=False,
    )  # fmt: skip
    assert len(run.table("units")["rms"]) > 100  # more than one part
    for name in ("responses", "rows"):
        expect_exported(run, name, program("export", run.path, "--table", name))


def test_fewer_epsilons_predict_the_others(model: tl.Model, data_file: str, tmp_path: pathlib.Path) -> None:
    grid = np.linspace(0, 2, 21)
    options = {"layers": [2], "epsilons": grid, "directions": 2, "audit": 0, "progress": False}
    run = tl.sweep(model, data_file, tmp_path / "nodes.db", node_tolerance=1e-3, **options)  # type: ignore[arg-type]
    whole = tl.sweep(model, data_file, tmp_path / "all.db", **options).table("curves")  # type: ignore[arg-type]
    measured = run.table("curves")["epsilon"]
    assert 6 <= len(measured) <= 10
    points = run.table("interpolated")
    kl = np.array([name == "kl" for name in points["measure"]])
    epsilons = np.asarray(points["epsilon"])[kl]
    assert sorted([*measured, *epsilons]) == sorted(grid)
    expected = dict(zip(whole["epsilon"], whole["kl"]))
    values, errors = (np.asarray(points[name])[kl] for name in ("value", "interpolation_error"))
    assert all(abs(value - expected[e]) <= error for e, value, error in zip(epsilons, values, errors))
    with pytest.raises(tl.UsageError, match="node_tolerance"):
        tl.sweep(model, data_file, tmp_path / "x.db", node_tolerance=2, **options)  # type: ignore[arg-type]


def test_verify_and_rerun(model: tl.Model, data_file: str, tmp_path: pathlib.Path) -> None:
    run = tl.sweep(model, data_file, tmp_path / "run.db", layers=[1], epsilons=[1], directions=2, progress=False)
    for verified in (run.verify(progress=False), run.verify(model, data_file, progress=False)):
        assert verified["checks"]["check"]
        assert len(verified["faults"]["fault"]) == 0
    halves: list[dict[str, Any]] = [{"model": model}, {"data": data_file}]
    for one in halves:
        with pytest.raises(tl.UsageError, match="give both or neither"):
            run.verify(**one, progress=False)
    again = run.rerun(model, data_file, tmp_path / "again.db", progress=False)
    assert list(again.table("responses")["kl"]) == list(run.table("responses")["kl"])


def test_data_in_memory(model: tl.Model, tmp_path: pathlib.Path) -> None:
    run = tl.sweep(model, DATA, tmp_path / "run.db", epsilons=[1], directions=2, audit=0, progress=False)
    assert len(run.table("units")["rms"]) == 2
    again = tl.sweep(model, DATA, tmp_path / "run.db", epsilons=[1], directions=2, audit=0, progress=False)
    assert again.path == run.path
    with pytest.raises(tl.ConflictError, match="seed"):
        tl.sweep(model, DATA, tmp_path / "run.db", epsilons=[1], directions=2, audit=0, seed=1, progress=False)


def test_a_run_along_a_functions_directions_resumes(model: tl.Model, tmp_path: pathlib.Path) -> None:
    def family(scale: float) -> Callable[[tl.Site], np.ndarray]:
        return lambda site: np.eye(2, site.width) + scale * np.random.default_rng(site.layer).normal(size=(2, site.width))

    def run(scale: float) -> tl.Run:
        return tl.sweep(
            model, DATA, tmp_path / "run.db", layers=[0, 1], epsilons=[1], directions=family(scale), audit=0, progress=False
        )  # fmt: skip

    first = run(0.1)
    kl = first.table("responses")["kl"]
    assert first.identity["direction_family"].startswith("file ")
    np.testing.assert_array_equal(run(0.1).table("responses")["kl"], kl)
    with pytest.raises(tl.ConflictError, match="direction_family"):
        run(0.2)
    np.testing.assert_array_equal(first.table("responses")["kl"], kl)


def test_a_data_frame_is_data(model: tl.Model, tmp_path: pathlib.Path) -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([*DATA, {**DATA[0], "thought_anchor_idx": None, "note": "one more"}])
    run = tl.sweep(model, frame, tmp_path / "run.db", epsilons=[1], directions=2, audit=0, max_examples=2, progress=False)
    assert list(run.examples()["example"])[:2] == [0, 1]
    assert set(run.responses().columns) >= {"kl", "js", "direction", "epsilon"}


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (DATA, {"spans": "paragraphs"}, "spans: 'paragraphs'"),
        (DATA, {"shard": (3, 2)}, "shard: 3 of 2"),
        (DATA, {"max_examples": 0}, "max_examples: 0 is"),
        (DATA, {"bos": "perhaps"}, "bos: 'perhaps'"),
        ({"cot": "one example"}, {}, "data: expected a path, a list of dicts or a DataFrame"),
        ([{"cot": object()}], {}, "data: cannot be written as JSON"),
    ],
)
def test_refusals_name_the_argument(
    model: tl.Model, tmp_path: pathlib.Path, data: object, options: dict[str, object], words: str
) -> None:
    with pytest.raises(ValueError) as refused:
        tl.sweep(model, data, tmp_path / "run.db", progress=False, **options)  # type: ignore[arg-type]
    assert isinstance(refused.value, tl.Error)
    assert words in str(refused.value)
    assert "--" not in str(refused.value)
    assert not (tmp_path / "run.db").exists()


def test_a_store_that_is_not_there(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        tl.open(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("no store")
    with pytest.raises(tl.InputError):
        tl.open(tmp_path / "text.db")


def test_analyses_and_figures(model: tl.Model, data_file: str, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pandas")
    run = tl.sweep(model, data_file, tmp_path / "run.db", epsilons=[0, 0.5, 1], directions=3, spans="chunks", progress=False)
    tables = run.analyze(data_file, resamples=200)
    assert len(tables["settings"]) == 1 and len(tables["means"]) > 0
    assert "How many directions do I need?" in list(tables["answers"]["question"])
    sums = run.analyze(resamples=100, measure="kl_sum", spans="chunks", keep=False)
    assert "kl_sum" in sums["means"] and set(sums["means"]["span_kind"]) == {"chunk"}
    with pytest.raises(tl.UsageError, match="it has chunk"):
        run.analyze(resamples=100, spans=["anchor"], keep=False)
    with pytest.raises(tl.UsageError, match="layers: the run has no layer 99"):
        run.analyze(resamples=100, layers=[99], keep=False)
    assert "tiny_model" in run.summary()
    run.report(tmp_path / "report.html", data_file)
    assert (tmp_path / "report.html").read_text().startswith("<!doctype html>")
    with pytest.raises(tl.UsageError, match="kind: 'violins'"):
        run.plot("violins").svg()
    if shutil.which("gnuplot"):
        run.plot().save(tmp_path / "curve.svg")
        assert "<svg" in (tmp_path / "curve.svg").read_text()
        assert "<svg" in run.plot("anisotropy")._repr_svg_()
        assert "1e-09 nats" in run.plot("dose", kl=1e-9, statistic="p95").svg()
        assert "<svg" in run._repr_html_()


def test_doses_are_the_programs(
    model: tl.Model, data_file: str, tmp_path: pathlib.Path, program: Callable[..., str]
) -> None:
    pytest.importorskip("pandas")
    run = tl.sweep(model, data_file, tmp_path / "run.db", layers=[1, 2], epsilons=[0, 0.5, 1, 2], directions=3, progress=False)
    kl = float(run.curves()["kl"].max()) / 4
    doses = run.dose(kl, resamples=200)["doses"]
    exported = list(csv.DictReader(io.StringIO(program("dose", str(run.path), "--kl", repr(kl), "--resamples", "200", "--csv"))))
    assert len(doses) == len(exported) > 0 and set(doses["layer"]) == {1, 2}
    expected = np.array([float(row["epsilon"]) if row["epsilon"] else np.nan for row in exported])
    np.testing.assert_array_equal(doses["epsilon"].to_numpy(dtype=float), expected)
    refined = run.dose(kl, resamples=200, refine=1e-3, model=model, data=data_file, pushes=tmp_path / "more.db", progress=False)["doses"]
    np.testing.assert_allclose(refined["epsilon"].to_numpy(dtype=float), expected, rtol=0.2)
    assert (tmp_path / "more.db").exists()
    with pytest.raises(tl.UsageError, match="^kl: "):
        run.dose(-1)
    with pytest.raises(tl.UsageError, match="^by: 'head'"):
        run.dose(kl, by="head")
    with pytest.raises(tl.UsageError, match="^refine: .*give the model and the data"):
        run.dose(kl, refine=1e-3)


def test_ctrl_c_keeps_what_is_done(model_path: str, data_file: str, tmp_path: pathlib.Path) -> None:
    script = textwrap.dedent(
        f"""
        import sys, tugline as tl
        model = tl.Model.from_pretrained({model_path!r})
        print("ready", flush=True)
        try:
            tl.sweep(model, {data_file!r}, {str(tmp_path / "run.db")!r}, layers="all", directions=3000, spans="chunks",
                     epsilons=[0.1 * i for i in range(1, 40)], batch_rows=100, audit=0, progress=False)
        except KeyboardInterrupt as stopped:
            assert isinstance(stopped, tl.Interrupted) and isinstance(stopped, tl.Error)
            sys.exit(42)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdout.readline() == b"ready\n"
    time.sleep(2.0)
    process.send_signal(signal.SIGINT)
    begin = time.monotonic()
    assert process.wait(timeout=20) == 42
    assert time.monotonic() - begin < 5  # a second on a machine with nothing else to do
    assert tl.open(tmp_path / "run.db").provenance["units_planned"]


def test_progress_and_warnings(model: tl.Model, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("tqdm")
    tl.sweep(model, DATA, tmp_path / "run.db", epsilons=[1], directions=2, audit=0)
    assert "4/4" in capsys.readouterr().err
    with pytest.warns(tl.TuglineWarning, match="exactly 0"):
        tl.sweep(model, DATA, tmp_path / "flat.db", epsilons=[1], directions=2, readout="following", progress=False)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        tl.sweep(model, DATA, tmp_path / "flat2.db", epsilons=[1], directions=2, readout="following", progress=False)
    assert [warning.filename for warning in caught] == [__file__]  # the caller's line, not the package's


def test_a_shard_is_not_taken_for_the_run(model: tl.Model, data_file: str, tmp_path: pathlib.Path) -> None:
    pytest.importorskip("pandas")
    half = tl.sweep(model, data_file, tmp_path / "half.db", epsilons=[1], directions=2, spans="chunks", shard=(1, 2), progress=False)
    for use in (lambda: half.plot(), lambda: half.analyze(resamples=100, keep=False), lambda: half.report(tmp_path / "half.html", data_file)):
        with pytest.warns(tl.TuglineWarning, match="holds shard 1/2 only"):
            use()
