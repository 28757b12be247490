"""Language by naive Bayes over all n-grams of a text, straight from its UTF-8 bytes.

Profiles are langdetect's, so is the cleaning (`language_symbols`), and so are the n-grams: one to three letters, not
across a space, none that ends within a word in capitals. Unlike langdetect, nothing is drawn at random.

Log-likelihoods are integers: their sum does not depend on order, processor or vector width.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from numba import njit

from curation.kernels.language_symbols import (
    LETTER,
    SCRIPTS,
    SPACE,
    SPANS,
    UNKNOWN,
    UPPER,
    Bytes,
    Symbols,
    count_scripts,
    read_spans,
    read_text,
    take_out_latin,
)

__all__ = ["Detected", "Tables", "build_slots", "detect_languages", "ngram_rows"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Number = Any  # an integer: Python's own, or numpy's of any width

LANES = 64  # languages, padded: a row of scores is then two cache lines
SCALE = 1024  # units to one natural log; three scores of at most 8.9 fit an int16 together
EXPONENTS = 22 * SCALE  # below e**-22 a probability is 0 at nine digits
VOTE = 0.9  # a window counts for its language from this posterior on


class Tables(NamedTuple):
    """A profile set as arrays: C code points, A letters, G n-grams (row 0: in no profile), L languages, S slots."""

    classes: Symbols  # uint32[C], the symbol of every code point
    composed: Symbols  # uint32[112, 512], symbol of combining mark on base letter, 0 where they do not combine
    unigrams: Integers  # int64[A], row of a single letter
    slots: Integers  # int64[S], hash table of longer n-grams, see `build_slots`
    scores: npt.NDArray[np.int16]  # int16[G, LANES], log((weight + p) / weight) in units of 1/SCALE
    exponentials: Floats  # float64[EXPONENTS], e**(-i / SCALE)
    languages: int  # L


class Votes(NamedTuple):
    """What is added up over the windows of one text, by language (LANES long)."""

    sums: npt.NDArray[np.int32]  # log-likelihoods of the window at hand
    window: Floats  # its posterior
    likelihood: Integers  # log-likelihoods of all windows
    posterior: Floats  # posteriors times n-grams of the window
    surely: Floats  # n-grams of windows whose posterior is at least VOTE


class Detected(NamedTuple):
    """What naive Bayes says of n documents. Language numbers are -1 where a text has no n-gram of any profile."""

    language: Integers  # int64[n], greatest likelihood over the whole text
    confidence: Floats  # float64[n], its posterior, averaged over windows by their n-grams
    second: Integers  # int64[n], greatest averaged posterior of all others
    second_confidence: Floats  # float64[n]
    other_share: Floats  # float64[n], share of n-grams in windows that surely are in one other language
    script: Integers  # int64[n], number of the most frequent script, 0 without letters
    letters: Integers  # int64[n], letters of all scripts
    second_script_letters: Integers  # int64[n], letters of the script that comes second

    @classmethod
    def empty(cls, documents: int) -> Detected:
        def integers() -> Integers:
            return np.zeros(documents, np.int64)

        def floats() -> Floats:
            return np.zeros(documents, np.float64)

        return cls(integers(), floats(), integers(), floats(), floats(), integers(), integers(), integers())


@njit(cache=True, nogil=True)
def slot_of(key: Number, size: Number) -> Number:
    """Where to start looking for a key (multiplicative hashing, Knuth 6.4) in a table of `size`, a power of two."""
    mixed = (np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    return np.int64(mixed & np.uint64(size - 1))


@njit(cache=True, nogil=True)
def build_slots(keys: Integers, rows: Integers, size: Number) -> Integers:
    """Hash table int64[size] with open addressing: an entry is key << 20 | row, 0 is an empty slot."""
    slots = np.zeros(size, np.int64)
    for index in range(len(keys)):
        slot = slot_of(keys[index], size)
        while slots[slot] != 0:
            slot = (slot + 1) & (size - 1)
        slots[slot] = keys[index] << 20 | rows[index]
    return slots


@njit(cache=True, nogil=True)
def _row(key: Number, slots: Integers) -> Number:
    slot = slot_of(key, len(slots))
    entry = slots[slot]
    while entry != 0 and entry >> 20 != key:
        slot = (slot + 1) & (len(slots) - 1)
        entry = slots[slot]
    return entry & 0xFFFFF


@njit(cache=True, nogil=True)
def _rows_at(symbols: Symbols, index: Number, tables: Tables) -> tuple[Number, Number, Number]:
    """Rows of the n-grams of length 1, 2 and 3 that end at `index` >= 1; 0 where there is none.

    N-grams do not reach across a space, and none ends within a word in capitals.
    """
    symbol, last = symbols[index], symbols[index - 1]
    letter, previous = np.int64(symbol & LETTER), np.int64(last & LETTER)
    if symbol & last & UPPER or letter == UNKNOWN:
        return 0, 0, 0
    if previous == SPACE:
        two = 0 if letter == SPACE else _row(SPACE << 12 | letter, tables.slots)
        return tables.unigrams[letter], two, 0
    if previous == UNKNOWN:
        return tables.unigrams[letter], 0, 0
    pair = previous << 12 | letter
    before = np.int64(symbols[index - 2] & LETTER)
    three = 0 if before == UNKNOWN else _row(before << 24 | pair, tables.slots)
    return tables.unigrams[letter], _row(pair, tables.slots), three


@njit(cache=True, nogil=True)
def ngram_rows(symbols: Symbols, count: Number, tables: Tables, rows: Integers) -> Number:
    """Rows of all n-grams in text order, shorter ones first, into `rows`; returns how many."""
    found = 0
    for index in range(1, count):
        for row in _rows_at(symbols, index, tables):
            if row:
                rows[found] = row
                found += 1
    return found


@njit(cache=True, nogil=True)
def _add_window(symbols: Symbols, first: Number, last: Number, tables: Tables, sums: npt.NDArray[np.int32]) -> Number:
    """Log-likelihoods of the n-grams that end in symbols[first:last] into `sums`; returns how many n-grams."""
    scores = tables.scores
    sums[:] = 0
    found = 0
    for index in range(first, last):
        one, two, three = _rows_at(symbols, index, tables)
        hits = (one != 0) + (two != 0) + (three != 0)
        if hits:
            found += hits
            for lane in range(LANES):
                sums[lane] += np.int16(scores[one, lane] + scores[two, lane] + scores[three, lane])
    return found


@njit(cache=True, nogil=True)
def _posterior(sums: npt.NDArray[np.int32], tables: Tables, posterior: Floats) -> Number:
    """Probabilities of the languages, all equal beforehand, into `posterior`; returns the greatest."""
    best = np.argmax(sums[: tables.languages])
    total = 0.0
    for language in range(tables.languages):
        distance = sums[best] - sums[language]
        posterior[language] = tables.exponentials[distance] if distance < EXPONENTS else 0.0
        total += posterior[language]
    for language in range(tables.languages):
        posterior[language] /= total
    return best


@njit(cache=True, nogil=True)
def _vote(symbols: Symbols, count: Number, window: Number, tables: Tables, votes: Votes) -> Number:
    """Fill `votes` from windows of about `window` symbols; returns the number of n-grams in all."""
    windows = max(1, (count - 1) // window)
    in_all = 0
    votes.likelihood[:] = 0
    votes.posterior[:] = 0.0
    votes.surely[:] = 0.0
    for number in range(windows):
        first = 1 + number * (count - 1) // windows
        found = _add_window(symbols, first, 1 + (number + 1) * (count - 1) // windows, tables, votes.sums)
        if found == 0:
            continue
        best = _posterior(votes.sums, tables, votes.window)
        in_all += found
        for language in range(tables.languages):
            votes.likelihood[language] += votes.sums[language]
            votes.posterior[language] += found * votes.window[language]
        if votes.window[best] >= VOTE:
            votes.surely[best] += found
    return in_all


@njit(cache=True, nogil=True)
def _greatest_but(values: Floats, number: Number, but: Number) -> Number:
    """Index of the first greatest of values[:number], leaving out `but`."""
    best = 1 if but == 0 else 0
    for index in range(number):
        if index != but and values[index] > values[best]:
            best = index
    return best


@njit(cache=True, nogil=True)
def _write(document: Number, found: Number, tables: Tables, votes: Votes, detected: Detected) -> None:
    if found == 0:
        detected.language[document] = detected.second[document] = -1
        return
    label = np.argmax(votes.likelihood[: tables.languages])
    second = _greatest_but(votes.posterior, tables.languages, label)
    detected.language[document] = label
    detected.confidence[document] = votes.posterior[label] / found
    detected.second[document] = second
    detected.second_confidence[document] = votes.posterior[second] / found
    other = _greatest_but(votes.surely, tables.languages, label)
    detected.other_share[document] = votes.surely[other] / found


@njit(cache=True, nogil=True)
def _write_scripts(document: Number, scripts: Integers, detected: Detected) -> None:
    script = np.argmax(scripts)
    detected.script[document] = script
    detected.letters[document] = np.sum(scripts)
    scripts[script] = 0
    detected.second_script_letters[document] = np.max(scripts)


@njit(cache=True, nogil=True)
def detect_languages(
    data: Bytes, offsets: Integers, max_bytes: Number, window: Number, tables: Tables, detected: Detected
) -> None:
    """Fill `detected` for every document; of texts over `max_bytes` (at least SPANS) only spans are read."""
    longest = np.int64(0)
    for document in range(len(offsets) - 1):
        longest = max(longest, min(offsets[document + 1] - offsets[document], max_bytes))
    symbols = np.empty(longest + SPANS + 1, np.uint32)
    scripts = np.empty(SCRIPTS, np.int64)
    votes = Votes(
        np.empty(LANES, np.int32),
        np.empty(LANES, np.float64),
        np.empty(LANES, np.int64),
        np.empty(LANES, np.float64),
        np.empty(LANES, np.float64),
    )
    for document in range(len(offsets) - 1):
        start, stop = offsets[document], offsets[document + 1]
        if stop - start > max_bytes:
            count = read_spans(data, start, stop, max_bytes, tables.classes, tables.composed, symbols)
        else:
            count = read_text(data, start, stop, stop - start, tables.classes, tables.composed, symbols)
        count_scripts(symbols, count, scripts)
        _write_scripts(document, scripts, detected)
        count = take_out_latin(symbols, count)
        _write(document, _vote(symbols, count, window, tables, votes), tables, votes, detected)
