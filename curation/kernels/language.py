"""Language by naive Bayes over all n-grams of a text, straight from its UTF-8 bytes.

Profiles are langdetect's, so is the cleaning (`language_symbols`), and so are the n-grams: one to three letters, not
across a space, none that ends within a word in capitals. Unlike langdetect, nothing is drawn at random.

Log-likelihoods are integers: their sum does not depend on order, processor or vector width.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels.jit import helper, kernel
from curation.kernels.language_ngrams import (
    BLOCK,
    EXPONENTS,
    LANES,
    Floats,
    Integers,
    Number,
    Rows,
    Tables,
    find_rows,
)
from curation.kernels.language_symbols import (
    SCRIPTS,
    SPANS,
    Bytes,
    Symbols,
    count_scripts,
    join_japanese,
    read_spans,
    read_text,
    take_out_latin,
)

__all__ = ["Detected", "detect_languages"]


VOTE = 0.9  # a window counts for its language from this posterior on


class Votes(NamedTuple):
    """What is added up over the windows of one text, by language (LANES long)."""

    possible: npt.NDArray[np.bool_]  # languages that are considered at all
    wanted: npt.NDArray[np.bool_]  # blocks of scores that hold any of them
    rows: Rows  # n-grams of the window at hand, with room for three more
    lanes: npt.NDArray[np.int32]  # its log-likelihoods, as scores lie
    sums: npt.NDArray[np.int32]  # the same by language
    window: Floats  # its posterior
    likelihood: Integers  # log-likelihoods of all windows
    posterior: Floats  # posteriors times n-grams of the window
    surely: Floats  # n-grams of windows whose posterior is at least VOTE

    @classmethod
    def empty(cls, window: int) -> Votes:
        kinds = (np.bool_, np.bool_, np.int32, np.int32, np.int32, np.float64, np.int64, np.float64, np.float64)
        sizes = (LANES, LANES // BLOCK, 2 * window + 3, *[LANES] * 6)
        return cls(*(np.zeros(size, kind) for size, kind in zip(sizes, kinds, strict=True)))


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
def _add_block(rows: Rows, count: Number, scores: npt.NDArray[np.int16], sums: npt.NDArray[np.int32]) -> None:
    """Log-likelihoods of rows[:count] into `sums`, four rows at a time; plain loops of a length that the compiler does
    not know, so that it uses vectors instead of writing out every step. Row 0 is all zeros.
    """
    sums[:] = 0
    for index in range(count, (count + 3) // 4 * 4):
        rows[index] = 0
    for index in range(0, count, 4):
        first, second, third, fourth = rows[index], rows[index + 1], rows[index + 2], rows[index + 3]
        for lane in range(len(sums)):
            of_two = np.int32(scores[first, lane]) + np.int32(scores[second, lane])
            sums[lane] += of_two + np.int32(scores[third, lane]) + np.int32(scores[fourth, lane])


@helper
def _add_rows(count: Number, tables: Tables, votes: Votes) -> None:
    """Log-likelihoods of rows[:count] by language; those of languages in no wanted block stay what they were."""
    for block in range(LANES // BLOCK):
        if votes.wanted[block]:
            lanes = votes.lanes[block * BLOCK : (block + 1) * BLOCK]
            _add_block(votes.rows, count, tables.scores[block], lanes)
    for language in range(tables.languages):
        votes.sums[language] = votes.lanes[tables.lane[language]]


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
    rivals = 0
    for language in range(tables.languages):
        rivals += votes.possible[language] & (votes.sums[best] - votes.sums[language] < EXPONENTS)
    if rivals == 1:
        votes.window[:] = 0.0
        votes.window[best] = 1.0
        return best
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
    votes.wanted[:] = False
    for language in range(tables.languages):
        votes.wanted[tables.lane[language] // BLOCK] |= votes.possible[language]


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
        found = find_rows(symbols, first, last, tables, votes.rows)
        _add_rows(last - first, tables, votes)
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


def detect_languages(
    data: Bytes,
    offsets: Integers,
    max_bytes: int,
    window: int,
    require_script: bool,
    tables: Tables,
    detected: Detected,
) -> None:
    """Fill `detected`, zeros beforehand; of texts over `max_bytes` (at least SPANS) only spans are read."""
    longest = min(int(np.diff(offsets).max(initial=0)), max_bytes)
    symbols = np.empty(longest + 4 * SPANS + 1, np.uint32)  # a span may end up to 3 bytes later
    scripts, votes = np.empty(SCRIPTS, np.int64), Votes.empty(window)
    _detect(data, offsets, max_bytes, window, require_script, tables, symbols, scripts, votes, detected)


@kernel
def _detect(
    data: Bytes,
    offsets: Integers,
    max_bytes: Number,
    window: Number,
    require_script: bool,
    tables: Tables,
    symbols: Symbols,
    scripts: Integers,
    votes: Votes,
    detected: Detected,
) -> None:
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
