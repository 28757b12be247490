"""Held-out bits per byte of any causal model of transformers, on the token shards of its own tokenizer."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from curation.errors import IntegrityError
from training.data.tokens import TokenSplit
from training.distributed import Ranks
from training.evaluation import HeldOut, held_out
from training.model.loss import IGNORED
from training.model.vocabulary import vocabulary_digest

__all__ = ["score_model"]


def score_model(
    model: Any, tokenizer: Any, split: TokenSplit, device: torch.device, *, length: int | None, limit: int | None
) -> HeldOut:
    """Bits per byte in windows of `length` tokens, by default as many as the model has positions, up to 1,024."""
    if vocabulary_digest(tokenizer) != vocabulary_digest(split.tokenizer_folder):
        expected = f"the vocabulary of `{split.tokenizer.name}`, which made the tokens"
        raise IntegrityError("model", "another vocabulary", expected, "tokenise the dataset with the model's tokenizer")
    longest = getattr(model.config, "max_position_embeddings", None) or 1024
    window = min(length or 1024, longest)

    def losses(tokens: Tensor, targets: Tensor) -> Tensor:
        logits = model(tokens, use_cache=False).logits.float().flatten(0, 1)
        flat = functional.cross_entropy(logits, targets.flatten(), ignore_index=IGNORED, reduction="none")
        return flat.view_as(targets)

    with torch.no_grad():
        windows = max(1, 8192 // window)
        return held_out(losses, split, length=window, windows=windows, ranks=Ranks(0, 1, device), limit=limit)
