"""From what a Python user gives to what the library takes. Every refusal names the argument, what was expected and what came."""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tugline import _tugline
from tugline._errors import InputError, TuglineWarning, UsageError, in_python_words

if TYPE_CHECKING:
    import pandas as pd

FloatArray: TypeAlias = npt.NDArray[np.float64]
# "last", "all", a layer, or several; negative ones count from the end.
Layers: TypeAlias = "str | int | Iterable[int]"
# How many random directions; or vectors [n, d_model]: a NumPy array, a torch or JAX tensor, anything with __array__ or __dlpack__; or a
# direction file.
Directions: TypeAlias = Any
Data: TypeAlias = "str | os.PathLike[str] | Sequence[Mapping[str, Any]] | pd.DataFrame"


def warn(sentence: str) -> None:
    """Says a sentence of the library's as a Python warning."""
    warnings.warn(in_python_words(sentence), TuglineWarning, stacklevel=4)


def array(value: Any, name: str) -> FloatArray:
    """Any library's array of numbers as float64, finite, contiguous. Tensors on other devices are copied from there."""
    if hasattr(value, "detach") and hasattr(value, "cpu"):  # torch
        value = value.detach().cpu()
        value = value.double() if value.is_floating_point() else value
    try:
        found = np.asarray(value)
        if found.dtype == object and hasattr(value, "__dlpack__"):
            found = np.from_dlpack(value)
    except (TypeError, ValueError, BufferError) as error:
        raise UsageError(f"{name}: expected an array of numbers, found {type(value).__name__}: {error}") from error
    is_number = np.issubdtype(found.dtype, np.floating) or np.issubdtype(found.dtype, np.integer)
    if not is_number and found.dtype.kind != "V" and "float" not in found.dtype.name:
        raise UsageError(f"{name}: expected an array of numbers, found {found.dtype} of shape {found.shape}")
    return np.ascontiguousarray(found, dtype=np.float64)


def vectors(value: Any, name: str, width: int) -> FloatArray:
    """Vectors of the residual stream: [n, width], of one vector also [width]."""
    found = array(value, name)
    if found.ndim == 1:
        found = found[np.newaxis, :]
    if found.ndim != 2 or found.shape[1] != width or found.shape[0] == 0:
        raise UsageError(f"{name}: expected vectors of shape [n, {width}] or [{width}], found shape {list(np.shape(value))}")
    bad = np.argwhere(~np.isfinite(found))
    if len(bad):
        row, column = bad[0]
        raise InputError(f"{name}: row {row}, column {column} is {found[row, column]}; expected finite numbers")
    return found


def layers(value: Layers, count: int) -> list[int]:
    """Layer numbers; the library checks that the model has them."""
    if isinstance(value, str):
        if value == "last":
            return [count - 1]
        if value == "all":
            return list(range(count))
        raise UsageError(f"layers: {value!r} is not 'last', 'all', a layer's number or several, such as [20, 24] or range(8)")
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return [int(value)]
    return integers(value, "layers")


def integers(value: Any, name: str) -> list[int]:
    """Whole numbers, at least one."""
    try:
        found = [whole(item, name) for item in value]
    except TypeError as error:
        raise UsageError(f"{name}: expected whole numbers, found {type(value).__name__}") from error
    if not found:
        raise UsageError(f"{name}: is empty; expected at least one")
    return found


def whole(value: Any, name: str) -> int:
    """One whole number."""
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise UsageError(f"{name}: expected a whole number, found {value!r}")
    return int(value.__index__())


def number(value: Any, name: str) -> float:
    """One number."""
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: expected a number, found {value!r}") from error


def token_ids(value: Any) -> npt.NDArray[np.int32]:
    """Token ids [n]."""
    found = np.asarray(value.cpu() if hasattr(value, "cpu") else value)
    if found.ndim != 1 or found.size == 0 or not np.issubdtype(found.dtype, np.integer):
        raise UsageError(f"ids: expected whole numbers of shape [n], found {found.dtype} of shape {list(found.shape)}")
    if found.min() < 0 or found.max() > np.iinfo(np.int32).max:
        raise UsageError(f"ids: expected numbers from 0 up, found {found.min()} to {found.max()}")
    return np.ascontiguousarray(found, dtype=np.int32)


def string(value: Any, name: str) -> str:
    """Text of an argument that is a name or a path."""
    if not isinstance(value, (str, os.PathLike)):
        raise UsageError(f"{name}: expected text, found {type(value).__name__}")
    return os.fspath(value)


