"""Models, tokens, logits, residuals."""

from __future__ import annotations

import json

import numpy as np
import pytest
from conftest import FIXTURES

import tugline as tl


def test_facts_of_a_model(model: tl.Model) -> None:
    assert model.name == "tiny_model"
    assert model.precision == "f32"
    assert model.layers > 1
    assert repr(model).startswith("<tugline.Model tiny_model")


def test_tokens_have_ids_places_and_pieces(model: tl.Model) -> None:
    text = "So the total is 12."
    tokens = model.tokenize(text, bos="never")
    assert tokens.ids.dtype == np.int32 and tokens.offsets.shape == (len(tokens), 2)
    assert b"".join(tokens.raw).decode() == text
    assert "".join(tokens.pieces) == text
    for piece, (begin, end) in zip(tokens.raw, tokens.offsets):
        assert text.encode()[begin:end] == piece
    assert model.decode(tokens.ids) == text


def test_logits_are_those_of_the_reference_implementation() -> None:
    expected = json.loads((FIXTURES / "models" / "llama" / "expected.json").read_text())
    model = tl.Model.from_pretrained(FIXTURES / "models" / "llama", threads=1)
    logits = model.logits(ids=expected["ids"])
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, np.array(expected["logits"]), atol=1e-4)  # f32 through a few layers


def test_residuals_of_layers(model: tl.Model) -> None:
    post = model.residuals("So the total is 12.", layers="all")
    assert list(post) == list(range(model.layers))
    assert post[0].dtype == np.float32 and post[0].shape[1] == model.d_model
    pre = model.residuals("So the total is 12.", layers=[1], hook="resid_pre")
    np.testing.assert_array_equal(pre[1], post[0])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda m: m.logits(), "text, ids"),
        (lambda m: m.logits("a", ids=[1]), "text, ids"),
        (lambda m: m.logits(ids=[0.5]), "ids: expected whole numbers"),
        (lambda m: m.logits(ids=[]), "ids"),
        (lambda m: m.logits(ids=[10**6]), "outside the vocabulary"),
        (lambda m: m.residuals("a b", layers=[99]), "no layer 99"),
        (lambda m: m.residuals("a b", layers="first"), "layers: 'first'"),
        (lambda m: m.residuals("a b", hook="resid"), "hook: 'resid'"),
        (lambda m: m.tokenize(b"bytes"), "text: expected text"),
        (lambda m: m.tokenize("a", bos="perhaps"), "bos: 'perhaps'"),
        (lambda m: m.trace("So it is."), "sentence, span"),
        (lambda m: m.trace("So it is.", sentence="nowhere"), "'nowhere' is not in the text"),
        (lambda m: m.trace("So it is.", span=(1, 99)), "[1, 99)"),
    ],
)
def test_refusals_name_the_argument(model: tl.Model, call: object, words: str) -> None:
    with pytest.raises(ValueError) as refused:
        call(model)  # type: ignore[operator]
    assert isinstance(refused.value, tl.Error)
    assert words in str(refused.value)
    assert "--" not in str(refused.value)


def test_a_model_that_is_not_there_is_a_missing_file() -> None:
    with pytest.raises(FileNotFoundError) as missing:
        tl.Model.from_pretrained("/nowhere/model.gguf")
    assert isinstance(missing.value, tl.NotFoundError)
    assert "/nowhere/model.gguf" in str(missing.value)


def test_a_loaded_transformers_model_gives_the_numbers_of_its_files() -> None:
    transformers = pytest.importorskip("transformers")
    path = FIXTURES / "models" / "llama"
    theirs = transformers.AutoModelForCausalLM.from_pretrained(path)
    before = {name: tensor.clone() for name, tensor in theirs.state_dict().items()}
    ours = tl.Model.from_transformers(theirs)
    ids = [5, 77, 20, 12, 45, 10]
    np.testing.assert_array_equal(ours.logits(ids=ids), tl.Model.from_pretrained(path).logits(ids=ids))
    curve = ours.trace(ids=ids, span=(3, 6)).tug(epsilons=[1], directions=2, audit=1)
    assert curve.audited == 1 and curve.kl.sum() > 0
    assert all((theirs.state_dict()[name] == tensor).all() for name, tensor in before.items())
    with pytest.raises(tl.NotFoundError, match="tokenizer.json"):
        ours.tokenize("a text")
