"""Sweeps over a dataset, and what their run stores say."""

from __future__ import annotations

import html
import os
import shutil
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from tugline import _arguments, _tugline
from tugline._arguments import Data
from tugline._curve import needs
from tugline._errors import TuglineWarning, UsageError
from tugline._model import Model
from tugline._options import SweepOptions, set_sweep_options, takes

if TYPE_CHECKING:
    import pandas as pd
    from typing_extensions import Unpack

TABLES = ("curves", "distance", "responses", "rows", "units", "examples")


class Figure:
    """A figure of a run. Shows itself in a notebook; ``save`` writes it as SVG, PNG or PDF. Drawn by gnuplot."""

    def __init__(self, run: _tugline.Run, settings: _tugline.PlotSettings):
        self._run = run
        self._settings = settings

    def save(self, path: str | os.PathLike[str]) -> None:
        """Writes the figure; the name's end says the format: .svg, .png or .pdf. The file is replaced whole or left as it was."""
        self._run.save_figure(_arguments.path_of(path), self._settings)

    def svg(self) -> str:
        """The figure as SVG."""
        return self._run.figure(self._settings, "svg").decode("utf-8")

    def _repr_svg_(self) -> str:
        return self.svg()


class Run:
    """A run store, finished or not. Every call reads the file as it is then, so a sweep may go on meanwhile."""

    def __init__(self, handle: _tugline.Run):
        self._handle = handle
        self.path: str = handle.path()

    @property
    def identity(self) -> dict[str, str]:
        """What decides the run's numbers, by name (docs/formats.md)."""
        return self._handle.identity()

    @property
    def provenance(self) -> dict[str, str]:
        """What is worth knowing besides: version, machine, names of files."""
        return self._handle.provenance()

    def summary(self) -> str:
        """What ``tugline summary`` prints."""
        return self._handle.summary()

    def table(self, name: str) -> dict[str, npt.NDArray[Any] | list[str | None]]:
        """A table as NumPy columns; texts as lists. ``name``: curves, distance, responses, rows, units, examples, interpolated, commands, failures (docs/formats.md)."""
        return self._handle.table(_arguments.string(name, "name"))

    def _frame(self, name: str) -> pd.DataFrame:
        return cast("pd.DataFrame", needs("pandas", f"{name}()").DataFrame(self.table(name)))

    def curves(self) -> pd.DataFrame:
        """Mean KL by kind of span, layer and epsilon, with its standard error and 95 % interval."""
        return self._frame("curves")

    def responses(self) -> pd.DataFrame:
        """One line a push: every measure's mean over the rows."""
        return self._frame("responses")

    def rows(self) -> pd.DataFrame:
        """One line a push and row."""
        return self._frame("rows")

    def units(self) -> pd.DataFrame:
        """One line a span and layer."""
        return self._frame("units")

    def examples(self) -> pd.DataFrame:
        """One line an example of the dataset."""
        return self._frame("examples")

    def distance(self) -> pd.DataFrame:
        """Mean KL of a row against its distance from the push, for runs with the readout "downstream"."""
        return self._frame("distance")

    def interpolated(self) -> pd.DataFrame:
        """The epsilons that a sweep with ``node_tolerance`` left out, interpolated: every smooth measure, with its error."""
        return self._frame("interpolated")

    def commands(self) -> pd.DataFrame:
        """One line a command that the store grew by: arguments, time, version, host, and how much it measured."""
        return self._frame("commands")

    def failures(self) -> pd.DataFrame:
        """One line a unit that a sweep with ``keep_going`` could not measure, with the reason."""
        return self._frame("failures")

    def verify(
        self,
        model: Model | None = None,
        data: Data | None = None,
        *,
        sample: int = 8,
        seed: int = 42,
        fields: Mapping[str, str] | None = None,
        progress: bool = True,
    ) -> dict[str, dict[str, npt.NDArray[Any] | list[str | None]]]:
        """What ``tugline verify`` checks. With the run's model and data, ``sample`` units are measured again and compared.

        Returns two tables: "checks" (check, faults, result) and "faults" (check, fault). Nothing is wrong if "faults" is empty.
        UsageError: a model without data, or data without a model.
        """
        if (model is None) != (data is None):
            raise UsageError("model, data: units are measured again with both; give both or neither")
        source = _tugline.DataSource() if data is None else _arguments.data_source(data, fields)
        tell, close = _arguments.progress_bar(progress)
        try:
            return self._handle.verify(
                _arguments.whole(sample, "sample"),
                _arguments.whole(seed, "seed"),
                None if model is None else model._handle,
                source,
                _arguments.warn,
                tell,
            )
        finally:
            close()

    def rerun(
        self,
        model: Model,
        data: Data,
        path: str | os.PathLike[str],
        *,
        fields: Mapping[str, str] | None = None,
        progress: bool = True,
    ) -> Run:
        """Measures the run again, into a new store at ``path``, or goes on with one that is not finished. ``compare`` shows what differs."""
        source = _arguments.data_source(data, fields)
        tell, close = _arguments.progress_bar(progress)
        try:
            return Run(self._handle.rerun(model._handle, source, _arguments.path_of(path), _arguments.warn, tell))
        finally:
            close()

    def compare(self, again: Run) -> dict[str, dict[str, npt.NDArray[Any] | list[str | None]]]:
        """How another run differs: "differences" (name, stored, again, decides), "measures" (measure, largest, responses, beyond_bound), "numbers"."""
        return self._handle.compare(again._handle)

    def analyze(
        self,
        data: Data | None = None,
        *,
        epsilon: float | None = None,
        threshold: float = 0.1,
        small_epsilon: float | None = None,
        resamples: int = 10_000,
        seed: int = 42,
        measure: str = "kl",
        spans: str | Sequence[str] = (),
        layers: Sequence[int] = (),
        fields: Mapping[str, str] | None = None,
        keep: bool = True,
    ) -> dict[str, pd.DataFrame]:
        """Answers to questions, contrasts, components of variance, fits, and, with the swept ``data``, correlations with its metrics.

        Returns data frames by the names of ``tugline analyze --json``; "settings" has one line, and "answers" the questions and
        their answers in sentences. ``measure``: "kl", "kl_own_row", "kl_after", "kl_sum", "js", ... ``spans`` and ``layers`` select
        what the frames are about. All of it is kept in the store (``keep``), where ``plot`` reads it, if the measure is "kl".
        Without ``data`` the metrics are those of the stored analysis.

        Errors: ``UsageError`` for a measure, a kind of span or a layer that the run lacks; it says what the run has.
        """
        pandas = needs("pandas", "analyze()")
        settings = _tugline.AnalysisSettings()
        settings.epsilon = None if epsilon is None else _arguments.number(epsilon, "epsilon")
        settings.small_epsilon = None if small_epsilon is None else _arguments.number(small_epsilon, "small_epsilon")
        settings.threshold = _arguments.number(threshold, "threshold")
        settings.resamples = _arguments.whole(resamples, "resamples")
        settings.seed = _arguments.whole(seed, "seed")
        settings.measure = _arguments.string(measure, "measure")
        settings.spans = [spans] if isinstance(spans, str) else [_arguments.string(kind, "spans") for kind in spans]
        settings.layers = [_arguments.whole(layer, "layers") for layer in layers]
        source = _tugline.DataSource() if data is None else _arguments.data_source(data, fields)
        tables = self._handle.analyze(settings, source, keep, _arguments.warn)
        return {name: pandas.DataFrame(columns) for name, columns in tables.items()}

    def dose(
        self,
        kl: float,
        *,
        statistic: str = "mean",
        by: str | None = None,
        resamples: int = 10_000,
        seed: int = 42,
        tangents: bool = False,
        refine: float | None = None,
        model: Model | None = None,
        data: Data | None = None,
        fields: Mapping[str, str] | None = None,
        pushes: str | os.PathLike[str] | None = None,
        progress: bool = True,
    ) -> dict[str, pd.DataFrame]:
        """The epsilon at which each layer, direction, span or push reaches ``kl`` nats (docs/statistics.md, "Dose").

        Returns data frames: "doses", with ``tangents`` in more columns, and then "effective_ranks". ``statistic``: "mean", "p95" or
        "own-row" of a push's readout rows. ``by``: "layer", "direction", "span" or "push"; None: "direction" for vectors, else "layer".
        ``refine``: pushes near each dose with the ``model`` and its ``data`` until it is known to this relative error, such as 0.001.
        ``pushes``: the run store that keeps these pushes; the run itself does not change.

        Errors: ``UsageError`` if no curve reaches ``kl``, and for ``refine`` without a model; ``ConflictError`` for another model or dataset.
        """
        pandas = needs("pandas", "dose()")
        if (model is None) != (data is None):
            raise UsageError("model, data: expected both or none of them")
        if model is not None and not isinstance(model, Model):
            raise UsageError(f"model: expected a tugline.Model, found {type(model).__name__}")
        settings = _tugline.DoseSettings()
        settings.kl = _arguments.number(kl, "kl")
        settings.statistic = _arguments.string(statistic, "statistic")
        settings.by = "" if by is None else _arguments.string(by, "by")
        settings.resamples = _arguments.whole(resamples, "resamples")
        settings.seed = _arguments.whole(seed, "seed")
        settings.tangents = bool(tangents)
        settings.refine = None if refine is None else _arguments.number(refine, "refine")
        settings.pushes = "" if pushes is None else _arguments.path_of(pushes)
        source = _tugline.DataSource() if data is None else _arguments.data_source(data, fields)
        tell, close = _arguments.progress_bar(progress and model is not None)
        try:
            tables = self._handle.dose(settings, None if model is None else model._handle, source, _arguments.warn, tell)
        finally:
            close()
        return {name: pandas.DataFrame(columns) for name, columns in tables.items()}

    def report(
        self, path: str | os.PathLike[str], data: Data | None = None, *, fields: Mapping[str, str] | None = None
    ) -> None:
        """Writes the page of ``tugline report``: one HTML file with the analysis, the curves, the texts and the tables (docs/cli.md, "report").

        ``data``: the swept dataset, for the texts around the spans and for its metrics. An existing file is replaced.
        """
        source = _tugline.DataSource() if data is None else _arguments.data_source(data, fields)
        self._handle.save_report(_arguments.path_of(path), source, _arguments.warn)

    def plot(
        self,
        kind: str = "curves",
        *,
        spans: str = "",
        layer: int | None = None,
        epsilon: float | None = None,
        metric: str = "",
        measure: str = "kl",
        example: int | None = None,
        scale: str = "auto",
        style: str = "paper",
        title: str = "",
        width: float | None = None,
        caption: bool = True,
        kl: float | None = None,
        statistic: str = "mean",
    ) -> Figure:
        """A figure: "curves", "controls", "layers", "directions", "dose", "text", "distance", "families", "chunks", "scatter" or "anisotropy"
        (docs/cli.md, "plot"). ``spans`` may name several kinds, with commas; ``kl`` and ``statistic`` are of doses. Needs gnuplot."""
        settings = _tugline.PlotSettings()
        for name, value in {"kind": kind, "spans": spans, "metric": metric, "measure": measure, "scale": scale, "style": style, "title": title, "statistic": statistic}.items():
            setattr(settings, name, _arguments.string(value, name))
        settings.layer = None if layer is None else _arguments.whole(layer, "layer")
        settings.example = None if example is None else _arguments.whole(example, "example")
        settings.epsilon = None if epsilon is None else _arguments.number(epsilon, "epsilon")
        settings.width = None if width is None else _arguments.number(width, "width")
        settings.caption = bool(caption)
        settings.kl = None if kl is None else _arguments.number(kl, "kl")
        for sentence in self._handle.warnings():
            _arguments.warn(sentence)
        return Figure(self._handle, settings)

    def __repr__(self) -> str:
        return f"<tugline.Run {self.path}>"

    def _repr_html_(self) -> str:
        figure = ""
        if shutil.which("gnuplot") and len(self.table("curves")["kl"]) > 0:
            with warnings.catch_warnings():  # the summary says it
                warnings.simplefilter("ignore", TuglineWarning)
                svg = self.plot().svg()
            figure = svg[svg.index("<svg") :]
        return f"<pre>{html.escape(self.summary())}</pre>{figure}"


