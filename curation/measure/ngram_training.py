"""Training of the n-gram model: interpolated modified Kneser-Ney (Chen and Goodman 1998), with numpy.

    p(w|h) = (c(hw) - D(c(hw))) / c(h.) + g(h) p(w|h'),   g(h) = what the discounts left over,   h' = h less its first

c is the count for the highest order; below it, and for n-grams that do not open a line, the number of different words
before it. D is one of three discounts by count 1, 2, 3 and more, estimated from counts of counts. The unigrams
interpolate with 1 / (words that can follow). Sums over all words are 1 in every context, also after pruning.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.errors import ResourceError
from curation.kernels.hashing import frozen
from curation.kernels.ngram_model import BITS, END, FIRST_WORD, START, UNKNOWN, read_lines
from curation.kernels.unicode_tables import character_classes, lower_case
from curation.measure.ngram_model import NgramModel
from curation.schema import text_buffers

__all__ = ["train_ngram_model"]

Keys = npt.NDArray[np.uint64]
Counts = npt.NDArray[np.int64]
_WORD = np.uint64((1 << BITS) - 1)
# Where counts of counts give no sound discounts (tiny corpora), these stand in.
_FALLBACK = (0.5, 1.0, 1.5)


class _Level(NamedTuple):
    """N-grams of one order: packed keys that rise, and their adjusted counts."""

    keys: Keys
    counts: Counts


def train_ngram_model(
    column: pa.Array, *, order: int = 3, max_words: int = 200_000, min_word_count: int = 2, min_trigram_count: int = 2
) -> NgramModel:
    """A model from documents. Rarer words than `min_word_count`, or beyond `max_words`, are one unknown word.

    `min_trigram_count` prunes the highest order (of three only). Raises ResourceError when there is no token.
    """
    if order not in (1, 2, 3) or not 0 < max_words < (1 << BITS) - FIRST_WORD:
        raise ValueError("order is 1, 2 or 3, and max_words between 1 and two million")
    data, offsets = text_buffers(column)
    hashes, lengths = read_lines(frozen(data), frozen(offsets), character_classes(), lower_case())
    if not len(hashes):
        raise ResourceError("training a language model", "no token", "text", "check the input")
    vocabulary, numbers = _numbered(hashes, max_words, min_word_count)
    words, places = _framed(numbers, lengths)
    levels = _levels(words, places, order)
    log1, p1 = _unigrams(levels[0], FIRST_WORD + len(vocabulary))
    backoff1 = np.zeros(len(log1), np.float32)
    empty = _Table(np.zeros(0, np.uint64), np.zeros(0), np.zeros(0, np.uint64), np.zeros(0))
    bigrams = _interpolated(levels[1], lambda keys: p1[(keys & _WORD).astype(np.int64)], 1) if order > 1 else empty
    backoff1[bigrams.contexts.astype(np.int64)] = _log(bigrams.rest)
    trigrams = empty
    if order > 2:
        suffixes = np.uint64((1 << 2 * BITS) - 1)
        lower = _Lookup(bigrams.keys, bigrams.probabilities)
        trigrams = _interpolated(levels[2], lambda keys: lower(keys & suffixes), min_trigram_count)
    backoff2 = np.zeros(len(bigrams.keys), np.float32)
    backoff2[np.searchsorted(bigrams.keys, trigrams.contexts)] = _log(trigrams.rest)
    about = {
        "tokens": str(len(hashes)),
        "lines": str(len(lengths)),
        "ngrams": f"{len(log1)} {len(bigrams.keys)} {len(trigrams.keys)}",
        "parameters": f"order={order} max_words={max_words} min_word_count={min_word_count} "
        f"min_trigram_count={min_trigram_count}",
    }
    return NgramModel(
        vocabulary=frozen(vocabulary),
        log1=frozen(log1),
        backoff1=frozen(backoff1),
        keys2=frozen(bigrams.keys),
        log2=frozen(_log(bigrams.probabilities)),
        backoff2=frozen(backoff2),
        keys3=frozen(trigrams.keys),
        log3=frozen(_log(trigrams.probabilities)),
        about=about,
    )


def _numbered(hashes: Keys, max_words: int, min_count: int) -> tuple[Keys, npt.NDArray[np.uint64]]:
    """Vocabulary by falling count (ties by hash), and the word number of every token."""
    unique, inverse, counts = np.unique(hashes, return_inverse=True, return_counts=True)
    ranked = np.lexsort((unique, -counts))
    ranked = ranked[counts[ranked] >= min_count][:max_words]
    number = np.full(len(unique), UNKNOWN, np.uint64)
    number[ranked] = np.arange(FIRST_WORD, FIRST_WORD + len(ranked), dtype=np.uint64)
    return unique[ranked], number[inverse]


def _framed(numbers: npt.NDArray[np.uint64], lengths: Counts) -> tuple[npt.NDArray[np.uint64], Counts]:
    """All lines with START and END around them, and the place of each word in its line, START at 0."""
    ends = np.cumsum(lengths + 2)
    starts = ends - lengths - 2
    words = np.empty(int(ends[-1]), np.uint64)
    inner = np.ones(len(words), np.bool_)
    inner[starts] = inner[ends - 1] = False
    words[starts], words[ends - 1], words[inner] = START, END, numbers
    return words, np.arange(len(words)) - np.repeat(starts, lengths + 2)


def _levels(words: npt.NDArray[np.uint64], places: Counts, order: int) -> list[_Level]:
    """Adjusted counts of each order: counts of the highest, below it how many words precede, counts at line starts."""
    packed = [words]
    for k in range(1, order):
        longer = packed[-1].copy()
        longer[k:] |= words[:-k] << np.uint64(k * BITS)
        packed.append(longer)
    levels = [_counted(packed[-1][places >= order - 1])] if order > 1 else [_counted(words[places >= 1])]
    for k in range(order - 1, 0, -1):
        suffix = np.uint64((1 << k * BITS) - 1)
        opening = packed[k - 1][places == k - 1] if k > 1 else np.zeros(0, np.uint64)
        types = levels[0].keys & suffix
        levels.insert(0, _counted(np.concatenate([types, opening])))
    return levels


def _counted(keys: Keys) -> _Level:
    unique, counts = np.unique(keys, return_counts=True)
    return _Level(unique, counts)


def _discounts(counts: Counts) -> npt.NDArray[np.float64]:
    """D(1), D(2), D(3 and more), equation 26 of Chen and Goodman."""
    n1, n2, n3, n4 = (float(np.count_nonzero(counts == k)) for k in (1, 2, 3, 4))
    if not (n1 and n2 and n3 and n4):
        return np.array(_FALLBACK)
    y = n1 / (n1 + 2 * n2)
    found = np.array([1 - 2 * y * n2 / n1, 2 - 3 * y * n3 / n2, 3 - 4 * y * n4 / n3])
    return found if np.all(found > 0) and np.all(found <= (1, 2, 3)) else np.array(_FALLBACK)


def _kept(counts: Counts) -> npt.NDArray[np.float64]:
    kept: npt.NDArray[np.float64] = counts - _discounts(counts)[np.minimum(counts, 3) - 1]
    return kept


def _unigrams(level: _Level, size: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Logs and probabilities by word number. START never follows anything: its probability is 0, its log unused."""
    kept = _kept(level.counts) / level.counts.sum()
    rest = 1.0 - kept.sum()
    probabilities = np.full(size, rest / (size - 1))
    probabilities[level.keys.astype(np.int64)] += kept
    logs = _log(probabilities)
    probabilities[START] = 0.0
    return logs, probabilities


