"""A cache from pre-tokens to token ids: text is cut and looked up in one pass, and only what is new is encoded.

The cache is a few arrays with an open hash table in front:

    keys      uint64[slots]    pre-tokens of up to seven bytes themselves, a hash with the top bit set for longer ones
    entries   int32[slots]     number of the entry that the slot holds
    starts    int64[entries]   where an entry's bytes begin in `arena`
    sizes     int32[entries]   how many bytes it has
    arena     uint8[room]      bytes of all entries
    used      int64[2]         entries and bytes of the arena in use

Longer pre-tokens are compared byte by byte, so a collision of hashes never gives wrong ids. Ids of entry e are
`pool[stops[e]:stops[e + 1]]`, which the caller keeps.
"""

from __future__ import annotations

import numpy as np

from curation.kernels.eight import load_eight
from curation.kernels.hash_tables import copy_bytes, hash_long
from curation.kernels.hashing import mix
from curation.kernels.jit import helper, inlined, kernel
from curation.kernels.pretokens import next_pretoken

__all__ = ["add_words", "count_tokens", "find_documents", "look_up", "spread_tokens"]

_SHORT = 7  # bytes that fit a key together with their number
_LONG_KEY = np.uint64(1 << 63)


@inlined
def _key(data, start, stop):  # type: ignore[no-untyped-def]
    size = stop - start
    if size > _SHORT:
        return hash_long(data, start, stop) | _LONG_KEY
    if start + 8 <= len(data):
        word = load_eight(data, np.uint64(start)) & ((np.uint64(1) << np.uint64(8 * size)) - np.uint64(1))
    else:
        word = np.uint64(0)
        for k in range(size):
            word |= np.uint64(data[start + k]) << np.uint64(8 * k)
    return word | np.uint64(size) << np.uint64(56)


@helper
def _same(data, start, size, arena, at):  # type: ignore[no-untyped-def]
    """Whether data[start:start+size] stands at arena[at:]; size is at least eight."""
    k = 0
    while k + 8 < size:
        if load_eight(data, np.uint64(start + k)) != load_eight(arena, np.uint64(at + k)):
            return False
        k += 8
    k = size - 8
    return load_eight(data, np.uint64(start + k)) == load_eight(arena, np.uint64(at + k))


@helper
def _entry(data, start, stop, keys, entries, starts, sizes, arena, used):  # type: ignore[no-untyped-def]
    """Number of the entry of a pre-token, a new one if need be, or -1 when the cache is full."""
    key = _key(data, start, stop)
    size = stop - start
    mask = np.uint64(len(keys) - 1)
    slot = mix(key) & mask
    while keys[slot] != 0:
        if keys[slot] == key:
            found = entries[slot]
            if size <= _SHORT or (sizes[found] == size and _same(data, start, size, arena, starts[found])):
                return np.int64(found)
        slot = (slot + np.uint64(1)) & mask
    number, at = used[0], used[1]
    if number >= len(starts) or at + size + 8 > len(arena):
        return np.int64(-1)
    keys[slot], entries[slot] = key, number
    starts[number], sizes[number] = at, size
    copy_bytes(data, start, stop, arena, at)
    used[0], used[1] = number + 1, at + size
    return number


@kernel
def look_up(  # type: ignore[no-untyped-def]
    data, offsets, first, skipped, family, digits, classes, keys, entries, starts, sizes, arena, used, out, ends
):
    """Cut documents from number `first` on and look every pre-token up; returns the document at which the cache is
    full, n when all are done.

    skipped bool[n]: documents to leave without pre-tokens; out int32[>= bytes of the documents]: entry of each
    pre-token; ends int64[n]: pre-tokens up to the end of each document.
    """
    written = 0
    for document in range(first, len(offsets) - 1):
        position, end = offsets[document], offsets[document + 1]
        while position < end and not skipped[document]:
            stop = next_pretoken(data, position, end, classes, family, digits)
            number = _entry(data, position, stop, keys, entries, starts, sizes, arena, used)
            if number < 0:
                return document
            out[written] = number
            written += 1
            position = stop
        ends[document] = written
    return len(offsets) - 1


@kernel
def add_words(data, offsets, keys, entries, starts, sizes, arena, used):  # type: ignore[no-untyped-def]
    """Put the words of a list into the cache, one entry each in their order; equal words are the caller's mistake."""
    for word in range(len(offsets) - 1):
        _entry(data, offsets[word], offsets[word + 1], keys, entries, starts, sizes, arena, used)


@kernel
def count_tokens(out, ends, first, last, stops, counts):  # type: ignore[no-untyped-def]
    """counts int64[n]: tokens of documents [first, last), of which the pre-tokens are out[:ends[last - 1]]."""
    begun = 0
    for document in range(first, last):
        total = 0
        for k in range(begun, ends[document]):
            total += stops[out[k] + 1] - stops[out[k]]
        counts[document] = total
        begun = ends[document]


@kernel
def spread_tokens(out, ends, first, last, stops, pool, places, tokens):  # type: ignore[no-untyped-def]
    """Write the ids of each document of [first, last) to tokens from places[document] on."""
    begun = 0
    for document in range(first, last):
        at = places[document]
        for k in range(begun, ends[document]):
            for position in range(stops[out[k]], stops[out[k] + 1]):
                tokens[at] = pool[position]
                at += 1
        begun = ends[document]


@kernel
def find_documents(data, offsets, words, word_offsets, first_bytes):  # type: ignore[no-untyped-def]
    """bool[n]: documents that hold one of the words; `first_bytes` bool[256] are those that words begin with."""
    found = np.zeros(len(offsets) - 1, np.bool_)
    for document in range(len(found)):
        end = offsets[document + 1]
        for position in range(offsets[document], end):
            if first_bytes[data[position]] and _begins(data, position, end, words, word_offsets):
                found[document] = True
                break
    return found


@helper
def _begins(data, position, end, words, word_offsets):  # type: ignore[no-untyped-def]
    for word in range(len(word_offsets) - 1):
        start, size = word_offsets[word], word_offsets[word + 1] - word_offsets[word]
        k = 0
        while k < size and position + k < end and data[position + k] == words[start + k]:
            k += 1
        if k == size:
            return True
    return False
