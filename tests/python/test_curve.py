"""Tugs: the same doubles as the program's, directions from any library, what a curve shows."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from conftest import DATA, IDS

import tugline as tl


@pytest.fixture(scope="module")
def trace(model: tl.Model) -> tl.Trace:
    return model.trace(ids=IDS, span=(6, 10))


def test_numbers_are_the_programs_to_the_bit(trace: tl.Trace, model_path: str, program: Callable[..., str]) -> None:
    ids = ",".join(map(str, IDS))
    out = program(
        "tug", model_path, "--ids", ids, "--bos", "never", "--span", "6:10", "--layers", "all",
        "--epsilons", "0,0.5,2", "--directions", "3", "--seed", "7", "--json",
    )  # fmt: skip
    layers = json.loads(out)["layers"]
    curve = trace.tug(layers="all", epsilons=[0, 0.5, 2], directions=3, seed=7)
    assert curve.layers == [layer["layer"] for layer in layers]
    assert curve.rms.tolist() == [layer["rms"] for layer in layers]
    kl = np.array([[response["kl"] for response in layer["responses"]] for layer in layers])
    np.testing.assert_array_equal(curve.kl, kl.reshape(curve.kl.shape))
    js = np.array([[response["by_row"]["js"] for response in layer["responses"]] for layer in layers])
    np.testing.assert_array_equal(curve.js, js.reshape(curve.js.shape))
    mean = np.array([[response["mean"] for response in layer["responses"]] for layer in layers])
    np.testing.assert_array_equal(curve.mean("kl"), mean.reshape(curve.kl.shape[:3]))


def test_shapes_and_names(trace: tl.Trace) -> None:
    curve = trace.tug(layers=[0, 1], epsilons=range(3), directions=4)
    assert curve.kl.shape == (2, 4, 3, 4) and curve.kl.dtype == np.float64
    assert np.all(curve.kl[:, :, 0] == 0) and np.all(curve.kl[:, :, 1:] > 0)
    assert curve.rows.tolist() == [5, 6, 7, 8] and len(curve.tokens) == 4
    assert "kl_reverse" in dir(curve)
    np.testing.assert_array_equal(curve["kl"], curve.kl)
    assert not curve.kl.flags.writeable
    with pytest.raises(AttributeError, match="no 'kll'"):
        _ = curve.kll


def test_a_curve_outlives_what_it_was_made_of(model_path: str) -> None:
    kl = tl.Model.from_pretrained(model_path).trace(ids=IDS, span=(6, 10)).tug(epsilons=[1], directions=2).kl
    assert np.all(np.isfinite(kl)) and kl.sum() > 0


def test_directions_from_arrays_and_tensors(trace: tl.Trace) -> None:
    vectors = np.random.default_rng(0).normal(size=(2, trace.model.d_model))
    expected = trace.tug(epsilons=[1], directions=vectors).kl
    np.testing.assert_array_equal(trace.tug(epsilons=[1], directions=vectors.tolist()).kl, expected)
    np.testing.assert_array_equal(trace.tug(epsilons=[1], directions=7 * vectors).kl, expected)  # only directions count
    alone = trace.tug(epsilons=[1], directions=vectors[0]).kl  # a batch of another shape, whose sums round otherwise
    np.testing.assert_allclose(alone, expected[:, :1], rtol=1e-5)

    class OnlyDlpack:
        def __dlpack__(self, **options: Any) -> object:
            return vectors.__dlpack__(**options)

        def __dlpack_device__(self) -> tuple[int, int]:
            return vectors.__dlpack_device__()

    np.testing.assert_array_equal(trace.tug(epsilons=[1], directions=OnlyDlpack()).kl, expected)


def test_directions_from_torch(trace: tl.Trace) -> None:
    torch = pytest.importorskip("torch")
    vectors = torch.randn(2, trace.model.d_model, requires_grad=True)
    expected = trace.tug(epsilons=[1], directions=vectors.detach().numpy()).kl
    np.testing.assert_array_equal(trace.tug(epsilons=[1], directions=vectors).kl, expected)
    half = vectors.detach().bfloat16()
    np.testing.assert_array_equal(
        trace.tug(epsilons=[1], directions=half).kl, trace.tug(epsilons=[1], directions=half.float().numpy()).kl
    )


def test_directions_from_jax(trace: tl.Trace) -> None:
    jax = pytest.importorskip("jax")
    vectors = jax.random.normal(jax.random.key(0), (2, trace.model.d_model))
    expected = trace.tug(epsilons=[1], directions=np.asarray(vectors)).kl
    np.testing.assert_array_equal(trace.tug(epsilons=[1], directions=vectors).kl, expected)
    half = vectors.astype(jax.numpy.bfloat16)
    widened = np.asarray(half.astype(jax.numpy.float32))
    np.testing.assert_array_equal(trace.tug(epsilons=[1], directions=half).kl, trace.tug(epsilons=[1], directions=widened).kl)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"directions": np.ones((2, 3))}, "directions: expected vectors of shape [n, "),
        ({"directions": np.ones((0, 16))}, "directions"),
        ({"directions": [["a"]]}, "directions: expected an array of numbers"),
        ({"directions": np.zeros(2, dtype=[("x", float)])}, "directions: expected an array of numbers, found"),
        ({"directions": np.ones((2, 16), dtype=complex)}, "directions: expected an array of numbers, found complex128"),
        ({"directions": 0}, "directions: 0 is"),
        ({"directions": True}, "directions"),
        ({"epsilons": 1}, "epsilons: expected numbers"),
        ({"epsilons": []}, "epsilons"),
        ({"epsilons": [1, 1]}, "given twice"),
        ({"epsilons": [float("nan")]}, "not finite"),
        ({"epsilons": ["big"]}, "epsilons: expected a number"),
        ({"layers": [0.5]}, "layers: expected a whole number"),
        ({"layers": 99}, "no layer 99"),
        ({"seed": -1}, "seed: -1 is"),
        ({"temperature": 0}, "temperature: 0 is"),
        ({"readout": "both"}, "readout: 'both'"),
        ({"push": "shove"}, "push: 'shove'"),
        ({"memory_limit": "much"}, "memory_limit: 'much'"),
        ({"null_directions": 2}, "null_directions: "),
    ],
)
def test_refusals_name_the_argument(trace: tl.Trace, options: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError) as refused:
        trace.tug(**options)  # type: ignore[arg-type]
    assert isinstance(refused.value, tl.Error)
    assert words in str(refused.value)
    assert "--" not in str(refused.value)


def test_vectors_that_are_not_finite(trace: tl.Trace) -> None:
    vectors = np.ones((2, trace.model.d_model))
    vectors[1, 3] = np.nan
    with pytest.raises(tl.InputError, match="directions: row 1, column 3 is nan"):
        trace.tug(directions=vectors)


def test_an_option_that_is_none_is_a_type_error(trace: tl.Trace) -> None:
    with pytest.raises(TypeError, match="direction_famly"):
        trace.tug(direction_famly="isotropic")  # type: ignore[call-arg]


def test_nulls_and_audits(trace: tl.Trace) -> None:
    vectors = np.eye(2, trace.model.d_model)
    curve = trace.tug(epsilons=[1], directions=vectors, null_directions=3, audit=2)
    assert curve.directions == 5 and curve.null_directions == 3
    assert curve.audited == 2 and 0 <= curve.audit["kl"] < 1e-3
    assert set(curve.audit) >= {"kl", "js", "total_variation"}
    assert trace.tug(epsilons=[1], directions=2).audit == {}


def test_directions_from_a_function_of_the_site(trace: tl.Trace) -> None:
    width = trace.model.d_model
    by_layer = {layer: np.random.default_rng(layer).normal(size=(2, width)) for layer in (0, trace.model.layers - 1)}
    asked: list[tl.Site] = []

    def directions(site: tl.Site) -> Any:
        asked.append(site)
        return by_layer[site.layer]

    curve = trace.tug(layers=[0, -1], epsilons=[1], directions=directions, hook="resid_pre")
    assert asked == [tl.Site(layer, "resid_pre", width) for layer in by_layer]
    for i, vectors in enumerate(by_layer.values()):
        alone = trace.tug(layers=[curve.layers[i]], epsilons=[1], directions=vectors, hook="resid_pre")
        np.testing.assert_array_equal(curve.kl[i], alone.kl[0])
    with pytest.raises(tl.UsageError, match="directions of layer 0: expected vectors of shape"):
        trace.tug(layers=[0], directions=lambda site: np.ones((1, 3)))
    with pytest.raises(tl.InputError, match="same number of directions at every layer"):
        trace.tug(layers=[0, 1], directions=lambda site: np.eye(site.layer + 1, width))


def test_a_head_at_every_token_of_the_span(trace: tl.Trace) -> None:
    model = trace.model
    sites: list[tl.Site] = []

    def directions(site: tl.Site) -> Any:
        sites.append(site)
        return np.eye(2, site.width)

    place: Any = {"layers": [1], "hook": "z", "head": 1, "at": "every", "readout": "following", "epsilons": [1]}
    curve = trace.tug(directions=directions, audit=2, **place)
    assert sites == [tl.Site(1, "z", model.head_dim, 1)]
    assert curve.positions == [trace.span[0]] and curve.audit["kl"] < 1e-3
    assert (curve.kl[..., 0] > 0).all()
    np.testing.assert_array_equal(curve.kl, trace.tug(directions=np.eye(2, model.head_dim), **place).kl)
    with pytest.raises(tl.UsageError, match=rf"\[n, {model.head_dim}\]"):
        trace.tug(directions=np.eye(2, model.d_model), **place)
    with pytest.raises(tl.UsageError, match="'following' or 'downstream'"):
        trace.tug(at="last")


def test_the_signature_shows_every_option_with_the_librarys_default() -> None:
    parameters = inspect.signature(tl.Trace.tug).parameters
    assert list(parameters)[:3] == ["self", "progress", "layers"]
    assert parameters["directions"].default == 8 and parameters["audit"].default == 0
    assert list(parameters["epsilons"].default) == [0, 0.25, 0.5, 1, 2]
    sweep = inspect.signature(tl.sweep).parameters
    assert sweep["audit"].default == 1 and sweep["spans"].default == ["anchor"] and sweep["push"].default == "additive"


def test_an_error_carries_the_arguments_name(trace: tl.Trace) -> None:
    with pytest.raises(tl.UsageError) as refused:
        trace.tug(push="shove")
    assert refused.value.argument == "push"


def test_a_data_frame(trace: tl.Trace) -> None:
    pytest.importorskip("pandas")
    curve = trace.tug(layers=[0, 1], epsilons=[0, 1], directions=2)
    frame = curve.to_pandas()
    assert len(frame) == curve.kl.size
    one = frame[(frame.layer == 1) & (frame.direction == 1) & (frame.epsilon == 1)]
    np.testing.assert_array_equal(one["kl"], curve.kl[1, 1, 1])


def test_what_a_notebook_shows(trace: tl.Trace) -> None:
    assert "<mark>" in trace._repr_html_()
    html = trace.tug(epsilons=[0, 1], directions=2)._repr_html_()
    assert "<table>" in html and "nats" in html


def test_an_example_of_a_dataset_is_a_text(model: tl.Model) -> None:
    anchor = model.trace(data=DATA, example=1)
    begin, end = anchor.span
    assert "".join(anchor.tokens.pieces[begin:end]).strip() == DATA[1]["thought_anchor_sentence"]
    same = model.trace(data=DATA, example=1, sentence=DATA[1]["thought_anchor_sentence"])
    assert same.span == anchor.span
    np.testing.assert_array_equal(same.tug(epsilons=[1]).kl, anchor.tug(epsilons=[1]).kl)
    with pytest.raises(tl.UsageError, match="no example 2"):
        model.trace(data=DATA, example=2)
    with pytest.raises(tl.UsageError, match="text, ids, data"):
        model.trace("So it is.", data=DATA)


def test_sentences_are_ranked(model: tl.Model) -> None:
    text = "Ann has 3 apples. Tom has 2 of them. Together they have five."
    sentences = model.tug_sentences(text, layers=[1, 3], epsilons=[0, 2], directions=2)
    assert sorted(sentence.number for sentence in sentences) == [0, 1, 2]
    responses = [sentence.response for sentence in sentences]
    assert responses == sorted(responses, reverse=True)
    for sentence in sentences:
        assert sentence.text in text
        assert sentence.response == pytest.approx(sentence.curve.mean()[:, :, -1].mean(), rel=1e-12)
        alone = model.trace(text, span=sentence.span).tug(layers=[1, 3], epsilons=[0, 2], directions=2)
        np.testing.assert_array_equal(alone.kl, sentence.curve.kl)
    assert len(model.tug_sentences(data=DATA, example=0, epsilons=[1], directions=1)) == 2
