"""A sweep in shards, which any executor of concurrent.futures' kind measures: pools, Dask, Ray, MPI, Slurm."""

from __future__ import annotations

import json
import math
import os
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from tugline import _arguments, _tugline
from tugline._arguments import Data
from tugline._errors import (
    ConflictError,
    Error,
    InputError,
    Interrupted,
    NothingToMeasureError,
    NotFoundError,
    UnsupportedError,
    UsageError,
)
from tugline._model import Model
from tugline._options import SweepOptions, sendable_options, set_sweep_options, takes
from tugline._run import Run, merge

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Future(Protocol):
    """What an executor promises."""

    def done(self) -> bool: ...
    def cancel(self) -> Any: ...
    def exception(self) -> BaseException | None: ...
    def result(self) -> Any: ...


class Submitter(Protocol):
    """What a sweep needs of an executor: of ``concurrent.futures``, a Dask client, and their like."""

    def submit(self, fn: Callable[..., Any], /, *args: Any) -> Any: ...


Executor: TypeAlias = "Submitter | Callable[[], Submitter]"

# Another attempt would end in the same way.
_FINAL = (UsageError, InputError, UnsupportedError, NotFoundError, ConflictError, NothingToMeasureError)
_SECONDS_BETWEEN_LOOKS = 0.05


@dataclass(frozen=True)
class _Task:
    """What a worker needs to measure any shard of a run. It is pickled."""

    recipe: Mapping[str, Any]  # the arguments of Model.from_pretrained
    fingerprint: str  # of the weights that the caller has
    data: str  # a file
    data_in_memory: bool  # the file holds what the caller gave
    fields: Mapping[str, str]
    options: Mapping[str, Any]
    folder: str
    shards: int
    id: str = field(default_factory=lambda: uuid.uuid4().hex)  # Dask takes equal calls for one

    def store(self, shard: int) -> str:
        return str(Path(self.folder) / _tugline.path_of_part("{shard}.db", shard, self.shards))


# The model of this process's last shard, and the lock under which it is loaded.
_loaded: dict[str, Model] = {}
_loading = threading.Lock()
_is_forked = False


def _note_fork() -> None:
    global _is_forked
    _is_forked = True


os.register_at_fork(after_in_child=_note_fork)


def _model_of(task: _Task) -> Model:
    key = json.dumps([task.fingerprint, dict(task.recipe)], sort_keys=True)
    with _loading:
        if key not in _loaded:
            _loaded.clear()
            model = Model.from_pretrained(**task.recipe)
            if model.fingerprint != task.fingerprint:
                raise ConflictError(
                    f"{model.path}: the weights on {os.uname().nodename} are {model.fingerprint}, and {task.fingerprint} where the sweep was started"
                )
            _loaded[key] = model
        return _loaded[key]


def _measure(task: _Task, shard: int, attempt: int) -> list[str]:
    """Measures a shard into its store, or what that lacks, and returns the warnings. Runs in a worker."""
    del attempt  # is there so that no two calls are equal
    if _is_forked:
        raise UsageError(
            "executor: the worker is a fork of a process that computes, whose threads it lacks; give "
            'ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn"))'
        )
    model = _model_of(task)
    settings = _tugline.SweepSettings()
    set_sweep_options(settings, model._handle, {**task.options, "shard": (shard, task.shards)})
    source = _tugline.DataSource()
    source.path, source.fields = task.data, dict(task.fields)
    if task.data_in_memory:
        source.text = Path(task.data).read_text(encoding="utf-8")
        source.path = "data"
    warnings: list[str] = []
    _tugline.sweep(model._handle, source, task.store(shard), settings, warnings.append, None)
    return warnings


class _Pool:
    """The caller's executor, or those that the caller's function makes: a new one after one that broke."""

    def __init__(self, executor: Executor):
        self._make = None if hasattr(executor, "submit") else executor
        self._executor: Any = executor if self._make is None else None

    def submit(self, *call: Any) -> Any:
        if self._executor is None and self._make is not None:
            self._executor = self._make()
        return self._executor.submit(*call)

    def renew(self) -> bool:
        """False if the broken executor is the caller's own."""
        self.close()
        return self._make is not None

    def close(self) -> None:
        """Waits for what is under way."""
        if self._make is not None and self._executor is not None:
            executor, self._executor = self._executor, None
            executor.shutdown(wait=True, cancel_futures=True)


