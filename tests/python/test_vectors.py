"""Vectors of a dataset's sentences: the program's file to the bit, and pushes along them."""

from __future__ import annotations

import gc
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import DATA, IDS

import tugline as tl

CHUNKS = ["We add one and two.", " The sum is three, so we stop.", " We are done here, at the end."]
METRICS: list[dict[str, Any]] = [
    {
        "prompt": "p",
        "model_input_prompt": prompt,
        "cot": "".join(CHUNKS) + " The end",  # of what has no full stop and a space after it, no chunk is made
        "thought_anchor_idx": 1,
        "thought_anchor_sentence": CHUNKS[1].strip(),
        "counterfactual_importance_kl": [0.1, 0.5, 0.2],
    }
    for prompt in ("Add. <think>", "Take. <think>")
]


@pytest.fixture
def metrics_file(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(METRICS))
    return str(path)


@pytest.mark.parametrize(
    ("options", "arguments"),
    [
        ({"layers": [0, 2]}, ["--layers", "0,2"]),
        ({"kinds": "global", "centred": True, "threshold": 0.15}, ["--kinds", "global", "--centred", "--threshold", "0.15"]),
        (
            {"hook": "z", "head": 1, "kinds": ["chunk", "example"], "bos": "never", "max_examples": 1},
            ["--hook", "z", "--head", "1", "--kinds", "chunk,example", "--bos", "never", "--max-examples", "1"],
        ),
    ],
)
def test_the_file_is_the_programs_to_the_bit(
    model: tl.Model,
    model_path: str,
    metrics_file: str,
    tmp_path: pathlib.Path,
    program: Callable[..., str],
    options: dict[str, Any],
    arguments: list[str],
) -> None:
    tl.vectors(model, metrics_file, **options).save(tmp_path / "python.safetensors")
    program("vectors", model_path, metrics_file, "-o", str(tmp_path / "cli.safetensors"), *arguments)
    assert (tmp_path / "python.safetensors").read_bytes() == (tmp_path / "cli.safetensors").read_bytes()