def byte_count(value: int | str) -> int:
    """Bytes, or a size such as "4GiB"."""
    if not isinstance(value, str):
        return whole(value, "memory_limit")
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value.endswith(unit) and value[: -len(unit)].isdigit():
            return int(value[: -len(unit)]) * scale
    raise UsageError(f"memory_limit: {value!r} is not a number of bytes or a size such as '4GiB' or '512MiB'")


def push_settings(model: _tugline.LanguageModel, options: Mapping[str, Any]) -> _tugline.PushSettings:
    """The settings of a tug, and the part of a sweep's that says which pushes are made and how they are read."""
    facts = model.info()
    settings = _tugline.PushSettings()
    settings.layers = layers(options["layers"], facts["layers"])
    try:
        settings.epsilons = [number(epsilon, "epsilons") for epsilon in options["epsilons"]]
    except TypeError as error:
        raise UsageError(f"epsilons: expected numbers, found {options['epsilons']!r}") from error
    for name in ("hook", "push", "direction_family", "direction_sharing", "readout", "vocabulary"):
        setattr(settings, name, string(options[name], name))
    for name in ("null_directions", "audit", "moved_tokens", "batch_rows"):
        setattr(settings, name, whole(options[name], name))
    settings.seed = _seed(options["seed"])
    settings.temperature = number(options["temperature"], "temperature")
    settings.memory_limit = byte_count(options["memory_limit"])
    settings.answers = _answers(model, options["answers"])
    _set_directions(settings, options["directions"], facts["d_model"])
    _set_orthogonal(settings, options["orthogonal_to"], facts["d_model"])
    return settings


def _answers(model: _tugline.LanguageModel, answers: Any) -> tuple[int, int] | None:
    """Two token ids; a text stands for the one token that it is."""
    if answers is None:
        return None
    if isinstance(answers, str) or len(answers) != 2:
        raise UsageError(f"answers: expected two tokens, found {answers!r}")
    ids = []
    for answer in answers:
        if isinstance(answer, str):
            found = model.tokenize(answer, "never")[0]
            if len(found) != 1:
                raise UsageError(f"answers: {answer!r} is {len(found)} tokens; expected one, or a token's id")
            answer = found[0]
        ids.append(whole(answer, "answers"))
    return ids[0], ids[1]


def _seed(value: Any) -> int:
    seed = whole(value, "seed")
    if not 0 <= seed < 1 << 64:
        raise UsageError(f"seed is {seed}; expected 0 to 2**64 - 1")
    return seed


def _set_directions(settings: _tugline.PushSettings, directions: Directions, width: int) -> None:
    if isinstance(directions, (str, os.PathLike)):
        settings.direction_file = os.fspath(directions)
    elif hasattr(directions, "__index__") and not hasattr(directions, "__len__") and np.ndim(directions) == 0:
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


def _plain(value: Any) -> Any:
    """A value of a data frame or of NumPy as JSON has it; what is not a number is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def data_source(data: Data, fields: Mapping[str, str] | None) -> _tugline.DataSource:
    """A dataset: a file, or examples in memory."""
    source = _tugline.DataSource()
    source.fields = dict(fields or {})
    if isinstance(data, (str, os.PathLike)):
        source.path = os.fspath(data)
        return source
    records = data.to_dict("records") if hasattr(data, "to_dict") else data
    if isinstance(records, Mapping) or not isinstance(records, Iterable):
        raise UsageError(f"data: expected a path, a list of dicts or a DataFrame, found {type(data).__name__}")
    examples = [_plain(record) for record in records]
    if hasattr(data, "to_dict"):  # a data frame has every column in every row
        examples = [{key: value for key, value in example.items() if value is not None} for example in examples]
    try:
        source.text = json.dumps(examples, ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise InputError(f"data: cannot be written as JSON: {error}") from error
    source.path = "data"
    return source


def progress_bar(progress: bool, unit: str = "push") -> tuple[Callable[[int, int, float, str], None] | None, Callable[[], None]]:
    """What tells a bar of tqdm how far a call is, and what closes it; nothing without tqdm."""
    if not progress:
        return None, lambda: None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None, lambda: None
    bars: list[Any] = []  # none before there is something to show

    def tell(pushes: int, all_pushes: int, work: float, last: str) -> None:
        if not bars:
            bars.append(tqdm(total=all_pushes, unit=unit))
        if last:
            bars[0].set_postfix_str(last, refresh=False)
        bars[0].update(pushes - bars[0].n)

    def close() -> None:
        for bar in bars:
            bar.close()

    return tell, close


def path_of(value: str | os.PathLike[str]) -> str:
    """A path as the library takes it; ~ is the home directory."""
    return str(Path(string(value, "path")).expanduser())
