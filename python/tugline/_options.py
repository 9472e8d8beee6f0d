"""The options of a tug and of a sweep, by their names and defaults in the library (include/tugline/options.h)."""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, TypedDict, TypeVar, cast

from tugline import _tugline
from tugline._arguments import (
    Directions,
    Layers,
    Site,
    byte_count,
    head,
    integers,
    layers,
    number,
    numbers,
    string,
    strings,
    vectors,
    warn,
    whole,
)
from tugline._errors import UsageError


class PushOptions(TypedDict, total=False):
    """Which pushes are made, and how they are read. What is left out has the library's default, as in ``tugline sweep``."""

    layers: Layers
    hook: str
    head: int | None  # of the hook "z"
    at: str
    epsilons: Iterable[float]  # in units of the RMS of what is pushed
    directions: Directions
    direction_family: str
    direction_sharing: str
    null_directions: int
    orthogonal_to: Any  # "residual", a direction file, or vectors [n, d_model]
    push: str
    seed: int
    readout: str
    vocabulary: str
    temperature: float
    answers: tuple[int | str, int | str] | None
    moved_tokens: int
    audit: int
    memory_limit: int | str
    batch_rows: int


class SweepOptions(PushOptions, total=False):
    """The same, and which spans of the dataset are measured."""

    spans: str | Iterable[str]
    bos: str
    max_examples: int | None
    node_tolerance: float | None  # measures only as many epsilons as predict the others to this relative error
    keep_going: bool  # records units with numbers that are not finite as failed, and goes on
    shard: tuple[int, int] | str  # part i of n; "auto": of this rank of mpirun or srun, or of this task of a Slurm array


def _seed(value: Any, name: str) -> int:
    seed = whole(value, name)
    if not 0 <= seed < 1 << 64:
        raise UsageError(f"{name}: {seed} is not from 0 to 2**64 - 1")
    return seed


# What turns an option's value into the library's, for those that need nothing else: converter(value, name).
_CONVERTERS: dict[str, Callable[[Any, str], Any]] = {
    "hook": string,
    "head": head,
    "at": string,
    "epsilons": numbers,
    "direction_family": string,
    "direction_sharing": string,
    "null_directions": whole,
    "push": string,
    "seed": _seed,
    "readout": string,
    "vocabulary": string,
    "temperature": number,
    "moved_tokens": whole,
    "audit": whole,
    "memory_limit": byte_count,
    "batch_rows": whole,
    "spans": strings,
    "bos": string,
    "max_examples": lambda value, name: None if value is None else whole(value, name),
    "node_tolerance": lambda value, name: None if value is None else number(value, name),
    "keep_going": lambda value, name: bool(value),
}


def set_push_options(settings: _tugline.PushSettings, model: _tugline.LanguageModel, options: Mapping[str, Any]) -> None:
    """Sets what of a tug's options is given."""
    facts = model.info()
    for name, value in options.items():
        if name in _CONVERTERS and name in PushOptions.__annotations__:
            setattr(settings, name, _CONVERTERS[name](value, name))
    settings.layers = layers(options.get("layers", "last"), facts["layers"])
    settings.answers = _answers(model, options.get("answers"))
    width = facts["head_dim" if settings.hook == "z" else "d_model"]
    if "directions" in options:
        _set_directions(settings, options["directions"], width)
    _set_orthogonal(settings, options.get("orthogonal_to"), width)


def set_sweep_options(settings: _tugline.SweepSettings, model: _tugline.LanguageModel, options: Mapping[str, Any]) -> None:
    """Sets what of a sweep's options is given."""
    set_push_options(settings.push, model, options)
    for name, value in options.items():
        if name in _CONVERTERS and name not in PushOptions.__annotations__:
            setattr(settings, name, _CONVERTERS[name](value, name))
    settings.shard, settings.shards = shard_of(options.get("shard", (1, 1)))


def shard_of(value: Any) -> tuple[int, int]:
    """(i, n); "auto" is the part of this process among those of a launcher."""
    if isinstance(value, str) and value == "auto":
        return _tugline.launched_part()
    parts = [] if isinstance(value, str) else integers(value, "shard")
    if len(parts) != 2:
        raise UsageError(f'shard: expected (i, n) or "auto", found {value!r}')
    return parts[0], parts[1]


def sendable_options(options: Mapping[str, Any], model: _tugline.LanguageModel) -> dict[str, Any]:
    """The same options of plain values, which another process can take: {name: value}. Vectors are NumPy arrays, and paths are absolute."""
    facts = model.info()
    sent = {name: _CONVERTERS[name](value, name) for name, value in options.items() if name in _CONVERTERS}
    sent["layers"] = layers(options.get("layers", "last"), facts["layers"])
    sent["answers"] = _answers(model, options.get("answers"))
    hook = sent.get("hook", "resid_post")
    width = facts["head_dim" if hook == "z" else "d_model"]
    if "directions" in options:
        sent["directions"] = _sendable_directions(options["directions"], sent["layers"], Site(0, hook, width, sent.get("head")))
    orthogonal = options.get("orthogonal_to")
    if isinstance(orthogonal, (str, os.PathLike)):
        sent["orthogonal_to"] = orthogonal if orthogonal == "residual" else _absolute(orthogonal)
    elif orthogonal is not None:
        sent["orthogonal_to"] = vectors(orthogonal, "orthogonal_to", width)
    return sent


def _absolute(file: str | os.PathLike[str]) -> str:
    """FILE or FILE:TENSOR."""
    return os.path.abspath(os.fspath(file))


