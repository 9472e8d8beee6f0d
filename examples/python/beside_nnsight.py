"""The same pushes by tugline and by nnsight, and where nnsight's numbers are noise.

    python beside_nnsight.py MODEL_DIRECTORY
"""

from __future__ import annotations

import sys
from typing import Any

import nnsight
import torch
from comparison import IDS, LAYER, PUSHED, compare


def logits(model: Any, push: torch.Tensor | None) -> Any:
    """One trace, with `push` added to the layer's output."""
    with model.trace(torch.tensor([IDS])):
        if push is not None:
            model.model.layers[LAYER].output[:, PUSHED] += push
        found = model.output.logits.save()
    return found[0]


if __name__ == "__main__":
    compare(sys.argv[1], lambda model, _path: nnsight.NNsight(model), logits)
