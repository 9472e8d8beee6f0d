"""Models, their texts, and the spans that are pushed before."""

from __future__ import annotations

import html
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from tugline import _arguments, _tugline
from tugline._arguments import Data, Layers
from tugline._curve import Curve
from tugline._errors import UsageError
from tugline._options import PushOptions, set_push_options, takes, tug_defaults

if TYPE_CHECKING:
    from typing_extensions import Unpack

_DTYPES = {"float32": "F32", "float16": "F16", "bfloat16": "BF16", "float64": "F64"}
@dataclass(frozen=True)
class Tokens:
    """A text as tokens."""

    ids: npt.NDArray[np.int32]  # [n]
    offsets: npt.NDArray[np.int64]  # [n, 2]: of each id, [begin, end) in bytes of the text; a BOS has 0 and 0
    raw: list[bytes]  # the bytes of each id, which need not be UTF-8

    @property
    def pieces(self) -> list[str]:
        """The text of each id; bytes that are not UTF-8 by themselves are U+FFFD."""
        return [piece.decode("utf-8", errors="replace") for piece in self.raw]

    def __len__(self) -> int:
        return len(self.ids)


def _tokens(parts: tuple[Any, Any, Any, list[bytes]]) -> Tokens:
    ids, begins, ends, pieces = parts
    return Tokens(ids, np.stack([begins, ends], axis=-1), pieces)


