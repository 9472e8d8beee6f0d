"""Divergences from logits, for use beside any other library."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from tugline import _arguments, _tugline
from tugline._arguments import FloatArray
from tugline._errors import UsageError


def _rows(
    divergence: Callable[[FloatArray, FloatArray, int, float], FloatArray],
    a: tuple[str, Any],
    b: tuple[str, Any],
    temperature: float,
) -> FloatArray:
    first, second = _arguments.array(a[1], a[0]), _arguments.array(b[1], b[0])
    if first.ndim == 0 or first.shape != second.shape:
        raise UsageError(
            f"{a[0]} and {b[0]}: expected the same shape [..., vocabulary], found {list(first.shape)} and {list(second.shape)}"
        )
    if first.shape[-1] == 0:
        raise UsageError(f"{a[0]}: the vocabulary has no tokens")
    found = divergence(first, second, first.shape[-1], _arguments.number(temperature, "temperature"))
    return np.asarray(found).reshape(first.shape[:-1])


def kl(p_logits: Any, q_logits: Any, temperature: float = 1.0) -> FloatArray:
    """KL(p || q) in nats of every row of logits, in f64 and without cancellation.

    ``p_logits``, ``q_logits``: [..., vocabulary], from NumPy, torch, JAX. Returns [...]. If both were computed in f32 or bf16,
    their difference holds that precision's rounding; ``kl_of_difference`` takes the difference alone.

    Errors: ``UsageError`` (a ``ValueError``) for shapes that differ, logits that are not finite, a temperature that is not positive.

    >>> round(float(kl([1.0, 0.0], [0.0, 0.0])), 6)
    0.110944
    """
    return _rows(_tugline.kl, ("p_logits", p_logits), ("q_logits", q_logits), temperature)


def kl_of_difference(delta: Any, base_logits: Any, temperature: float = 1.0) -> FloatArray:
    """The same for p_logits = base_logits + delta, of which only the difference is given: right however small it is.

    ``delta``, ``base_logits``: [..., vocabulary]. Returns [...]. Errors: as ``kl``.

    >>> float(kl_of_difference([1e-30, 0.0], [0.0, 0.0])) > 1e-61
    True
    """
    return _rows(_tugline.kl_of_difference, ("delta", delta), ("base_logits", base_logits), temperature)
