"""A word n-gram language model of order up to three: tokens of lines for its training, log probabilities for its use.

Word numbers below 2**21 are packed into one uint64 key, the last word lowest. A table is the sorted keys with `slots`,
an open-addressing index into them (int32, -1 for free, a power of two as length).
"""

from __future__ import annotations

import numpy as np

from curation.kernels.hashed_ngrams import hash_token
from curation.kernels.hashing import mix
from curation.kernels.jit import helper, kernel
from curation.kernels.words import next_word

__all__ = ["BITS", "END", "FIRST_WORD", "START", "UNKNOWN", "build_slots", "read_lines", "score_lines"]

_U = np.uint64
# An unknown word is also spelled: each of its characters, up to twelve, costs as much as one of 32 equally likely ones.
# Without that a text in another language would be easy to predict, one unknown word after the other.
_SPELLING = np.log(32.0)
_MAX_SPELLED = 12
BITS = 21
UNKNOWN, START, END, FIRST_WORD = 0, 1, 2, 3
_LF = 10


@helper
def _line_end(data, position, end):  # type: ignore[no-untyped-def]
    while position < end and data[position] != _LF:
        position += 1
    return position


@kernel
def read_lines(data, offsets, classes, lower):  # type: ignore[no-untyped-def]
    """(uint64 token hashes, int64 lengths of the lines that hold a token): all documents, one after the other."""
    tokens = lines = 0
    for write in range(2):
        if write:
            hashes, lengths = np.empty(tokens, np.uint64), np.empty(lines, np.int64)
        tokens = lines = 0
        for row in range(len(offsets) - 1):
            line, end = offsets[row], offsets[row + 1]
            while line < end:
                stop = _line_end(data, line, end)
                before = tokens
                position = line
                while True:
                    begin, position, _, _, _, _ = next_word(data, position, stop, classes)
                    if begin >= position:
                        break
                    if write:
                        hashes[tokens] = hash_token(data, begin, position, lower)
                    tokens += 1
                if tokens > before:
                    if write:
                        lengths[lines] = tokens - before
                    lines += 1
                line = stop + 1
    return hashes, lengths


@kernel
def build_slots(keys):  # type: ignore[no-untyped-def]
    """Slots for distinct keys, at most half full."""
    size = 1
    while size < 2 * len(keys):
        size *= 2
    slots = np.full(size, -1, np.int32)
    for index in range(len(keys)):
        slot = np.int64(mix(keys[index]) & _U(size - 1))
        while slots[slot] >= 0:
            slot = (slot + 1) & (size - 1)
        slots[slot] = index
    return slots


@helper
def _find(keys, slots, key):  # type: ignore[no-untyped-def]
    """Index of a key, -1 when it is not there."""
    last = len(slots) - 1
    slot = np.int64(mix(key) & _U(last))
    while slots[slot] >= 0:
        if keys[slots[slot]] == key:
            return np.int64(slots[slot])
        slot = (slot + 1) & last
    return np.int64(-1)


@helper
def _log_probability(before, last, word, unigrams, bigrams, trigrams):  # type: ignore[no-untyped-def]
    """Natural log of p(word | before, last); `before` is -1 where the line has only one word so far."""
    log1, backoff1 = unigrams
    keys2, slots2, log2, backoff2 = bigrams
    keys3, slots3, log3 = trigrams
    context = _U(last) << _U(BITS)
    result = 0.0
    if before >= 0:
        index = _find(keys3, slots3, _U(before) << _U(2 * BITS) | context | _U(word))
        if index >= 0:
            return np.float64(log3[index])
        index = _find(keys2, slots2, _U(before) << _U(BITS) | _U(last))
        if index >= 0:
            result += np.float64(backoff2[index])
    index = _find(keys2, slots2, context | _U(word))
    if index >= 0:
        return result + np.float64(log2[index])
    return result + np.float64(backoff1[last]) + np.float64(log1[word])


@kernel
def score_lines(  # type: ignore[no-untyped-def]
    data, offsets, classes, lower, vocabulary, vocabulary_slots, unigrams, bigrams, trigrams
):
    """(float64[n] sum of log probabilities, int64[n] of how many events): every token, and an end for each line.

    `vocabulary` holds the token hashes of the words from FIRST_WORD on. `unigrams` is (log probability, backoff),
    `bigrams` (keys, slots, log probability, backoff), `trigrams` (keys, slots, log probability); logs are float32.
    """
    sums, events = np.zeros(len(offsets) - 1), np.zeros(len(offsets) - 1, np.int64)
    for row in range(len(offsets) - 1):
        line, end = offsets[row], offsets[row + 1]
        while line < end:
            stop = _line_end(data, line, end)
            before, last = np.int64(-1), np.int64(START)
            position = line
            while True:
                begin, position, characters, _, _, _ = next_word(data, position, stop, classes)
                if begin >= position:
                    break
                known = _find(vocabulary, vocabulary_slots, hash_token(data, begin, position, lower))
                word = known + FIRST_WORD if known >= 0 else np.int64(UNKNOWN)
                sums[row] += _log_probability(before, last, word, unigrams, bigrams, trigrams)
                sums[row] -= _SPELLING * min(characters, _MAX_SPELLED) if known < 0 else 0.0
                events[row] += 1
                before, last = last, word
            if before >= 0:
                sums[row] += _log_probability(before, last, np.int64(END), unigrams, bigrams, trigrams)
                events[row] += 1
            line = stop + 1
    return sums, events
