"""Diff-in-means vectors of a dataset's sentences, to push along."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping

import numpy as np
import numpy.typing as npt

from tugline import _arguments, _tugline
from tugline._arguments import Data, FloatArray, Layers
from tugline._errors import UsageError
from tugline._model import Model


def _places(belong_to: str) -> npt.NDArray[np.int64]:
    """"0:3,0:4" as [[0, 3], [0, 4]]."""
    places = [text.split(":") for text in belong_to.split(",") if text]
    return np.array([[int(place[0]), int(place[1]) if len(place) > 1 else -1] for place in places], dtype=np.int64).reshape(-1, 2)


class LayerVectors(Mapping[int, FloatArray]):
    """The vectors of one kind: {layer: float64 [n, width]}, read-only. ``directions=`` takes it as it is."""

    def __init__(self, kind: str, by_layer: Mapping[int, tuple[FloatArray, str]], origin: dict[str, str]):
        self.kind = kind
        self._by_layer = {layer: array for layer, (array, _) in by_layer.items()}
        self.belong_to: dict[int, str] = {layer: text for layer, (_, text) in by_layer.items()}
        self.origin = origin
        # By layer, [n, 2]: the example and the chunk of each vector; the chunk is -1 if the vector is of a whole example. Empty for "global".
        self.rows: dict[int, npt.NDArray[np.int64]] = {layer: _places(text) for layer, text in self.belong_to.items()}

    def __getitem__(self, layer: int) -> FloatArray:
        return self._by_layer[layer]

    def __iter__(self) -> Iterator[int]:
        return iter(self._by_layer)

    def __len__(self) -> int:
        return len(self._by_layer)

    def __repr__(self) -> str:
        shapes = ", ".join(f"layer {layer} {list(array.shape)}" for layer, array in self.items())
        return f"<tugline.LayerVectors {self.kind}: {shapes}>"


class Vectors(Mapping[str, LayerVectors]):
    """Vectors by kind: ``vectors["global"][20]`` is float64 [1, width]. ``save`` writes what ``tugline vectors`` writes."""

    def __init__(self, handle: _tugline.Vectors):
        self._handle = handle
        self.metadata: dict[str, str] = handle.metadata()  # docs/formats.md, "Vector files"
        self._kinds = {kind: LayerVectors(kind, layers, self.metadata) for kind, layers in handle.kinds().items()}

    def __getitem__(self, kind: str) -> LayerVectors:
        return self._kinds[kind]

    def __iter__(self) -> Iterator[str]:
        return iter(self._kinds)

    def __len__(self) -> int:
        return len(self._kinds)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes a direction file; its name ends in .safetensors. The file is replaced whole or left as it was."""
        self._handle.save_file(_arguments.path_of(path))

    def __repr__(self) -> str:
        return f"<tugline.Vectors {', '.join(repr(vectors) for vectors in self.values())}>"


def vectors(
    model: Model,
    data: Data,
    *,
    layers: Layers = "last",
    hook: str = "resid_post",
    head: int | None = None,
    kinds: str | Iterable[str] | None = None,
    metric: str = "counterfactual_importance_kl",
    threshold: float = 0.2,
    centred: bool = False,
    bos: str = "auto",
    max_examples: int | None = None,
    fields: Mapping[str, str] | None = None,
) -> Vectors:
    """Makes diff-in-means vectors of the dataset's sentences, as ``tugline vectors`` does (docs/method.md, "Vectors from means").

    ``data``, ``fields``: as ``sweep`` takes them. ``layers``, ``hook``, ``head``: as ``Model.residuals`` takes them. ``kinds``: "chunk", one
    vector for each sentence; "example", one for each example's anchor; "global", one for all examples: the mean of the chunks whose
    ``metric`` is above ``threshold``, minus the mean of the others. None: all three, but no global one if no chunk has the metric.
    ``centred``: for "global", each example's own mean is subtracted first.

    Returns vectors by kind and layer, float64 [n, d_model], or [n, head_dim] at the hook "z":

    >>> made = tl.vectors(model, "annotated.json", layers=[20, 24])  # doctest: +SKIP
    >>> trace.tug(layers=[20, 24], directions=made["global"])  # doctest: +SKIP

    Errors: ``UsageError`` names the argument; ``NothingToMeasureError`` if the data give no vector of a kind; ``Interrupted``.
    """
    if not isinstance(model, Model):
        raise UsageError(f"model: expected a tugline.Model, found {type(model).__name__}")
    settings = _tugline.VectorSettings()
    settings.layers = _arguments.layers(layers, model.layers)
    settings.hook = _arguments.string(hook, "hook")
    settings.head = _arguments.head(head)
    if kinds is not None:
        settings.kinds = _arguments.strings(kinds, "kinds")
    settings.metric = _arguments.string(metric, "metric")
    settings.threshold = _arguments.number(threshold, "threshold")
    settings.centred = bool(centred)
    settings.bos = _arguments.string(bos, "bos")
    settings.max_examples = None if max_examples is None else _arguments.whole(max_examples, "max_examples")
    return Vectors(_tugline.vectors(model._handle, _arguments.data_source(data, fields), settings, _arguments.warn))