class _Shards:
    """Submits every shard, and a lost one again, until all are measured."""

    def __init__(self, task: _Task, attempts: int, pool: _Pool, finished: Callable[[], None]):
        self._task = task
        self._attempts = attempts
        self._pool = pool
        self._finished = finished
        self._lost = dict.fromkeys(range(1, task.shards + 1), 0)  # how often, of each shard that is not measured
        self._breaks = 0  # of executors, since a shard was measured
        self.warnings: dict[str, None] = {}

    def measure(self) -> None:
        futures: dict[int, Any] = {}
        try:
            while self._lost:
                try:
                    for shard in sorted(self._lost.keys() - futures.keys()):
                        futures[shard] = self._pool.submit(_measure, self._task, shard, self._lost[shard])
                    self._collect(futures)
                except BrokenExecutor as broken:
                    futures.clear()
                    self._renew(broken)
                if self._lost:
                    time.sleep(_SECONDS_BETWEEN_LOOKS)
        finally:
            for future in futures.values():
                future.cancel()

    def _collect(self, futures: dict[int, Any]) -> None:
        """Takes the results that are there. A shard that is lost leaves ``futures``."""
        for shard in [shard for shard, future in futures.items() if future.done()]:
            error = _error_of(futures[shard])
            if error is None:
                self.warnings.update(dict.fromkeys(futures.pop(shard).result()))
                del self._lost[shard]
                self._breaks = 0
                self._finished()
            elif isinstance(error, BrokenExecutor):
                raise error
            elif isinstance(error, _FINAL):
                raise error
            else:
                del futures[shard]
                self._count_loss(shard, error)

    def _count_loss(self, shard: int, error: BaseException) -> None:
        self._lost[shard] += 1
        if self._lost[shard] >= self._attempts:
            raise Error(
                f"shard {shard} of {self._task.shards} was lost {self._lost[shard]} times, the last time by "
                f"{type(error).__name__}: {error}; {_kept(self._task)}"
            ) from error

    def _renew(self, broken: BrokenExecutor) -> None:
        self._breaks += 1
        if not self._pool.renew():
            raise Error(
                f"executor: it is broken ({broken}); give a function that makes executors in place of one, such as "
                f"lambda: ProcessPoolExecutor(4), and a new one takes over; {_kept(self._task)}"
            ) from broken
        if self._breaks >= self._attempts:
            raise Error(
                f"executor: {self._breaks} of them broke without measuring a shard ({broken}); {_kept(self._task)}"
            ) from broken


def _kept(task: _Task) -> str:
    return f"finished units are kept in {task.folder}, and the same call goes on there"


def _error_of(future: Any) -> BaseException | None:
    """The error of a future that is done. A cancelled future raises it in place of returning it."""
    try:
        error: BaseException | None = future.exception()
        return error
    except KeyboardInterrupt:
        raise
    except BaseException as raised:  # CancelledError is no Exception in every library
        return raised


def _shards_in(folder: Path) -> set[int]:
    """The numbers of shards of the divisions whose stores are in the folder."""
    names = (re.fullmatch(r"\d+-of-(\d+)\.db", path.name) for path in folder.glob("*.db"))
    return {int(name.group(1)) for name in names if name}


def _number_of_shards(folder: Path, shards: int | None, shard_seconds: float, forecast: tuple[int, int, int, float]) -> int:
    begun = _shards_in(folder)
    if shards is None and len(begun) == 1:
        return begun.pop()
    if begun and begun != {shards}:
        found = ", ".join(map(str, sorted(begun)))
        raise UsageError(f"shards: {folder} has stores of a division into {found}; give shards={min(begun)}, or another folder")
    spans, _, _, seconds = forecast
    if shards is not None:
        return shards
    return max(1, min(spans, max(math.ceil(seconds / shard_seconds), _LEAST_SHARDS)))


# So that a sweep of a few minutes is shared, too.
_LEAST_SHARDS = 8


@contextmanager
def _says_what_is_kept(task: _Task) -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt as stopped:
        raise Interrupted(f"interrupted; {_kept(task)}") from stopped


def _data_file(data: Data, fields: Mapping[str, str] | None, folder: Path) -> tuple[str, bool]:
    """The file from which workers read the data; and whether it was made for them."""
    source = _arguments.data_source(data, fields)
    if source.text is None:
        return str(Path(source.path).absolute()), False
    path = folder / "data.json"
    made = folder / f"data.json.new-{os.getpid()}"
    made.write_text(source.text, encoding="utf-8")
    made.replace(path)
    return str(path), True