class Model:
    """A loaded model. Its calls may come from any thread; they run one after the other.

    >>> model = Model.from_pretrained(getfixture("model_path"))  # doctest: +SKIP
    >>> model.tokenize("So the total is 12.").pieces  # doctest: +SKIP
    """

    def __init__(self, handle: _tugline.LanguageModel):
        self._handle = handle
        self._recipe: dict[str, Any] | None = None  # how another process loads it: arguments of from_pretrained, without the token
        facts = handle.info()
        self.name: str = facts["name"]
        self.path: str = facts["path"]
        self.architecture: str = facts["architecture"]
        self.fingerprint: str = facts["fingerprint"]  # of the weights
        self.precision: str = facts["precision"]  # how it computes, which need not be what was asked for
        self.layers: int = facts["layers"]
        self.d_model: int = facts["d_model"]
        self.vocabulary: int = facts["vocabulary"]
        self.heads: int = facts["heads"]
        self.head_dim: int = facts["head_dim"]
        self.max_positions: int = facts["max_positions"]  # 0 if the files do not say

    @classmethod
    def from_pretrained(
        cls,
        model: str | os.PathLike[str],
        *,
        revision: str | None = None,
        token: str | None = None,
        cache_dir: str | os.PathLike[str] | None = None,
        local_files_only: bool = False,
        precision: str = "f32",
        threads: int | None = None,
    ) -> Model:
        """Loads a model: ``ORG/NAME`` on the hub, a directory, or a .gguf file.

        A model that the hub's cache lacks is downloaded into it. ``revision``: a branch, tag or commit. ``token``, ``cache_dir``,
        ``local_files_only``: as the hub's own library has them; by default as its environment variables say.
        ``precision``: "f32"; "bf16", right to about a percent; "plain-bf16", what a bf16 model behind hooks computes, noise included.
        ``threads``: of the model's calls; None: all.

        Errors: ``NotFoundError`` (a ``FileNotFoundError``) says what was looked for and where; ``InputError``,
        ``UnsupportedError`` name the setting or tensor for which the model cannot be run.
        """
        options = _arguments.model_options(precision, threads)
        hub = _tugline.HubOptions()
        hub.revision = "" if revision is None else _arguments.string(revision, "revision")
        hub.token = "" if token is None else _arguments.string(token, "token")
        hub.cache = "" if cache_dir is None else _arguments.path_of(cache_dir)
        hub.local_files_only = bool(local_files_only)
        options.hub = hub
        tell, close = _arguments.download_bar()
        try:
            loaded = cls(_tugline.LanguageModel.load(_arguments.path_of(model), options, _arguments.warn, tell))
        finally:
            close()
        name = _arguments.path_of(model)
        loaded._recipe = {
            "model": os.path.abspath(name) if os.path.exists(name) else name,
            "revision": revision,
            "cache_dir": None if cache_dir is None else os.path.abspath(hub.cache),
            "local_files_only": hub.local_files_only,
            "precision": options.precision,
            "threads": None if threads is None else options.threads,
        }
        return loaded

    @classmethod
    def from_transformers(cls, model: Any, tokenizer: Any = None, *, precision: str = "f32", threads: int | None = None) -> Model:
        """A loaded transformers model, on the CPU, by its own weights: no copy on disk, and none in memory but tugline's packed one.

        The weights are read only. They may be in f32, f16, bf16 or f64. ``tokenizer``: a fast one, for texts; without it, ids.

        Errors: ``UnsupportedError`` and ``InputError`` name the setting or tensor for which the model cannot be run.
        """
        folder = tempfile.TemporaryDirectory(prefix="tugline-")
        model.config.save_pretrained(folder.name)
        if tokenizer is not None:
            tokenizer.save_pretrained(folder.name)
        kept = {name: tensor.detach().contiguous() for name, tensor in model.state_dict().items()}
        tensors = {}
        for name, tensor in kept.items():
            dtype = str(tensor.dtype).removeprefix("torch.")
            if tensor.device.type != "cpu":
                raise UsageError(f"model: its tensor {name} is on {tensor.device}; expected all on the CPU: model.cpu()")
            if dtype in _DTYPES:
                tensors[name] = (_DTYPES[dtype], list(tensor.shape), tensor.data_ptr(), tensor.numel() * tensor.element_size())
        if getattr(model.config, "tie_word_embeddings", False):
            tensors.pop("lm_head.weight", None)  # the embedding, by another name
        name = getattr(model.config, "_name_or_path", "") or type(model).__name__
        options = _arguments.model_options(precision, threads)
        return cls(_tugline.LanguageModel.load_memory(name, folder.name, tensors, (folder, kept), options, _arguments.warn))

    def __repr__(self) -> str:
        return (
            f"<tugline.Model {self.name}: {self.architecture}, {self.layers} layers of width {self.d_model}, "
            f"vocabulary {self.vocabulary}, {self.precision}>"
        )

    def tokenize(self, text: str, *, bos: str = "auto") -> Tokens:
        """The text's tokens. ``bos``: "auto" (as the tokenizer says), "always", "never"."""
        return _tokens(self._handle.tokenize(_arguments.string(text, "text"), bos, _arguments.warn))

    def decode(self, ids: Iterable[int]) -> str:
        """The text of ids. Special tokens are kept."""
        return self._handle.decode(_arguments.token_ids(ids))

    def _ids(self, text: str | None, ids: Iterable[int] | None, bos: str) -> npt.NDArray[np.int32]:
        if (text is None) == (ids is None):
            raise UsageError("text, ids: expected one of them, found both" if ids is not None else "text, ids: expected one of them")
        return self.tokenize(text, bos=bos).ids if text is not None else _arguments.token_ids(ids)

    def logits(self, text: str | None = None, *, ids: Iterable[int] | None = None, bos: str = "auto") -> npt.NDArray[np.float32]:
        """Next-token logits, float32 [n, vocabulary]. ``ids`` are run as they are."""
        return self._handle.logits(self._ids(text, ids, bos), _arguments.warn)

    def residuals(
        self,
        text: str | None = None,
        *,
        ids: Iterable[int] | None = None,
        layers: Layers = "last",
        hook: str = "resid_post",
        head: int | None = None,
        bos: str = "auto",
    ) -> dict[int, npt.NDArray[np.float32]]:
        """The activations at a hook of each layer: {layer: float32 [n, d_model]}, or [n, head_dim] at "z".

        ``hook``: TransformerLens's names: "resid_pre", "resid_mid", "resid_post", the residual stream; "attn_out", "mlp_out", a block's
        output as it is added to the residual; "z", the output of one query ``head``.
        """
        chosen = _arguments.layers(layers, self.layers)
        return self._handle.residuals(self._ids(text, ids, bos), chosen, hook, _arguments.head(head), _arguments.warn)

    def _transcript(
        self, text: str | None, ids: Iterable[int] | None, data: Data | None, example: int, fields: Mapping[str, str] | None, bos: str
    ) -> _tugline.Transcript:
        if sum(given is not None for given in (text, ids, data)) != 1:
            raise UsageError("text, ids, data: expected one of them")
        if text is not None:
            return self._handle.transcript(_arguments.string(text, "text"), bos, _arguments.warn)
        if data is not None:
            source = _arguments.data_source(data, fields)
            return self._handle.transcript_of_example(source, _arguments.whole(example, "example"), bos, _arguments.warn)
        return self._handle.transcript_of_ids(_arguments.token_ids(ids))

    def trace(
        self,
        text: str | None = None,
        *,
        sentence: str | None = None,
        span: tuple[int, int] | None = None,
        ids: Iterable[int] | None = None,
        data: Data | None = None,
        example: int = 0,
        fields: Mapping[str, str] | None = None,
        bos: str = "auto",
    ) -> Trace:
        """A span of a text, to push before: the only place of ``sentence`` in it, or the tokens ``span`` = (begin, end), end left out.

        ``ids``: token ids in place of a text, run as they are. ``data``: a dataset, whose ``example`` is the text; without a sentence or a
        span, its anchor is the span. Random directions are then those of a sweep of the dataset. ``fields``: as a sweep takes them.
        The push lands on the token before the span.
        """
        transcript = self._transcript(text, ids, data, example, fields, bos)
        if (sentence is None) == (span is None) and (data is None or sentence is not None):
            raise UsageError("sentence, span: expected one of them")
        if sentence is None and span is None:
            return Trace(self, transcript, transcript.anchor(_arguments.warn))
        if sentence is not None:
            return Trace(self, transcript, transcript.trace_sentence(_arguments.string(sentence, "sentence")))
        bounds = _arguments.integers(span, "span")
        if len(bounds) != 2:
            raise UsageError(f"span: expected (begin, end), found {span!r}")
        return Trace(self, transcript, transcript.trace_span(bounds[0], bounds[1]))

    @takes(PushOptions, tug_defaults())
    def tug_sentences(
        self,
        text: str | None = None,
        *,
        data: Data | None = None,
        example: int = 0,
        fields: Mapping[str, str] | None = None,
        bos: str = "auto",
        progress: bool = False,
        **options: Unpack[PushOptions],
    ) -> list[Sentence]:
        """Pushes at each sentence of a text, or of a dataset's ``example``, as ``Trace.tug`` does at one span, and ranks the sentences.

        The sentence with the largest response comes first. The sentences of an example are its chunks; a text is cut by the same rule.
        The other arguments are those of ``Model.trace`` and ``Trace.tug``. Warns of sentences at which no push can be made.

        Errors: those of ``Model.trace`` and ``Trace.tug``; ``NothingToMeasureError`` if there is no sentence to push at.
        """
        transcript = self._transcript(text, None, data, example, fields, bos)
        settings = _tugline.PushSettings()
        set_push_options(settings, self._handle, options)
        tokens = _tokens_of_transcript(transcript)
        tell, close = _arguments.progress_bar(progress)
        try:
            found = transcript.tug_sentences(settings, _arguments.warn, tell)
        finally:
            close()
        return [
            Sentence(number, words, (begin, end), response, Curve(handle, tokens.raw, tokens.ids, settings.readout, self.d_model))
            for number, words, begin, end, response, handle in found
        ]


