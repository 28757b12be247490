"""Log-probabilities of texts given what stands before them, in batches of about equal length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from training.model.loss import IGNORED

__all__ = ["Scorer"]

_ROWS = 64


class Scorer:
    """A decoder and the tokenizer of its shards. Every text begins behind an end mark, as documents do in training."""

    def __init__(self, model: nn.Module, tokenizer: Any, eos_id: int, context: int, device: torch.device) -> None:
        self.model, self.tokenizer, self.eos_id, self.context, self.device = model, tokenizer, eos_id, context, device

    def log_probabilities(self, pairs: Sequence[tuple[str, str]]) -> npt.NDArray[np.float64]:
        """Of each continuation given its prefix, in nats, float64 [n]. What does not fit is cut from the left."""
        rows = [
            self._row(*ids)
            for ids in zip(self.encode([p for p, _ in pairs]), self.encode([c for _, c in pairs]), strict=True)
        ]
        return self.scored(rows)

    def scored(self, rows: Sequence[tuple[Sequence[int], int]]) -> npt.NDArray[np.float64]:
        """Sum of log-probabilities of the last `count` tokens of each row (tokens, count)."""
        found = np.zeros(len(rows), np.float64)
        order = sorted(range(len(rows)), key=lambda number: (len(rows[number][0]), number))
        for begin in range(0, len(order), _ROWS):
            chosen = order[begin : begin + _ROWS]
            inputs, targets = self._padded([rows[number] for number in chosen])
            losses = self.model(inputs.to(self.device), targets.to(self.device), None, each=True)
            found[chosen] = -losses.double().sum(1).cpu().numpy()
        return found

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)]

    def _row(self, prefix: list[int], continuation: list[int]) -> tuple[list[int], int]:
        return [self.eos_id, *prefix, *continuation][-self.context - 1 :], min(len(continuation), self.context)

    def _padded(self, rows: Sequence[tuple[Sequence[int], int]]) -> tuple[Tensor, Tensor]:
        width = max(len(ids) for ids, _ in rows) - 1
        inputs = torch.full((len(rows), width), self.eos_id)
        targets = torch.full((len(rows), width), IGNORED)
        for row, (ids, count) in enumerate(rows):
            inputs[row, : len(ids) - 1] = torch.tensor(ids[:-1])
            targets[row, len(ids) - 1 - count : len(ids) - 1] = torch.tensor(ids[-count:])
        return inputs, targets
