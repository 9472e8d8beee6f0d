"""The same pushes by tugline and by a hook in transformers, and where the hook's numbers are noise.

    python beside_transformers.py MODEL_DIRECTORY

A hook adds epsilon * rms(h) * v at one layer and token, runs the text again, and compares the logits of two passes. In bf16 the rounding of
the two passes is larger than the effect of most pushes that a study makes. In f32 and f64 it grows as the push shrinks; f64 is no better
than f32 here, because the library computes its norms in f32 whatever the type of the weights. tugline carries the difference alone, and
is right to some 1e-5 of each KL at every size.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers

import tugline as tl

IDS = [5, 77, 20, 12, 45, 10, 33, 21, 88, 9]
SPAN = (6, 10)
LAYER = 0
EPSILONS = [0.001, 0.01, 0.1, 1.0]


def hooked(model: Any, push: torch.Tensor | None) -> npt.NDArray[np.float64]:
    """Logits [n, vocabulary] of one forward pass, with `push` added to the layer's output at the token before the span."""

    def add(_module: Any, _inputs: Any, output: Any) -> Any:
        hidden = output[0] if isinstance(output, tuple) else output
        if push is not None:
            hidden[:, SPAN[0] - 1] += push.to(hidden.dtype)
        return output

    handle = model.model.layers[LAYER].register_forward_hook(add)
    with torch.no_grad():
        logits = model(torch.tensor([IDS])).logits[0]
    handle.remove()
    return np.asarray(logits.double().numpy())


def main(path: str) -> None:
    curve_model = tl.Model.from_pretrained(path)
    v = np.random.default_rng(0).normal(size=curve_model.d_model)
    v /= np.linalg.norm(v)
    curve = curve_model.trace(ids=IDS, span=SPAN).tug(layers=[LAYER], directions=v, epsilons=EPSILONS)
    rows = curve.rows
    print(f"{'epsilon':>8}  {'tugline':>10}  " + "  ".join(f"{'hook, ' + name:>22}" for name in ("f64", "f32", "bf16")))
    for i, epsilon in enumerate(EPSILONS):
        line = f"{epsilon:>8}  {curve.mean()[0, 0, i]:>10.4g}"
        for dtype in (torch.float64, torch.float32, torch.bfloat16):
            model = transformers.AutoModelForCausalLM.from_pretrained(path, dtype=dtype)
            push = torch.from_numpy(epsilon * curve.rms[0] * v)
            kl = tl.kl(hooked(model, push)[rows], hooked(model, None)[rows]).mean()
            line += f"  {kl:>10.4g} ({kl / curve.mean()[0, 0, i] - 1:>+9.1e})"
        print(line)


if __name__ == "__main__":
    main(sys.argv[1])
