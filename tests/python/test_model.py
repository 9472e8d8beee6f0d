"""Models, tokens, logits, residuals."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import warnings

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


def test_blocks_add_their_outputs_to_the_residual(model: tl.Model) -> None:
    text = "So the total is 12."
    names = ("resid_pre", "attn_out", "resid_mid", "mlp_out", "resid_post")
    pre, attended, mid, activated, post = (model.residuals(text, layers=[1], hook=hook)[1] for hook in names)
    np.testing.assert_allclose(pre + attended, mid, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(mid + activated, post, rtol=1e-5, atol=1e-5)
    heads = [model.residuals(text, layers=[1], hook="z", head=head)[1] for head in range(model.heads)]
    assert all(head.shape == (len(pre), model.head_dim) for head in heads)
    assert not np.array_equal(heads[0], heads[1])


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
        (lambda m: m.residuals("a b", hook="z"), "head: the hook 'z'"),
        (lambda m: m.residuals("a b", hook="z", head=99), "no head 99"),
        (lambda m: m.residuals("a b", hook="attn_out", head=0), "leave out head 0"),
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


def test_the_hubs_settings_are_arguments(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = tmp_path / "hub" / "models--org--tiny" / "snapshots" / ("c0ffee" * 7)[:40]
    snapshot.parent.mkdir(parents=True)
    shutil.copytree(FIXTURES / "tiny_model", snapshot)
    references = tmp_path / "hub" / "models--org--tiny" / "refs"
    references.mkdir()
    (references / "main").write_text(snapshot.name)
    (references / "v2").write_text(snapshot.name)
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "elsewhere"))
    before = dict(os.environ)
    model = tl.Model.from_pretrained("org/tiny", cache_dir=tmp_path / "hub", revision="v2", local_files_only=True)
    assert model.name.startswith("org/tiny")
    with pytest.raises(tl.NotFoundError, match="local_files_only is set"):
        tl.Model.from_pretrained("org/tiny", local_files_only=True)
    with pytest.raises(tl.NotFoundError, match="v3"):
        tl.Model.from_pretrained("org/tiny", cache_dir=tmp_path / "hub", revision="v3", local_files_only=True)
    with pytest.raises(tl.UsageError, match="^token: .* printable ASCII") as refused:
        tl.Model.from_pretrained("org/tiny", cache_dir=tmp_path / "hub", token="a secret")
    assert "secret" not in str(refused.value)
    with pytest.raises(tl.UsageError, match="^revision: "):
        tl.Model.from_pretrained(FIXTURES / "tiny_model", revision="main")
    with pytest.raises(tl.UsageError, match="^revision: .*one of the two"):
        tl.Model.from_pretrained("org/tiny@main", revision="v2", cache_dir=tmp_path / "hub")
    assert dict(os.environ) == before


def test_what_a_tokenizers_files_contradict_is_a_warning(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(FIXTURES / "tiny_model", folder)
    (folder / "tokenizer_config.json").write_text('{"add_bos_token": false}')
    model = tl.Model.from_pretrained(folder)
    with pytest.warns(tl.TuglineWarning, match="add_bos_token"):
        model.tokenize("So it is.")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model.tokenize("So it is.")  # said once


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
