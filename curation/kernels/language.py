"""Language by naive Bayes over all n-grams of a text, straight from its UTF-8 bytes.

Profiles are langdetect's, so is the cleaning (`language_symbols`), and so are the n-grams: one to three letters, not
across a space, none that ends within a word in capitals. Unlike langdetect, nothing is drawn at random.

Log-likelihoods are integers: their sum does not depend on order, processor or vector width.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels.jit import helper, kernel
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
    join_japanese,
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
HITS_SHIFT, KEY_SHIFT = 18, 20  # an n-gram's place: its row, and how many known n-grams end with it (1 to 3)
PAIR = (1 << 24) - 1
ROW, PLACE = (1 << HITS_SHIFT) - 1, (1 << KEY_SHIFT) - 1
EXPONENTS = 22 * SCALE  # below e**-22 a probability is 0 at nine digits
VOTE = 0.9  # a window counts for its language from this posterior on


class Tables(NamedTuple):
    """A profile set as arrays: C code points, A letters, G n-grams (row 0: in no profile), L languages, S slots.

    An n-gram brings its own endings with it: where `the` is found, so are `he` and `e`, if profiles know them. So their
    scores are added beforehand, and a character of text costs one look-up and one row.
    """

    classes: Symbols  # uint32[C], the symbol of every code point
    composed: Symbols  # uint32[112, 512], symbol of combining mark on base letter, 0 where they do not combine
    unigrams: Integers  # int64[A], place of a single letter
    slots: Integers  # int64[S], hash table of places of longer n-grams
    scores: npt.NDArray[np.int16]  # int16[G, LANES], log((weight + p) / weight) in units of 1/SCALE, with endings
    ending: npt.NDArray[np.int32]  # int32[G, 3], rows of the known n-grams of length 1 to 3 that end with this one
    exponentials: Floats  # float64[EXPONENTS], e**(-i / SCALE)
    home: Integers  # int64[L], the script of most letters of a language
    languages: int  # L


class Votes(NamedTuple):
    """What is added up over the windows of one text, by language (LANES long)."""

    possible: npt.NDArray[np.bool_]  # languages that are considered at all
    rows: Integers  # n-grams of the window at hand
    sums: npt.NDArray[np.int32]  # its log-likelihoods
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


@helper
def _slot(key: Number, size: Number) -> Number:
    """Where to start looking for a key (multiplicative hashing, Knuth 6.4) in a table of `size`, a power of two."""
    mixed = (np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    return np.int64(mixed & np.uint64(size - 1))


@kernel
def build_slots(keys: Integers, places: Integers, size: Number) -> Integers:
    """Hash table int64[size] with open addressing: an entry is key << KEY_SHIFT | place, 0 is an empty slot."""
    slots = np.zeros(size, np.int64)
    for index in range(len(keys)):
        slot = _slot(keys[index], size)
        while slots[slot] != 0:
            slot = (slot + 1) & (size - 1)
        slots[slot] = keys[index] << KEY_SHIFT | places[index]
    return slots


@helper
def _ngram_keys(symbols: Symbols, first: Number, last: Number, keys: Integers) -> None:
    """Key of the n-gram of three letters that ends at each of symbols[first:last], `first` >= 1, into `keys`.

    After a space it is the n-gram of two; within a word in capitals, and for a letter that no profile has, it is 0.
    """
    before = symbols[first - 1]
    key = np.int64(symbols[max(first - 2, 0)] & LETTER) << 12 | np.int64(before & LETTER)
    for index in range(first, last):
        symbol = symbols[index]
        key = (key & PAIR) << 12 | np.int64(symbol & LETTER)
        known = symbol & before & UPPER == 0 and symbol & LETTER != UNKNOWN
        keys[index - first] = (key & PAIR if before & LETTER == SPACE else key) if known else 0
        before = symbol


@helper
def _places(keys: Integers, count: Number, unigrams: Integers, slots: Integers) -> Number:
    """Replace keys[:count] by the row of the longest known n-gram, 0 where there is none; returns all hits.

    No function here takes an array: a call in this loop would cost more than the look-up.
    """
    size, found = len(slots), 0
    for index in range(count):
        key = keys[index]
        place = unigrams[key & LETTER]
        while key > LETTER:
            slot = _slot(key, size)
            entry = slots[slot]
            while entry != 0 and entry >> KEY_SHIFT != key:
                slot = (slot + 1) & (size - 1)
                entry = slots[slot]
            if entry != 0:
                place = entry & PLACE
                break
            key &= PAIR if key > PAIR else LETTER
        keys[index] = place & ROW
        found += place >> HITS_SHIFT
    return found


@kernel
def ngram_rows(symbols: Symbols, count: Number, tables: Tables, rows: Integers) -> Number:
    """Rows of all known n-grams in text order, shorter ones first, into `rows`; returns how many."""
    longest = np.empty(count, np.int64)
    _ngram_keys(symbols, 1, count, longest)
    _places(longest, count - 1, tables.unigrams, tables.slots)
    found = 0
    for row in longest[: count - 1]:
        for length in range(3):
            if tables.ending[row, length]:
                rows[found] = tables.ending[row, length]
                found += 1
    return found


@helper
def _add_rows(rows: Integers, count: Number, scores: npt.NDArray[np.int16], sums: npt.NDArray[np.int32]) -> None:
    """Log-likelihoods of rows[:count] into `sums`; a plain loop of its own, so that the compiler uses vectors."""
    sums[:] = 0
    for row in rows[:count]:
        for lane in range(LANES):
            sums[lane] += scores[row, lane]


@helper
def _most_likely(values: Integers, possible: npt.NDArray[np.bool_], languages: Number) -> Number:
    """Number of the first greatest value among the possible languages."""
    best = -1
    for language in range(languages):
        if possible[language] and (best < 0 or values[language] > values[best]):
            best = language
    return best


@helper
def _posterior(votes: Votes, tables: Tables) -> Number:
    """Probabilities of the languages in a window, all equal beforehand; returns the greatest."""
    best = _most_likely(votes.sums, votes.possible, tables.languages)
    total = 0.0
    for language in range(tables.languages):
        distance = votes.sums[best] - votes.sums[language]
        near = votes.possible[language] and distance < EXPONENTS
        votes.window[language] = tables.exponentials[distance] if near else 0.0
        total += votes.window[language]
    share = 1.0 / total
    for language in range(tables.languages):
        votes.window[language] *= share
    return best


@helper
def _consider(scripts: Integers, require_script: bool, tables: Tables, votes: Votes) -> None:
    """Which languages are possible: those whose home script occurs, or all where none does or none is asked for."""
    some = False
    for language in range(tables.languages):
        votes.possible[language] = require_script and scripts[tables.home[language]] > 0
        some |= votes.possible[language]
    if not some:
        votes.possible[:] = True


@helper
def _vote(symbols: Symbols, count: Number, window: Number, tables: Tables, votes: Votes) -> Number:
    """Fill `votes` from windows of about `window` symbols; returns the number of n-grams in all."""
    windows = max(1, (count - 1) // window)
    in_all = 0
    votes.likelihood[:] = 0
    votes.posterior[:] = 0.0
    votes.surely[:] = 0.0
    for number in range(windows):
        first = 1 + number * (count - 1) // windows
        last = 1 + (number + 1) * (count - 1) // windows
        _ngram_keys(symbols, first, last, votes.rows)
        found = _places(votes.rows, last - first, tables.unigrams, tables.slots)
        _add_rows(votes.rows, last - first, tables.scores, votes.sums)
        if found == 0:
            continue
        best = _posterior(votes, tables)
        in_all += found
        for language in range(tables.languages):
            votes.likelihood[language] += votes.sums[language]
            votes.posterior[language] += found * votes.window[language]
        if votes.window[best] >= VOTE:
            votes.surely[best] += found
    return in_all


@helper
def _greatest_but(values: Floats, number: Number, but: Number) -> Number:
    """Index of the first greatest of values[:number], leaving out `but`."""
    best = 1 if but == 0 else 0
    for index in range(number):
        if index != but and values[index] > values[best]:
            best = index
    return best


@helper
def _write(document: Number, found: Number, tables: Tables, votes: Votes, detected: Detected) -> None:
    if found == 0:
        detected.language[document] = detected.second[document] = -1
        return
    label = _most_likely(votes.likelihood, votes.possible, tables.languages)
    second = _greatest_but(votes.posterior, tables.languages, label)
    detected.language[document] = label
    detected.confidence[document] = votes.posterior[label] / found
    detected.second[document] = second
    detected.second_confidence[document] = votes.posterior[second] / found
    other = _greatest_but(votes.surely, tables.languages, label)
    detected.other_share[document] = votes.surely[other] / found


@helper
def _write_scripts(document: Number, scripts: Integers, detected: Detected) -> None:
    join_japanese(scripts)
    first, second = 0, 0
    for script in range(1, SCRIPTS):
        detected.letters[document] += scripts[script]
        if scripts[script] > scripts[first]:
            first, second = script, first
        elif scripts[script] > scripts[second]:
            second = script
    detected.script[document] = first
    detected.second_script_letters[document] = scripts[second]


@kernel
def detect_languages(
    data: Bytes,
    offsets: Integers,
    max_bytes: Number,
    window: Number,
    require_script: bool,
    tables: Tables,
    detected: Detected,
) -> None:
    """Fill `detected`, zeros beforehand; of texts over `max_bytes` (at least SPANS) only spans are read."""
    longest = np.int64(0)
    for document in range(len(offsets) - 1):
        longest = max(longest, min(offsets[document + 1] - offsets[document], max_bytes))
    symbols = np.empty(longest + 4 * SPANS + 1, np.uint32)  # a span may end up to 3 bytes later
    scripts = np.empty(SCRIPTS, np.int64)
    votes = Votes(
        np.empty(LANES, np.bool_),
        np.empty(2 * window, np.int64),
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
        _consider(scripts, require_script, tables, votes)
        _write_scripts(document, scripts, detected)
        count = take_out_latin(symbols, count)
        _write(document, _vote(symbols, count, window, tables, votes), tables, votes, detected)