@dataclass(frozen=True)
class Sentence:
    """One sentence of a text, and what pushes at it did."""

    number: int  # in the text, from 0
    text: str
    span: tuple[int, int]  # its tokens, end left out
    response: float  # mean KL, nats, at the epsilon of largest size, over layers, directions and rows: by this sentences are ranked
    curve: Curve


class Trace:
    """One span of a text. Shows itself in a notebook as the text with the span marked."""

    def __init__(self, model: Model, transcript: _tugline.Transcript, handle: _tugline.Trace):
        self.model = model
        self._handle = handle
        self.tokens = _tokens_of_transcript(transcript)
        self.span = (handle.begin, handle.end)

    @takes(PushOptions, tug_defaults())
    def tug(self, *, progress: bool = False, **options: Unpack[PushOptions]) -> Curve:
        """Pushes before the span, or at its tokens, and measures how far the next-token distributions move.

        ``directions``: how many random ones; or vectors [n, d_model] or [d_model] from NumPy, torch, JAX; or a function that gives
        such vectors for a ``Site`` (a layer); or a direction file.
        ``hook``: as in ``Model.residuals``; at "z" of one ``head`` vectors have head_dim components. ``at``: the tokens that are pushed:
        "before" the span, its "first" or "last", "every" one. ``epsilons``: in units of the RMS of what is pushed. All other names and
        defaults are those of ``tugline sweep``.

        Errors: ``UsageError`` and ``InputError`` (``ValueError``) name the argument; ``Interrupted`` (a ``KeyboardInterrupt``).
        """
        settings = _tugline.PushSettings()
        set_push_options(settings, self.model._handle, options)
        tell, close = _arguments.progress_bar(progress)
        try:
            responses = self._handle.tug(settings, _arguments.warn, tell)
        finally:
            close()
        return Curve(responses, self.tokens.raw, self.tokens.ids, settings.readout, self.model.d_model)

    def __repr__(self) -> str:
        begin, end = self.span
        return f"<tugline.Trace of {len(self.tokens)} tokens, span {begin}:{end} {''.join(self.tokens.pieces[begin:end])!r}>"

    def _repr_html_(self) -> str:
        begin, end = self.span
        parts = [b"".join(self.tokens.raw[a:b]).decode("utf-8", errors="replace") for a, b in ((0, begin), (begin, end), (end, None))]
        before, inside, after = (html.escape(part) for part in parts)
        return f'<pre style="white-space: pre-wrap">{before}<mark>{inside}</mark>{after}</pre>'


def _tokens_of_transcript(transcript: _tugline.Transcript) -> Tokens:
    ids, begins, ends, pieces = transcript.tokens()
    if len(begins) == 0:
        begins = ends = np.zeros(len(ids), dtype=np.int64)
    return _tokens((ids, begins, ends, pieces))
