"""Text that a model writes for the study: continuations of the same prompts by the same draws for every arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from training.checkpoint import model_tensors
from training.data.order import key_of, permuted
from training.data.tokens import TokenSplit
from training.model.decoder import Decoder
from training.model.interchange import to_transformers

__all__ = ["Pen", "openings"]

Tokens = npt.NDArray[np.int64]


class Pen:
    """A decoder ready to write: transformers' own generation, with its cache."""

    def __init__(self, decoder: Decoder, eos_id: int, device: torch.device) -> None:
        self.model: Any = to_transformers(model_tensors(decoder), decoder.config, eos_id).to(device)
        self.eos_id, self.device = eos_id, device

    @torch.no_grad()
    def write(self, prompts: Tokens, count: int, *, temperature: float, seed: int) -> Tokens:
        """`count` new tokens behind each prompt, int64 [n, count]; after an end mark there are only end marks."""
        from transformers import GenerationConfig

        torch.manual_seed(seed)
        settings = GenerationConfig(
            max_new_tokens=count,
            do_sample=temperature > 0,
            pad_token_id=self.eos_id,
            eos_token_id=self.eos_id,
            **({"temperature": temperature, "top_k": 0, "top_p": 1.0} if temperature > 0 else {}),
        )
        given = torch.from_numpy(prompts).to(self.device)
        mask = torch.ones_like(given)
        written = self.model.generate(input_ids=given, attention_mask=mask, generation_config=settings)
        new = written[:, prompts.shape[1] :].cpu().numpy()
        found = np.full((len(prompts), count), self.eos_id, np.int64)
        found[:, : new.shape[1]] = new
        return found


def openings(split: TokenSplit, count: int, length: int, seed: object) -> Tokens:
    """The first `length` tokens of up to `count` documents that have as many, drawn once for all arms: [n, length]."""
    ends = split.document_ends
    starts = np.concatenate([[0], ends[:-1]])
    long = np.flatnonzero(ends - starts > length)
    if not len(long):
        return np.zeros((0, length), np.int64)
    order = permuted(np.arange(len(long)), len(long), key_of("openings", seed))
    return split.read(starts[long[order[:count]]], length)


def cut(rows: Tokens, eos_id: int) -> list[list[int]]:
    """Tokens of each row up to its first end mark."""
    return [row[: row.index(eos_id)] if eos_id in row else row for row in rows.tolist()]


def texts_of(tokenizer: Any, rows: Sequence[Sequence[int]]) -> list[str]:
    return list(tokenizer.decode_batch([list(row) for row in rows], skip_special_tokens=True))
