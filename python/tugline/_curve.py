"""What pushes at one span did: arrays over layers, directions, epsilons and rows, a table, a figure."""

from __future__ import annotations

import html
import io
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from tugline import _tugline
from tugline._arguments import FloatArray

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes


def needs(package: str, what: str) -> Any:
    """Imports an optional package; the error says what it is for and how to get it."""
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise ImportError(f"{what} needs {package.partition('.')[0]}: pip install {package.partition('.')[0]}") from error


class Curve:
    """Responses to pushes before one span, at several layers, along several directions, of several sizes.

    Every measure is an attribute, float64 [layers, directions, epsilons, rows], read-only: ``kl`` (KL(pushed || base), nats),
    ``kl_reverse``, ``js``, ``top1_flips``, ``delta_logprob`` (NaN where no token comes next), ``total_variation``,
    ``entropy_change``, ``kl_standard_error`` (NaN unless the vocabulary is sampled). ``mean(name)`` is its mean over rows.
    """

    def __init__(
        self,
        handle: _tugline.Responses,
        pieces: list[bytes],
        ids: npt.NDArray[np.int32],
        readout: str,
        d_model: int,
    ):
        self._handle = handle
        self._pieces = pieces
        layers = handle.layers()
        self.layers: list[int] = [layer["layer"] for layer in layers]
        self.rms: FloatArray = np.array([layer["rms"] for layer in layers])  # [layers]: of the residual at the push
        self.positions: list[int] = [layer["position"] for layer in layers]  # of the push
        self.notes: dict[int, str] = {layer["layer"]: layer["note"] for layer in layers if layer["note"]}
        self.seconds: FloatArray = np.array([layer["seconds"] for layer in layers])
        self.audited: int = sum(layer["audited"] for layer in layers)  # pushes that were also rerun in f64
        # Their largest disagreement with f64 by measure, such as |kl - kl_f64| / kl_f64; empty if none was rerun.
        self.audit: dict[str, float] = {}
        for layer in layers:
            for name, found in layer["audit_disagreements"].items():
                self.audit[name] = max(found, self.audit.get(name, 0.0))
        self.epsilons: FloatArray = handle.epsilons()
        self.directions: int = handle.directions()  # the null's included, which come last
        self.null_directions: int = handle.null_directions()
        self.rows: npt.NDArray[np.int64] = handle.rows()  # positions that are read
        # [rows]: which token each row is about, the one that it predicts or its own, by its place and as text
        self.token_positions: npt.NDArray[np.int64] = self.rows + (1 if readout == "predicting" else 0)
        self.tokens: list[str] = [_piece(pieces, ids, at) for at in self.token_positions]
        self.provenance: dict[str, str] = handle.provenance()
        self.precision: str = self.provenance["precision"]
        self.d_model = d_model
        self.measures: list[str] = handle.measures()

    def __getattr__(self, name: str) -> FloatArray:
        if name.startswith("_") or name not in self.__dict__.get("measures", ()):
            raise AttributeError(f"a curve has no '{name}'; its measures are {', '.join(self.__dict__.get('measures', ()))}")
        return self._handle.values(name)

    def __getitem__(self, measure: str) -> FloatArray:
        """A measure by its name, [layers, directions, epsilons, rows]."""
        return self._handle.values(measure)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *self.measures]

    def mean(self, measure: str = "kl") -> FloatArray:
        """A measure of each push, [layers, directions, epsilons]: the mean over rows; and "kl_own_row", "kl_after", "cosine"."""
        return self._handle.means(measure)

    def to_pandas(self) -> pd.DataFrame:
        """One line a layer, direction, epsilon and row, with every measure."""
        pandas = needs("pandas", "to_pandas()")
        shape = self.kl.shape
        axes = np.meshgrid(self.layers, np.arange(self.directions), self.epsilons, np.arange(len(self.rows)), indexing="ij")
        layer, direction, epsilon, row = (axis.reshape(-1) for axis in axes)
        frame = {
            "layer": layer,
            "direction": direction,
            "null_direction": direction >= self.directions - self.null_directions,
            "epsilon": epsilon,
            "row": self.rows[row],
            "token": np.array(self.tokens, dtype=object)[row],
        }
        frame.update({name: np.broadcast_to(self[name], shape).reshape(-1) for name in self.measures})
        return cast("pd.DataFrame", pandas.DataFrame(frame))

    def __repr__(self) -> str:
        return (
            f"<tugline.Curve: layers {self.layers}, {self.directions} directions, epsilons {self.epsilons.tolist()}, "
            f"{len(self.rows)} rows, {self.precision}>"
        )

    def plot(self, ax: Axes | None = None, measure: str = "kl") -> Axes:
        """Draws the mean over rows against epsilon, one curve a layer, each direction faintly. Needs matplotlib."""
        if ax is None:
            figure = needs("matplotlib.figure", "plot()").Figure(figsize=(6.4, 3.8), layout="constrained")
            ax = figure.add_subplot()
        order = np.argsort(self.epsilons)
        main = self.directions - self.null_directions
        means = self.mean(measure)[:, :, order]
        for i, layer in enumerate(self.layers):
            (line,) = ax.plot(self.epsilons[order], means[i, :main].mean(axis=0), label=f"layer {layer}", marker="o", markersize=3)
            ax.plot(self.epsilons[order], means[i, :main].T, color=line.get_color(), alpha=0.15, linewidth=0.8)
        if np.any(means > 0):
            ax.set_yscale("log")
        ax.set_xlabel("epsilon (RMS of the residual)")
        ax.set_ylabel(f"{measure}, mean over {len(self.rows)} rows" + (" (nats)" if measure.startswith("kl") else ""))
        ax.legend()
        return ax

    def _svg(self) -> str | None:
        try:
            from matplotlib.figure import Figure
        except ImportError:
            return None
        figure = Figure(figsize=(6.4, 3.8), layout="constrained")
        self.plot(figure.add_subplot())
        text = io.StringIO()
        figure.savefig(text, format="svg")
        return text.getvalue()

    def _repr_svg_(self) -> str | None:
        return self._svg()

    def _repr_html_(self) -> str:
        svg = self._svg()
        figure = svg[svg.index("<svg") :] if svg else ""
        return f"{self._text_by_kl()}{figure}{self._table()}"

    def _text_by_kl(self) -> str:
        """The span's tokens, coloured by the KL at the largest epsilon, mean over directions, of the layer where it is largest."""
        largest = int(np.argmax(np.abs(self.epsilons)))
        kl = self.kl[:, : self.directions - self.null_directions, largest].mean(axis=1)
        top = int(np.argmax(kl.sum(axis=-1)))
        scale = kl[top].max()
        parts = []
        for token, value in zip(self.tokens, kl[top]):
            strength = value / scale if scale > 0 else 0.0
            parts.append(
                f'<span title="{value:.3g} nats" style="background: rgba(214, 39, 40, {0.8 * strength:.3f})">{html.escape(token)}</span>'
            )
        words = f"layer {self.layers[top]}, epsilon {self.epsilons[largest]:g}: tokens by KL, at most {scale:.3g} nats"
        return f'<div>{words}</div><pre style="white-space: pre-wrap">{"".join(parts)}</pre>'

    def _table(self) -> str:
        main = self.directions - self.null_directions
        means = self.mean()[:, :main].mean(axis=1)
        head = "".join(f"<th>layer {layer}</th>" for layer in self.layers)
        body = "".join(
            f"<tr><td>{epsilon:g}</td>" + "".join(f"<td>{value:.4g}</td>" for value in means[:, i]) + "</tr>"
            for i, epsilon in enumerate(self.epsilons)
        )
        return f"<table><thead><tr><th>epsilon</th>{head}</tr></thead><tbody>{body}</tbody></table>"


def _piece(pieces: list[bytes], ids: npt.NDArray[np.int32], at: int) -> str:
    if at >= len(pieces):
        return ""
    return pieces[at].decode("utf-8", errors="replace") if pieces[at] else f"<{ids[at]}>"
