"""Measures of written text, each beside the same measure of human text that continues the same prompts.

A measure alone misleads: noisier data give more "diverse" text. What counts is how far it lies from the human one.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import xxhash

__all__ = ["distances", "divergences", "two_sample_auc"]

Rows = Sequence[Sequence[int]]
Vector = npt.NDArray[np.float64]

_BUCKETS = 1 << 12


def distances(written: Rows, human: Rows) -> dict[str, float]:
    """|written - human| of repetition, diversity, self-BLEU and the Zipf exponent."""
    each = {"seq_rep_4": sequence_repetition, "distinct_2": distinct, "self_bleu_4": self_bleu, "zipf": zipf}
    return {f"{name}_distance": abs(measure(written) - measure(human)) for name, measure in each.items()}


def sequence_repetition(rows: Rows, n: int = 4) -> float:
    """1 - distinct n-grams / n-grams of each continuation, on average (Welleck et al. 2020)."""
    found = [1 - len(set(grams)) / len(grams) for row in rows if (grams := _grams(row, n))]
    return sum(found) / len(found) if found else 0.0


def distinct(rows: Rows, n: int = 2) -> float:
    """Distinct n-grams over n-grams of all continuations together (Li et al. 2016)."""
    grams = [gram for row in rows for gram in _grams(row, n)]
    return len(set(grams)) / len(grams) if grams else 0.0


def self_bleu(rows: Rows, n: int = 4, most: int = 64) -> float:
    """Mean share of a continuation's 1- to n-grams that stand in another one, geometric over n (Zhu et al. 2018)."""
    rows = [row for row in rows if len(row) >= n][:most]
    shares = []
    for size in range(1, n + 1):
        held = Counter(gram for row in rows for gram in set(_grams(row, size)))
        each = [sum(held[gram] > 1 for gram in grams) / len(grams) for row in rows if (grams := _grams(row, size))]
        shares.append(sum(each) / len(each) if each else 0.0)
    return math.exp(sum(math.log(max(share, 1e-9)) for share in shares) / n)


def zipf(rows: Rows) -> float:
    """Exponent of the least-squares line through log frequency over log rank."""
    counts = np.sort(np.array(list(Counter(token for row in rows for token in row).values()), np.float64))[::-1]
    if len(counts) < 3:
        return 0.0
    ranks = np.log(np.arange(1, len(counts) + 1))
    centred = ranks - ranks.mean()
    return float(-(centred * np.log(counts)).sum() / (centred**2).sum())


def divergences(
    written: Rows, human: Rows, written_texts: Sequence[str], human_texts: Sequence[str]
) -> dict[str, float]:
    """Jensen-Shannon divergence in bits over tokens and over hashed character 3- to 5-grams, and how well they are told
    apart."""
    ours, theirs = _char_counts(written_texts), _char_counts(human_texts)
    return {
        "jsd_tokens": jensen_shannon(_token_counts(written), _token_counts(human)),
        "jsd_characters": jensen_shannon(_from(ours.sum(0)), _from(theirs.sum(0))),
        "two_sample_auc": two_sample_auc(ours, theirs),
    }


def jensen_shannon(left: Counter[Any], right: Counter[Any]) -> float:
    """In bits, in [0, 1]."""
    keys = sorted(set(left) | set(right))
    p, q = (np.array([counts[key] for key in keys], np.float64) for counts in (left, right))
    if not p.sum() or not q.sum():
        return 1.0
    p, q = p / p.sum(), q / q.sum()
    middle = (p + q) / 2
    return float(0.5 * _kullback(p, middle) + 0.5 * _kullback(q, middle))


def two_sample_auc(written: Vector, human: Vector, steps: int = 200) -> float:
    """Classifier two-sample test (Lopez-Paz and Oquab 2017): AUC of a ridge-penalised logistic regression on hashed
    n-grams, trained on one half and tried on the other, both ways. 0.5 is "cannot be told apart"."""
    found = []
    for part in (0, 1):
        train = np.concatenate([written[part::2], human[part::2]])
        labels = np.concatenate([np.ones(len(written[part::2])), np.zeros(len(human[part::2]))])
        weights = _logistic(_scaled(train), labels, steps)
        found.append(_auc(_scaled(written[1 - part :: 2]) @ weights, _scaled(human[1 - part :: 2]) @ weights))
    return sum(found) / 2


def _logistic(rows: Vector, labels: Vector, steps: int, ridge: float = 1e-2) -> Vector:
    weights = np.zeros(rows.shape[1])
    rate = 4.0 / max(1.0, float((rows**2).sum(1).mean()))
    for _ in range(steps):
        error = 1 / (1 + np.exp(-(rows @ weights))) - labels
        weights -= rate * (rows.T @ error / max(1, len(rows)) + ridge * weights)
    return weights


def _auc(positive: Vector, negative: Vector) -> float:
    """Chance that a positive score is above a negative one; ties count half."""
    if not len(positive) or not len(negative):
        return 0.5
    difference = positive[:, None] - negative[None, :]
    return float((difference > 0).mean() + (difference == 0).mean() / 2)


def _scaled(counts: Vector) -> Vector:
    """Square roots of counts at unit length: no text counts for its length."""
    rooted = np.sqrt(counts)
    return rooted / np.maximum(np.linalg.norm(rooted, axis=1, keepdims=True), 1e-9)


def _char_counts(texts: Sequence[str]) -> Vector:
    """Counts of hashed character 3- to 5-grams, float64 [n, 4096]."""
    counts = np.zeros((len(texts), _BUCKETS))
    for row, text in enumerate(texts):
        data = text.encode()
        for size in (3, 4, 5):
            for at in range(len(data) - size + 1):
                counts[row, xxhash.xxh3_64_intdigest(data[at : at + size]) % _BUCKETS] += 1
    return counts


def _from(sums: Vector) -> Counter[int]:
    return Counter({bucket: count for bucket, count in enumerate(sums.tolist()) if count})


def _token_counts(rows: Rows) -> Counter[int]:
    return Counter(token for row in rows for token in row)


def _kullback(p: Vector, q: Vector) -> float:
    held = p > 0
    return float((p[held] * np.log2(p[held] / q[held])).sum())


def _grams(row: Sequence[int], n: int) -> list[tuple[int, ...]]:
    return list(zip(*(row[start:] for start in range(n)), strict=False))
