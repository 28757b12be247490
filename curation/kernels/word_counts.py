"""How many words a text has, of which kinds, and which stop words."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.blocks import bits_below, first_bit, without_first
from curation.kernels.hash_tables import find_slot, hash_bytes
from curation.kernels.hashing import frozen
from curation.kernels.jit import inlined, kernel
from curation.kernels.unicode_tables import ALPHABETIC, ALPHANUMERIC, PUNCTUATION
from curation.kernels.word_blocks import find_words
from curation.kernels.words import next_word

__all__ = ["StopWords", "count_ascii_word", "count_word", "count_words", "find_stop_word", "stop_words"]

# Columns of count_words.
TOKENS, WORDS, WORD_CHARACTERS, ALPHABETIC_TOKENS, ALPHANUMERIC_TOKENS, DISTINCT_STOP_WORDS = range(6)
COLUMNS = 6

# The words of a list as kernels look them up: a hash table of their bytes, and the characters of the longest.
StopWords = tuple[npt.NDArray[np.uint64], int]

_ONE = np.uint64(1)


def stop_words(words: tuple[str, ...]) -> StopWords:
    encoded = [word.encode() for word in words]
    offsets = np.zeros(len(words) + 1, np.int64)
    offsets[1:] = np.cumsum([len(word) for word in encoded])
    table = np.zeros(4 << max(1, len(words)).bit_length(), np.uint64)
    _fill(np.frombuffer(b"".join(encoded) or b"\0", np.uint8), frozen(offsets), table)
    return table, max(map(len, words), default=0)


@kernel
def _fill(data, offsets, table):  # type: ignore[no-untyped-def]
    for k in range(len(offsets) - 1):
        key = hash_bytes(data, offsets[k], offsets[k + 1])
        table[find_slot(table, len(table), key)] = key


@inlined
def find_stop_word(table, longest, key, characters):  # type: ignore[no-untyped-def]
    """Slot in a table of `stop_words` of the word with this hash, or -1."""
    if characters > longest:
        return np.int64(-1)
    slot = find_slot(table, len(table), key)
    return np.int64(slot) if table[slot] else np.int64(-1)


@inlined
def count_word(row, characters, any_flags, all_flags, first):  # type: ignore[no-untyped-def]
    """Count one token of `words.next_word`."""
    proper = np.int64((all_flags & PUNCTUATION) == 0)
    row[TOKENS] += 1
    row[WORDS] += proper
    row[WORD_CHARACTERS] += proper * characters
    row[ALPHABETIC_TOKENS] += (any_flags & ALPHABETIC) != 0
    row[ALPHANUMERIC_TOKENS] += (first & ALPHANUMERIC) != 0


@inlined
def count_ascii_word(row, first, length, letters, alphanumerics):  # type: ignore[no-untyped-def]
    """Count one token of `word_blocks.find_words`; whether it begins with a letter or digit.

    All other characters of ASCII are punctuation, or white space.
    """
    own = bits_below(length) << np.uint64(first)
    proper = np.int64((alphanumerics & own) != 0)
    begins = np.int64((alphanumerics >> np.uint64(first)) & _ONE)
    row[TOKENS] += 1
    row[WORDS] += proper
    row[WORD_CHARACTERS] += proper * length
    row[ALPHABETIC_TOKENS] += (letters & own) != 0
    row[ALPHANUMERIC_TOKENS] += begins
    return begins


@kernel
def count_words(data, offsets, classes, stop_keys, stop_characters):  # type: ignore[no-untyped-def]
    """Tokens of `words.next_word`: all, not only punctuation (and their characters), with a letter, that begin with a
    letter or digit, and how many distinct stop words occur with exactly their letters; int64 of shape (n, 6).
    """
    documents = len(offsets) - 1
    counts = np.zeros((documents, COLUMNS), np.int64)
    seen = np.full(len(stop_keys), -1, np.int64)
    for document in range(documents):
        position, end = offsets[document], offsets[document + 1]
        row = counts[document]
        while True:
            firsts, lasts, letters, alphanumerics = find_words(data, position, end)
            behind = position
            while lasts:
                first, last = first_bit(firsts), first_bit(lasts)
                firsts, lasts = without_first(firsts), without_first(lasts)
                start, behind, characters = position + first, position + last + 1, last + 1 - first
                count_ascii_word(row, first, characters, letters, alphanumerics)
                _count_stop_word(data, start, behind, characters, stop_keys, stop_characters, seen, document, row)
            if behind > position:
                position = behind
                continue
            start, position, characters, any_flags, all_flags, first = next_word(data, position, end, classes)
            if start == position:
                break
            count_word(row, characters, any_flags, all_flags, first)
            _count_stop_word(data, start, position, characters, stop_keys, stop_characters, seen, document, row)
    return counts


@inlined
def _count_stop_word(  # type: ignore[no-untyped-def]
    data, start, stop, characters, stop_keys, stop_characters, seen, document, row
):
    """Count it where this document has not had it; `seen` holds the last document in which each occurred."""
    if characters <= stop_characters:
        found = find_stop_word(stop_keys, stop_characters, hash_bytes(data, start, stop), characters)
        if found >= 0 and seen[found] != document:
            seen[found] = document
            row[DISTINCT_STOP_WORDS] += 1