def open(path: str | os.PathLike[str]) -> Run:  # noqa: A001
    """Opens a run store for reading.

    Errors: ``NotFoundError`` (a ``FileNotFoundError``); ``InputError`` for a file that is damaged or another program's.
    """
    return Run(_tugline.Run.open(_arguments.path_of(path)))


def merge(path: str | os.PathLike[str], stores: Iterable[str | os.PathLike[str]]) -> Run:
    """Joins the stores of shards, or of other parts of one run, into a new store, as ``tugline merge`` does. Warns of what the run lacks.

    Errors: ``ConflictError`` for a path that is there, and for stores of other settings, naming each that differs.
    """
    inputs = [_arguments.path_of(store) for store in stores]
    return Run(_tugline.merge(_arguments.path_of(path), inputs, _arguments.warn))


def _store_of(path: str, shard: Any, settings: _tugline.SweepSettings) -> str:
    """The path with the shard in the place that its name has for it."""
    has_place = "{shard}" in path
    if shard is None:
        if has_place:
            raise UsageError('path: {shard} stands for a part of the run; give shard="auto" or shard=(i, n)')
        return path
    if shard == "auto" and settings.shards > 1 and not has_place:
        raise UsageError(f'path: each of the {settings.shards} parts needs a store of its own; give a name with {{shard}} in it, such as "run-{{shard}}.db"')
    return _tugline.path_of_part(path, settings.shard, settings.shards)