def _count(value: Any, name: str) -> int:
    count = _arguments.whole(value, name)
    if count < 1:
        raise UsageError(f"{name}: {count} is not 1 or more")
    return count


def _check(model: Model, executor: Any) -> None:
    if not isinstance(model, Model):
        raise UsageError(f"model: expected a tugline.Model, found {type(model).__name__}")
    if model._recipe is None:
        raise UsageError("model: it was made from a model in memory, which workers cannot load; save that, and load it with from_pretrained")
    if not hasattr(executor, "submit") and not callable(executor):
        raise UsageError(f"executor: expected an object with submit(), or a function that makes one, found {type(executor).__name__}")


@takes(SweepOptions, _tugline.SweepSettings(), without=("shard", "node_tolerance"))
def sweep_shards(
    model: Model,
    data: Data,
    path: str | os.PathLike[str],
    *,
    executor: Executor,
    shards: int | None = None,
    shard_seconds: float = 120,
    folder: str | os.PathLike[str] | None = None,
    attempts: int = 3,
    keep_shards: bool = False,
    fields: Mapping[str, str] | None = None,
    progress: bool = True,
    **options: Unpack[SweepOptions],
) -> Run:
    """Measures what ``sweep`` measures, in shards on the workers of an executor, and merges them into the run store at ``path``.

    ``executor``: anything with ``submit(function, *arguments)`` whose futures have ``done``, ``exception``, ``result`` and ``cancel``: the pools of
    ``concurrent.futures``, a Dask client, and others (docs/clusters.md); or a function without arguments that makes one. If an executor
    breaks because a worker died, the function makes the next.

    Workers load the model as the caller did, from the same name or path, with the same number of threads, and read the data and write their stores
    in files that all machines see. ``shards``: into how many parts of about equal predicted cost; None: as many that each takes about ``shard_seconds``
    on a machine like this one, at least 8. ``folder``: of the shards' stores; None: ``path`` + ".shards". A shard that is lost is
    submitted again, and goes on with its store, at most ``attempts`` times in all. The stores are removed after the merge, except with ``keep_shards``.

    Ctrl-C cancels the shards that have not begun and raises ``Interrupted``. The same call goes on with the stores that are there.
    Errors: those of ``sweep``; ``Error`` for a shard that is lost too often; ``UsageError`` if ``path`` holds only a part of the run.
    """
    _check(model, executor)
    out = _arguments.path_of(path)
    limit = _count(attempts, "attempts")
    wanted = None if shards is None else _count(shards, "shards")
    pace = _arguments.number(shard_seconds, "shard_seconds")
    if not pace > 0:
        raise UsageError(f"shard_seconds: {shard_seconds} is not above 0")
    place = Path(_arguments.path_of(f"{out}.shards" if folder is None else folder)).absolute()

    sent = sendable_options(options, model._handle)
    settings = _tugline.SweepSettings()
    set_sweep_options(settings, model._handle, sent)
    found = _tugline.forecast(model._handle, _arguments.data_source(data, fields), out, settings, _arguments.warn)
    if os.path.exists(out):
        if found[2] == 0:
            return Run(_tugline.Run.open(out))
        raise UsageError(f"path: {out} lacks {found[2]} of the run's {found[1]} units; sweep() goes on there; sweep_shards() makes a new store")
    place.mkdir(parents=True, exist_ok=True)
    file, is_made = _data_file(data, fields, place)
    task = _Task(
        recipe=model._recipe or {},
        fingerprint=model.fingerprint,
        data=file,
        data_in_memory=is_made,
        fields=dict(fields or {}),
        options=sent,
        folder=str(place),
        shards=_number_of_shards(place, wanted, pace, found),
    )
    _loaded.setdefault(json.dumps([task.fingerprint, dict(task.recipe)], sort_keys=True), model)  # for workers that are threads of this process
    pool = _Pool(executor)
    tell, close = _arguments.progress_bar(progress, "shard")
    done = 0

    def finished() -> None:
        nonlocal done
        done += 1
        if tell:
            tell(done, task.shards, done / task.shards, "")

    work = _Shards(task, limit, pool, finished)
    with _says_what_is_kept(task):
        try:
            work.measure()
        finally:
            pool.close()
            close()
        for sentence in work.warnings:
            _arguments.warn(sentence)
        stores = [task.store(shard) for shard in range(1, task.shards + 1)]
        run = merge(out, stores)
    if not keep_shards:
        for name in [*stores, *([file] if is_made else [])]:
            Path(name).unlink()
        if not any(place.iterdir()):
            place.rmdir()
    return run
