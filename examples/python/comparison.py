"""What the pages beside other libraries have in common: the pushes, and the table of both sides' numbers.

A hook adds epsilon * rms(h) * v to the residual stream after one layer at one token, runs the text again, and compares the logits of two
passes. In bf16 the rounding of the two passes is larger than the effect of most pushes that a study makes. In f32 and f64 it grows as the
push shrinks; f64 is no better than f32 here, because transformers computes its norms in f32 whatever the type of the weights. tugline
carries the difference alone, and is right to some 1e-5 of each KL at every size.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers

import tugline as tl

IDS = [5, 77, 20, 12, 45, 10, 33, 21, 88, 9]
SPAN = (6, 10)
PUSHED = SPAN[0] - 1  # the token before the span
LAYER = 0
EPSILONS = [0.001, 0.01, 0.1, 1.0]

# wrap(a model of transformers, its directory) gives what logits(wrapped, push) runs: a tensor [tokens, vocabulary]; push None: none.
Wrap = Callable[[Any, str], Any]
Logits = Callable[[Any, "torch.Tensor | None"], Any]


def compare(path: str, wrap: Wrap, logits: Logits) -> None:
    """Prints the mean KL by tugline and by the other library in three precisions, with the relative difference."""
    ours = tl.Model.from_pretrained(path)
    v = np.random.default_rng(0).normal(size=ours.d_model)
    v /= np.linalg.norm(v)
    curve = ours.trace(ids=IDS, span=SPAN).tug(layers=[LAYER], directions=v, epsilons=EPSILONS)
    found = {}
    for dtype in (torch.float64, torch.float32, torch.bfloat16):
        theirs = wrap(transformers.AutoModelForCausalLM.from_pretrained(path, dtype=dtype), path)

        def rows(push: torch.Tensor | None, theirs: Any = theirs) -> npt.NDArray[np.float64]:
            with torch.no_grad():
                return np.asarray(logits(theirs, push).detach().double().numpy())[curve.rows]

        base = rows(None)
        pushes = [torch.from_numpy(epsilon * curve.rms[0] * v).to(dtype) for epsilon in EPSILONS]
        found[dtype] = [float(tl.kl(rows(push), base).mean()) for push in pushes]
    print(f"{'epsilon':>8}  {'tugline':>10}  " + "  ".join(f"{'hook, ' + name:>22}" for name in ("f64", "f32", "bf16")))
    for i, epsilon in enumerate(EPSILONS):
        mean = curve.mean()[0, 0, i]
        line = f"{epsilon:>8}  {mean:>10.4g}"
        for kl in found.values():
            line += f"  {kl[i]:>10.4g} ({kl[i] / mean - 1:>+9.1e})"
        print(line)
