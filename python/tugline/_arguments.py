"""From what a Python user gives to what the library takes. Every refusal names the argument, what was expected and what came."""

from __future__ import annotations

import json
import math
import os
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import numpy.typing as npt

from tugline import _tugline
from tugline._errors import InputError, TuglineWarning, UsageError

if TYPE_CHECKING:
    import pandas as pd

FloatArray: TypeAlias = npt.NDArray[np.float64]
# "last", "all", a layer, or several; negative ones count from the end.
Layers: TypeAlias = "str | int | Iterable[int]"
# How many random directions; or vectors [n, d_model], or [n, head_dim] at the hook "z": a NumPy array, a torch or JAX tensor, anything
# with __array__ or __dlpack__; or {layer: vectors}; or a function that gives them for a Site; or a direction file.
Directions: TypeAlias = Any
Data: TypeAlias = "str | os.PathLike[str] | Sequence[Mapping[str, Any]] | pd.DataFrame"


@dataclass(frozen=True)
class Site:
    """A place in the model where pushes land, as a function ``directions=`` receives it."""

    layer: int  # from 0
    hook: str
    width: int  # of what is pushed: d_model, or head_dim at the hook "z"
    head: int | None = None  # of the hook "z"


def warn(sentence: str) -> None:
    """Says a sentence of the library's as a Python warning, at the line that called the package."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("tugline."):
        frame, level = frame.f_back, level + 1
    warnings.warn(sentence, TuglineWarning, stacklevel=level)


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
    if not is_number and "float" not in found.dtype.name:  # bfloat16 and its like are no kind of NumPy's own
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
    """Layer numbers from 0 for those that the model has; the library refuses others."""
    if isinstance(value, str):
        if value == "last":
            return [count - 1]
        if value == "all":
            return list(range(count))
        raise UsageError(f"layers: {value!r} is not 'last', 'all', a layer's number or several, such as [20, 24] or range(8)")
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        return [_from_zero(int(value), count)]
    return [_from_zero(layer, count) for layer in integers(value, "layers")]


def _from_zero(layer: int, count: int) -> int:
    return layer + count if -count <= layer < 0 else layer


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


def numbers(value: Any, name: str) -> list[float]:
    """Numbers, in the order given."""
    try:
        return [number(item, name) for item in value]
    except TypeError as error:
        raise UsageError(f"{name}: expected numbers, found {value!r}") from error


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


def strings(value: Any, name: str) -> list[str]:
    """Names: several, or one text with commas between them."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",")]
    try:
        return [string(item, name) for item in value]
    except TypeError as error:
        raise UsageError(f"{name}: expected names, found {value!r}") from error


def head(value: Any, name: str = "head") -> int | None:
    """A query head's number, from 0."""
    return None if value is None else whole(value, name)


def byte_count(value: int | str, name: str) -> int:
    """Bytes, or a size such as "4GiB"."""
    if not isinstance(value, str):
        return whole(value, name)
    for unit, scale in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value.endswith(unit) and value[: -len(unit)].isdigit():
            return int(value[: -len(unit)]) * scale
    raise UsageError(f"{name}: {value!r} is not a number of bytes or a size such as '4GiB' or '512MiB'")


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


def model_options(precision: Any, threads: Any) -> _tugline.ModelOptions:
    """The options of a model that do not say where it is."""
    options = _tugline.ModelOptions()
    options.precision = string(precision, "precision")
    options.threads = 0 if threads is None else whole(threads, "threads")
    if options.threads < 0:
        raise UsageError(f"threads: {threads} is not 1 or more, or None for all")
    return options


def download_bar() -> tuple[Callable[[int, int], None] | None, Callable[[], None]]:
    """A bar of tqdm for a download; nothing without tqdm."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None, lambda: None
    bars: list[Any] = []

    def tell(received: int, size: int) -> None:
        if not bars:
            bars.append(tqdm(desc="download", unit="B", unit_scale=True))
        bars[0].total = size
        bars[0].update(received - bars[0].n)

    return tell, lambda: bars[0].close() if bars else None


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
