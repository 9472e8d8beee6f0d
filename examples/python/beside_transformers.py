"""The same pushes by tugline and by a hook in transformers, and where the hook's numbers are noise.

    python beside_transformers.py MODEL_DIRECTORY
"""

from __future__ import annotations

import sys
from typing import Any

import torch
from comparison import IDS, LAYER, PUSHED, compare


def logits(model: Any, push: torch.Tensor | None) -> Any:
    """One forward pass, with `push` added to the layer's output."""

    def add(_module: Any, _inputs: Any, output: Any) -> Any:
        hidden = output[0] if isinstance(output, tuple) else output
        if push is not None:
            hidden[:, PUSHED] += push
        return output

    handle = model.model.layers[LAYER].register_forward_hook(add)
    try:
        return model(torch.tensor([IDS])).logits[0]
    finally:
        handle.remove()


if __name__ == "__main__":
    compare(sys.argv[1], lambda model, _path: model, logits)
