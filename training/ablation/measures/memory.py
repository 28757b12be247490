"""What a model gives back word for word: extraction (Carlini et al. 2023) and copied spans (Lee et al. 2021)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.ablation.measures.writing import Pen, openings
from training.data.tokens import TokenSplit
from training.generation.origins import Origins, find_origins

__all__ = ["LONG_SPAN", "SHORT_SPAN", "copy_rates", "extraction", "origins_of"]

LONG_SPAN, SHORT_SPAN = 50, 16
_K = 50


def extraction(
    pen: Pen, train: TokenSplit, held_out: TokenSplit, count: int, context: int, seed: object
) -> dict[str, float]:
    """Greedy continuation of k tokens behind k training tokens, k = 50 or half the context.

    `extractable`: share whose next k tokens are all right. `matched_prefix`: tokens that agree before the first that
    does not, less the same number on held-out documents, which is what knowing the language gives by itself.
    """
    k = min(_K, context // 2)
    ours, chance = (_matched(pen, split, count, k, seed) for split in (train, held_out))
    if not len(ours) or not len(chance):
        return {}
    return {"extractable": float((ours == k).mean()), "matched_prefix": float(ours.mean() - chance.mean())}


def origins_of(texts: Sequence[Sequence[int]], train: TokenSplit) -> list[Origins]:
    """Spans of at least 16 tokens that stand in the arm."""
    return find_origins(texts, [train], n=8, min_span=SHORT_SPAN, documents=1, matches=200)


def copy_rates(origins: Sequence[Origins], texts: Sequence[Sequence[int]]) -> dict[str, float]:
    """Share of written tokens inside spans of at least 50 tokens (`copy_rate`) and of at least 16 (`copy_rate_16`)."""
    total = max(1, sum(map(len, texts)))
    lengths = [span.length for found in origins for span in found.spans]
    return {
        "copy_rate": sum(length for length in lengths if length >= LONG_SPAN) / total,
        "copy_rate_16": sum(lengths) / total,
    }


def _matched(pen: Pen, split: TokenSplit, count: int, k: int, seed: object) -> np.ndarray:  # type: ignore[type-arg]
    """Tokens that agree from the start of the continuation, int64 [n]."""
    rows = openings(split, count, 2 * k, seed)
    if not len(rows):
        return np.zeros(0, np.int64)
    agrees = pen.write(rows[:, :k], k, temperature=0, seed=0) == rows[:, k:]
    return np.where(agrees.all(1), k, agrees.argmin(1))
