"""Held-out bits per byte: how many bits the model needs for a document, divided by the bytes of its text.

Unlike the loss per token it can be compared across tokenizers. A document's end mark counts as part of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from curation.errors import RecipeError
from training.data.tokens import TokenSplit
from training.distributed import Ranks
from training.model.loss import IGNORED

__all__ = ["HeldOut", "held_out"]

Losses = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class HeldOut:
    """By document, in the split's order: nats float64, UTF-8 bytes int64, tokens int64."""

    nats: npt.NDArray[np.float64]
    bytes: npt.NDArray[np.int64]
    tokens: npt.NDArray[np.int64]

    @property
    def bits_per_byte(self) -> float:
        return float(self.nats.sum() / math.log(2) / self.bytes.sum())

    @property
    def loss(self) -> float:
        """Nats per token."""
        return float(self.nats.sum() / self.tokens.sum())


def held_out(
    losses: Losses, split: TokenSplit, *, length: int, windows: int, ranks: Ranks, limit: int | None = None
) -> HeldOut:
    """Score the documents at the start of a split, as many as fit in `limit` tokens.

    `losses` gives the loss of every target [batch, length]. The stream is cut in windows of `length`, each token is a
    target once, and what stands before a document in its window is its context, as in training.
    """
    count = _documents(split, limit)
    ends = split.document_ends[:count]
    nats = np.zeros(count, np.float64)
    # Sharded weights are gathered by all processes at once, so each scores as many windows as the others.
    each = -(-int(ends[-1]) // (length * ranks.world))
    starts = np.arange(ranks.rank, each * ranks.world, ranks.world, dtype=np.int64) * length
    for chunk in _chunks(starts, windows):
        inputs, targets = _windows(split, chunk, length, int(ends[-1]))
        scored = losses(torch.from_numpy(inputs).to(ranks.device), torch.from_numpy(targets).to(ranks.device))
        positions = (chunk[:, None] + np.arange(length)).ravel()
        counted = targets.ravel() != IGNORED
        home = np.searchsorted(ends, positions[counted], side="right")
        nats += np.bincount(home, scored.double().cpu().numpy().ravel()[counted], minlength=count)
    total = ranks.sum(torch.from_numpy(nats).to(ranks.device)).cpu().numpy()
    return HeldOut(total, split.document_bytes[:count], np.diff(ends, prepend=0))


def _documents(split: TokenSplit, limit: int | None) -> int:
    count = split.documents if limit is None else int(np.searchsorted(split.document_ends, limit, side="right"))
    if count == 0:
        found, expected = f"no whole document in {limit or 0} tokens", "at least one"
        raise RecipeError(f"split `{split.name}`", found, expected, "raise `evaluate.tokens` or take more data")
    return count


def _windows(
    split: TokenSplit, starts: npt.NDArray[np.int64], length: int, end: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Inputs and targets of windows; the first token follows an end mark, what lies beyond `end` is ignored."""
    rows = np.full((len(starts), length + 1), split.tokenizer.eos_id, np.int64)
    for row, start in zip(rows, starts.tolist(), strict=True):
        first, last = max(0, start - 1), min(end, start + length)
        if first < last:
            row[first - (start - 1) : last - (start - 1)] = split.read(np.array([first]), last - first)[0]
    targets = rows[:, 1:].copy()
    targets[starts[:, None] + np.arange(length) >= end] = IGNORED
    return rows[:, :-1].copy(), targets


def _chunks(starts: npt.NDArray[np.int64], size: int) -> Iterator[npt.NDArray[np.int64]]:
    for begin in range(0, len(starts), size):
        yield starts[begin : begin + size]
