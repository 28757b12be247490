"""How much a sentence says of its document: three plain definitions."""

from __future__ import annotations

import re
from collections import Counter
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["Method", "scores_of"]

Method = Literal["lead", "frequency", "textrank"]
Scores = npt.NDArray[np.float64]

_DAMPING, _ROUNDS = 0.85, 50
_WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]|[^\W_\u3400-\u4dbf\u4e00-\u9fff]+")


def scores_of(sentences: list[str], method: Method) -> Scores:
    """One number a sentence, the higher the better."""
    if method == "lead":
        return -np.arange(len(sentences), dtype=np.float64)
    words = [frozenset(_WORD.findall(sentence.lower())) for sentence in sentences]
    return _frequency(words) if method == "frequency" else _textrank(words)


def _frequency(words: list[frozenset[str]]) -> Scores:
    """Mean share of sentences that a sentence's words stand in, times 1 + 1 / (1 + its place).

    Words that stand in more than half of the sentences say nothing and count 0, as do those of one sentence alone.
    """
    holds = Counter(word for each in words for word in each)
    count = len(words)
    weight = {word: number / count for word, number in holds.items() if 1 < number <= max(count / 2, 2)}
    # Sorted, since the sum of floats depends on their order.
    means = [sum(weight.get(word, 0.0) for word in sorted(each)) / max(len(each), 1) for each in words]
    return np.array(means) * (1 + 1 / (1 + np.arange(count)))


def _textrank(words: list[frozenset[str]]) -> Scores:
    """PageRank over sentences, linked by words in common / (ln words of one + ln words of the other)."""
    vocabulary = {word: number for number, word in enumerate(sorted(frozenset().union(*words)))}
    holds = np.zeros((len(words), max(len(vocabulary), 1)))
    for row, each in enumerate(words):
        holds[row, [vocabulary[word] for word in each]] = 1
    sizes = np.log(np.maximum(holds.sum(axis=1), 1))
    lengths = sizes[:, None] + sizes[None, :]
    links = np.divide(holds @ holds.T, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    np.fill_diagonal(links, 0)
    sums = links.sum(axis=1, keepdims=True)
    moves = np.divide(links, sums, out=np.full_like(links, 1 / len(words)), where=sums > 0)
    scores = np.full(len(words), 1 / len(words))
    for _ in range(_ROUNDS):
        scores = (1 - _DAMPING) / len(words) + _DAMPING * (moves.T @ scores)
    return scores