@takes(SweepOptions, _tugline.SweepSettings())
def sweep(
    model: Model,
    data: Data,
    path: str | os.PathLike[str],
    *,
    fields: Mapping[str, str] | None = None,
    progress: bool = True,
    **options: Unpack[SweepOptions],
) -> Run:
    """Measures a dataset's spans into the run store at ``path``, or goes on where an earlier sweep of the same settings stopped.

    ``data``: a JSON or JSON Lines file, a list of dicts, or a DataFrame (docs/dataset.md). ``spans``: "anchor", "chunks",
    "controls", or several. ``shard``: (i, n), part i of n, or "auto", the part of this rank of mpirun or srun, or of this task of a Slurm array;
    "{shard}" in the path's name is then replaced by the part (docs/clusters.md). Other names and defaults are those of ``tugline sweep`` and ``Trace.tug``.

    Ctrl-C keeps what is finished and raises ``Interrupted`` (a ``KeyboardInterrupt``). Errors: ``ConflictError`` for a store that was made by
    other settings, naming each that differs; ``NothingToMeasureError`` if every example is skipped.
    """
    if not isinstance(model, Model):
        raise UsageError(f"model: expected a tugline.Model, found {type(model).__name__}")
    settings = _tugline.SweepSettings()
    set_sweep_options(settings, model._handle, options)
    source = _arguments.data_source(data, fields)
    store = _store_of(_arguments.path_of(path), options.get("shard"), settings)
    tell, close = _arguments.progress_bar(progress)
    try:
        run = _tugline.sweep(model._handle, source, store, settings, _arguments.warn, tell)
    finally:
        close()
    return Run(run)