def test_arrays_by_kind_and_layer(model: tl.Model, metrics_file: str) -> None:
    made = tl.vectors(model, metrics_file, layers=[0, 2])
    assert list(made) == ["chunk", "example", "global"] and list(made["chunk"]) == [0, 2]
    chunk = made["chunk"][0]
    assert chunk.shape == (6, model.d_model) and chunk.dtype == np.float64 and not chunk.flags.writeable
    assert made["chunk"].rows[0].tolist() == [[0, 0], [0, 1], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert made["example"].rows[2].tolist() == [[0, -1], [1, -1]]
    assert made["global"][2].shape == (1, model.d_model) and made["global"].rows[2].shape == (0, 2)
    assert made.metadata["chunks.global.layer2"] == "2 above, 4 not"
    np.testing.assert_array_equal(tl.vectors(model, METRICS, layers=0)["chunk"][0], chunk)  # data in memory
    before = chunk.copy()
    del made
    gc.collect()
    np.testing.assert_array_equal(chunk, before)  # an array keeps what it shows


def test_a_chunks_vector_is_its_mean_minus_the_others(model: tl.Model) -> None:
    text = METRICS[0]["model_input_prompt"] + METRICS[0]["cot"]
    residuals = model.residuals(text, layers=1)[1].astype(np.float64)
    spans = [model.trace(text, sentence=chunk.strip()).span for chunk in CHUNKS]
    means = [residuals[begin:end] for begin, end in spans]
    expected = means[1].mean(axis=0) - np.concatenate([means[0], means[2]]).mean(axis=0)
    made = tl.vectors(model, METRICS[:1], layers=1, kinds="chunk")["chunk"][1][1]
    np.testing.assert_allclose(made, expected, atol=1e-5)  # the residuals are rounded to f32


def test_they_are_directions_as_they_are(
    model: tl.Model, model_path: str, metrics_file: str, tmp_path: pathlib.Path, program: Callable[..., str]
) -> None:
    made = tl.vectors(model, metrics_file, layers=[0, 1, 2])
    made.save(tmp_path / "v.safetensors")
    run = tl.sweep(model, metrics_file, tmp_path / "python.db", layers=[0, 2], directions=made["global"], progress=False)
    cli = tmp_path / "cli.db"
    file = str(tmp_path / "v.safetensors:global")
    program("sweep", model_path, metrics_file, "-o", str(cli), "--layers", "0,2", "--direction-file", file)
    assert run.identity == tl.open(cli).identity
    np.testing.assert_array_equal(run.table("rows")["kl"], tl.open(cli).table("rows")["kl"])
    grown = tl.sweep(model, metrics_file, tmp_path / "python.db", layers=[0, 1, 2], directions=made["global"], progress=False)
    assert sorted(set(grown.table("units")["layer"])) == [0, 1, 2]

    trace = model.trace(ids=IDS, span=(6, 10))
    curve = trace.tug(layers=[0, 2], epsilons=[1], directions=made["global"])
    by_function = trace.tug(layers=[0, 2], epsilons=[1], directions=lambda site: made["global"][site.layer])
    np.testing.assert_array_equal(curve.kl, by_function.kl)
    alone = tl.vectors(model, metrics_file, layers=2, kinds="global")
    np.testing.assert_array_equal(trace.tug(layers=2, directions=alone).kl, trace.tug(layers=2, directions=alone["global"]).kl)


def test_vectors_that_are_pushed_elsewhere_are_warned_about(model: tl.Model, metrics_file: str) -> None:
    made = tl.vectors(model, metrics_file, layers=1, kinds="global")
    trace = model.trace(ids=IDS, span=(6, 10))
    with pytest.warns(tl.TuglineWarning, match="made at resid_post, and is pushed at resid_pre"):
        trace.tug(layers=1, hook="resid_pre", directions=made)


def test_the_metric_is_needed_for_global_only(model: tl.Model) -> None:
    with pytest.warns(tl.TuglineWarning, match="the kinds are chunk and example"):
        assert list(tl.vectors(model, DATA)) == ["chunk", "example"]
    with pytest.raises(tl.UsageError, match="^kinds: .*counterfactual_importance_kl"):
        tl.vectors(model, DATA, kinds="global")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"kinds": "tokens"}, "kinds: 'tokens'"),
        ({"metric": "beauty"}, "metric: 'beauty'"),
        ({"threshold": float("nan")}, "threshold: nan"),
        ({"threshold": "high"}, "threshold: expected a number"),
        ({"layers": [99]}, "no layer 99"),
        ({"hook": "resid"}, "hook: 'resid'"),
        ({"bos": "perhaps"}, "bos: 'perhaps'"),
        ({"max_examples": 0}, "max_examples: 0 is"),
        ({"kinds": 3}, "kinds: expected names"),
    ],
)
def test_refusals_name_the_argument(model: tl.Model, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as refused:
        tl.vectors(model, METRICS, **options)
    assert isinstance(refused.value, tl.Error)
    assert words in str(refused.value)
    assert "--" not in str(refused.value)


def test_refusals_of_vectors_as_directions(model: tl.Model, tmp_path: pathlib.Path) -> None:
    made = tl.vectors(model, METRICS, layers=[0, 1])
    trace = model.trace(ids=IDS, span=(6, 10))
    with pytest.raises(tl.UsageError, match="directions: expected vectors of one kind, found those of chunk, example, global"):
        trace.tug(layers=0, directions=made)
    with pytest.raises(tl.InputError, match="no array for layer 2; it has layers 0, 1"):
        trace.tug(layers=2, directions=made["global"])
    with pytest.raises(tl.UsageError, match="empty mapping"):
        trace.tug(layers=0, directions={})
    with pytest.raises(tl.UsageError, match="directions: a layer: expected a whole number"):
        trace.tug(layers=0, directions={"first": made["global"][0]})
    with pytest.raises(tl.UsageError, match="^path: .*safetensors"):
        made.save(tmp_path / "v.npy")
    assert not (tmp_path / "v.npy").exists()