class _Table(NamedTuple):
    keys: Keys
    probabilities: npt.NDArray[np.float64]
    contexts: Keys
    rest: npt.NDArray[np.float64]


class _Lookup(NamedTuple):
    keys: Keys
    values: npt.NDArray[np.float64]

    def __call__(self, keys: Keys) -> npt.NDArray[np.float64]:
        return self.values[np.searchsorted(self.keys, keys)]


def _interpolated(level: _Level, lower: Callable[[Keys], npt.NDArray[np.float64]], min_count: int) -> _Table:
    """Probabilities of n-grams with a count of `min_count` or more, and what each context leaves to the lower order."""
    contexts, place = np.unique(level.keys >> np.uint64(BITS), return_inverse=True)
    totals = np.bincount(place, level.counts)
    share = _kept(level.counts) / totals[place]
    wanted = level.counts >= min_count
    rest: npt.NDArray[np.float64] = np.float64(1.0) - np.bincount(place[wanted], share[wanted], len(contexts))
    keys = level.keys[wanted]
    probabilities = share[wanted] + rest[place[wanted]] * lower(keys)
    return _Table(keys, probabilities, contexts, rest)


def _log(probabilities: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    return np.log(np.maximum(probabilities, np.finfo(np.float64).tiny)).astype(np.float32)
