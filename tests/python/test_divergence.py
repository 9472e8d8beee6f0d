"""kl and kl_of_difference from any array, of any shape, at any size of the difference."""

from __future__ import annotations

import numpy as np
import pytest

import tugline as tl


def test_rows_and_shapes() -> None:
    generator = np.random.default_rng(1)
    p, q = generator.normal(size=(2, 3, 4, 50))
    log_p = p - np.log(np.exp(p).sum(-1, keepdims=True))
    log_q = q - np.log(np.exp(q).sum(-1, keepdims=True))
    expected = (np.exp(log_p) * (log_p - log_q)).sum(-1)
    np.testing.assert_allclose(tl.kl(p, q), expected, rtol=1e-12)
    assert tl.kl(p[0, 0], q[0, 0]).shape == ()
    np.testing.assert_allclose(tl.kl_of_difference(p - q, q), expected, rtol=1e-12)


@pytest.mark.parametrize("size", [1e-3, 1e-9, 1e-30])
def test_tiny_differences_are_quadratic(size: float) -> None:
    generator = np.random.default_rng(2)
    base, delta = generator.normal(size=(2, 1000))
    q = np.exp(base) / np.exp(base).sum()
    variance = (q * delta**2).sum() - (q * delta).sum() ** 2
    np.testing.assert_allclose(tl.kl_of_difference(size * delta, base), size**2 * variance / 2, rtol=10 * size + 1e-12)


def test_refusals_name_the_argument() -> None:
    with pytest.raises(ValueError, match="expected the same shape"):
        tl.kl(np.zeros(3), np.zeros(4))
    with pytest.raises(ValueError, match="p_logits: expected an array of numbers"):
        tl.kl("text", np.zeros(4))
    with pytest.raises(tl.UsageError, match="finite"):
        tl.kl_of_difference([0.0, float("inf")], [0.0, 0.0])
    with pytest.raises(ValueError, match="temperature"):
        tl.kl([0.0], [0.0], temperature=0)
