"""langdetect with seed 0, replayed to the last bit of its probabilities.

langdetect draws n-grams at random until one language stands out, seven times, and takes the mean. All its randomness
comes from `random.Random(0)`, so the stream is the same for every text and can be laid out beforehand. What is left is
to do the same floating-point operations in the same order.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels.jit import kernel
from curation.kernels.language_ngrams import Floats, Integers, Number, Tables, ngram_rows
from curation.kernels.language_symbols import Bytes, read_text, take_out_latin

__all__ = ["MAX_WORDS", "Stream", "replay_langdetect"]

MAX_CHARS = 10_000  # Detector.max_text_length
TRIALS, MAX_DRAWS, CHECK_EVERY = 7, 1000, 5
ALPHA, ALPHA_WIDTH, BASE_FREQUENCY, CONVERGED = 0.5, 0.05, 10000, 0.99999
# A draw takes one word of the generator, or more when the word is too great. For a list of any length a word whose top
# bit is 0 is small enough, and among these words of seed 0 more have one than seven trials of 1001 draws can use.
MAX_WORDS = 20_000


class Stream(NamedTuple):
    """What `random.Random(0)` gives from each position on, W = MAX_WORDS."""

    words: npt.NDArray[np.int64]  # int64[W], 32 bits each
    first: Floats  # float64[W], the normal deviate that `gauss` returns when it begins here
    spare: Floats  # float64[W], the one that it keeps for the next call


class Likelihoods(NamedTuple):
    """Relative frequencies of n-grams, by row of the tables: entries starts[row]:starts[row + 1]."""

    starts: Integers
    columns: Integers  # language, in the order in which langdetect read its profiles
    probabilities: Floats


@kernel
def _sum(values: Floats, compensated: bool) -> float:
    """Python's `sum` of floats: plain before 3.12, compensated (Neumaier) since."""
    total, lost = 0.0, 0.0
    for value in values:
        together = total + value
        if compensated:
            lost += (total - together) + value if abs(total) >= abs(value) else (value - together) + total
        total = together
    return total + lost


@kernel
def _normalize(probability: Floats, compensated: bool) -> float:
    total, greatest = _sum(probability, compensated), 0.0
    for language in range(len(probability)):
        probability[language] /= total
        greatest = max(greatest, probability[language])
    return greatest


@kernel
def _trial(
    rows: Integers,
    count: Number,
    alpha: float,
    position: Number,
    words: Integers,
    likelihoods: Likelihoods,
    factors: Floats,
    probability: Floats,
    compensated: bool,
) -> Number:
    """Draw until converged; fills `probability` and returns the position in the stream."""
    bits = 0
    while count >> bits:
        bits += 1
    weight = alpha / BASE_FREQUENCY
    probability[:] = 1.0 / len(probability)
    for draw in range(MAX_DRAWS + 1):
        pick = words[position] >> (32 - bits)
        position += 1
        while pick >= count:
            pick = words[position] >> (32 - bits)
            position += 1
        factors[:] = weight
        for entry in range(likelihoods.starts[rows[pick]], likelihoods.starts[rows[pick] + 1]):
            factors[likelihoods.columns[entry]] = weight + likelihoods.probabilities[entry]
        for language in range(len(probability)):
            probability[language] *= factors[language]
        if draw % CHECK_EVERY == 0 and _normalize(probability, compensated) > CONVERGED:
            break
    return position


@kernel
def _mean_of_trials(
    rows: Integers, count: Number, stream: Stream, likelihoods: Likelihoods, compensated: bool, mean: Floats
) -> None:
    factors, probability = np.empty_like(mean), np.empty_like(mean)
    position, spare, has_spare = 0, 0.0, False
    for _ in range(TRIALS):
        if has_spare:
            deviate = spare
        else:
            deviate, spare = stream.first[position], stream.spare[position]
            position += 4  # two random floats of two words each
        has_spare = not has_spare
        alpha = ALPHA + deviate * ALPHA_WIDTH
        position = _trial(rows, count, alpha, position, stream.words, likelihoods, factors, probability, compensated)
        for language in range(len(mean)):
            mean[language] += probability[language] / TRIALS


@kernel
def replay_langdetect(
    data: Bytes,
    offsets: Integers,
    tables: Tables,
    likelihoods: Likelihoods,
    stream: Stream,
    compensated: bool,
    probabilities: npt.NDArray[np.float64],
) -> None:
    """Add to `probabilities` (float64[n, L], zeros) what langdetect averages; rows without n-grams stay 0."""
    symbols = np.empty(MAX_CHARS + 100, np.uint32)
    rows = np.empty(3 * MAX_CHARS + 300, np.int64)
    for document in range(len(offsets) - 1):
        count = read_text(
            data, offsets[document], offsets[document + 1], MAX_CHARS, tables.classes, tables.composed, symbols
        )
        count = take_out_latin(symbols, count)
        found = ngram_rows(symbols, count, tables, rows)
        if found:
            _mean_of_trials(rows, found, stream, likelihoods, compensated, probabilities[document])