def _sendable_directions(directions: Any, chosen: Iterable[int], site: Site) -> Any:
    """What ``_set_directions`` takes for the same vectors."""
    if isinstance(directions, (str, os.PathLike)):
        return _absolute(directions)
    if isinstance(directions, Mapping):
        by_layer = _of_one_kind(directions)
        if hasattr(by_layer, "belong_to"):  # of tugline.vectors
            return by_layer
        return {layer: vectors(given, f"directions of layer {layer}", site.width) for layer, given in by_layer.items()}
    if callable(directions) and not hasattr(directions, "__array__"):
        return {layer: vectors(directions(replace(site, layer=layer)), f"directions of layer {layer}", site.width) for layer in chosen}
    if hasattr(directions, "__index__") and getattr(directions, "ndim", 0) == 0:
        return whole(directions, "directions")
    return vectors(directions, "directions", site.width)


def _answers(model: _tugline.LanguageModel, answers: Any) -> tuple[int, int] | None:
    """Two token ids; a text stands for the one token that it is."""
    if answers is None:
        return None
    if isinstance(answers, str) or len(answers) != 2:
        raise UsageError(f"answers: expected two tokens, found {answers!r}")
    ids = []
    for answer in answers:
        if isinstance(answer, str):
            found = model.tokenize(answer, "never", warn)[0]
            if len(found) != 1:
                raise UsageError(f"answers: {answer!r} is {len(found)} tokens; expected one, or a token's id")
            answer = found[0]
        ids.append(whole(answer, "answers"))
    return ids[0], ids[1]


def _of_one_kind(by_layer: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """{layer: vectors}, also if it is the only kind of {kind: {layer: vectors}}."""
    kinds = [kind for kind, given in by_layer.items() if isinstance(given, Mapping)]
    if len(kinds) > 1:
        names = ", ".join(map(str, kinds))
        raise UsageError(f"directions: expected vectors of one kind, found those of {names}; give one of them, such as vectors[{kinds[0]!r}]")
    if kinds:
        by_layer = by_layer[kinds[0]]
    if not by_layer:
        raise UsageError("directions: expected {layer: vectors}, found an empty mapping")
    return by_layer


def _set_by_layer(settings: _tugline.PushSettings, by_layer: Mapping[Any, Any], width: int) -> None:
    """All layers of the mapping, also those that are not pushed: a run that grows by layers then stays the same run."""
    by_layer = _of_one_kind(by_layer)
    belong_to = getattr(by_layer, "belong_to", {})
    for layer, given in by_layer.items():
        number = whole(layer, "directions: a layer")
        settings.set_vectors_of_layer(number, vectors(given, f"directions of layer {number}", width), belong_to.get(layer, ""))
    settings.vectors_origin = getattr(by_layer, "origin", {})


def _set_directions(settings: _tugline.PushSettings, directions: Any, width: int) -> None:
    if isinstance(directions, (str, os.PathLike)):
        settings.direction_file = os.fspath(directions)
    elif isinstance(directions, Mapping):
        _set_by_layer(settings, directions, width)
    elif callable(directions) and not hasattr(directions, "__array__"):
        for layer in settings.layers:
            given = directions(Site(layer, settings.hook, width, settings.head))
            settings.set_vectors_of_layer(layer, vectors(given, f"directions of layer {layer}", width), "")
    elif hasattr(directions, "__index__") and getattr(directions, "ndim", 0) == 0:
        settings.directions = whole(directions, "directions")
    else:
        settings.set_vectors(vectors(directions, "directions", width))


def _set_orthogonal(settings: _tugline.PushSettings, orthogonal_to: Any, width: int) -> None:
    if orthogonal_to is None:
        return
    if isinstance(orthogonal_to, (str, os.PathLike)):
        settings.orthogonal_to = os.fspath(orthogonal_to)
    else:
        settings.set_orthogonal_vectors(vectors(orthogonal_to, "orthogonal_to", width))


# Defaults that the library writes in another way than a Python user.
_SHOWN_DEFAULTS: dict[str, Any] = {"layers": "last", "orthogonal_to": None, "memory_limit": "4GiB", "shard": (1, 1)}

_Function = TypeVar("_Function", bound=Callable[..., Any])


def takes(options: Any, defaults: _tugline.SweepSettings, without: tuple[str, ...] = ()) -> Callable[[_Function], _Function]:
    """Gives a function of ``**options`` a signature with every option and its default, and refuses other names, as Python does."""

    def default_of(name: str) -> Any:
        if name in _SHOWN_DEFAULTS:
            return _SHOWN_DEFAULTS[name]
        return getattr(defaults.push if name in PushOptions.__annotations__ else defaults, name)

    parameters = [
        inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, default=default_of(name), annotation=getattr(kind, "__forward_arg__", kind)
        )
        for name, kind in options.__annotations__.items()
        if name not in without
    ]

    def decorate(function: _Function) -> _Function:
        own = inspect.signature(function)
        fixed = [parameter for parameter in own.parameters.values() if parameter.kind is not parameter.VAR_KEYWORD]
        signature = own.replace(parameters=[*fixed, *parameters])

        @functools.wraps(function)
        def checked(*arguments: Any, **named: Any) -> Any:
            signature.bind(*arguments, **named)  # raises the TypeError of any function
            return function(*arguments, **named)

        setattr(checked, "__signature__", signature)
        return cast(_Function, checked)

    return decorate


def tug_defaults() -> _tugline.SweepSettings:
    """A tug's are those of the library's PushSettings."""
    settings = _tugline.SweepSettings()
    settings.push = _tugline.PushSettings()
    return settings
