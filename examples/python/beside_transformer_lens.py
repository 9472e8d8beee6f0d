"""The same pushes by tugline and by TransformerLens, and where TransformerLens's numbers are noise.

    python beside_transformer_lens.py MODEL_DIRECTORY
"""

from __future__ import annotations

import sys
from typing import Any

import tokenizers
import torch
import transformers
from comparison import IDS, LAYER, PUSHED, compare
from transformer_lens.model_bridge import TransformerBridge


def bridge(model: Any, path: str) -> Any:
    """The model as TransformerLens has it. It asks for a tokenizer, though token ids are run."""
    words = tokenizers.Tokenizer(tokenizers.models.WordLevel({"?": 0}, unk_token="?"))
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=words)
    return TransformerBridge.boot_transformers(path, hf_model=model, dtype=model.dtype, device="cpu", tokenizer=tokenizer)


def logits(model: Any, push: torch.Tensor | None) -> Any:
    """One run, with `push` added at hook_resid_post."""

    def add(residual: Any, hook: Any) -> Any:
        if push is not None:
            residual[:, PUSHED] += push
        return residual

    return model.run_with_hooks(torch.tensor([IDS]), fwd_hooks=[(f"blocks.{LAYER}.hook_resid_post", add)])[0]


if __name__ == "__main__":
    compare(sys.argv[1], bridge, logits)
