"""FNV-1a (Fowler, Noll, Vo) of the tokens of normalized text, which `kernels.shingles` makes its n-grams of."""

from __future__ import annotations

import numpy as np

from curation.kernels.blocks import BLOCK, bits_below, equal_bits, first_bit, range_bits, without_first
from curation.kernels.eight import load_eight
from curation.kernels.jit import helper
from curation.kernels.normalize import decode

__all__ = ["BASIS", "PRIME", "hash_tokens"]

BASIS = np.uint64(0xCBF29CE484222325)
PRIME = np.uint64(0x100000001B3)

_HEAD, _BYTE = 8, np.uint64(0xFF)
_SPACE, _E0, _FROM_E0 = np.uint8(0x20), np.uint8(0xE0), np.uint8(0x20)


@helper
def hash_tokens(data, start, end, single, heads, sizes, starts, out):  # type: ignore[no-untyped-def]
    """FNV-1a of every token, returns how many."""
    count = -1 if single[32] else _find_tokens(data, start, end, heads, sizes, starts)
    if count < 0:
        return _hash_tokens_of_any_script(data, start, end, single, out)
    _hash_heads(heads, sizes, count, out)
    long = np.int64(0)
    for k in range(count):
        sizes[long], starts[long], heads[long] = sizes[k], starts[k], k
        long += sizes[k] > _HEAD
    for k in range(long):
        h = out[heads[k]]
        for i in range(starts[k] + _HEAD, starts[k] + sizes[k]):
            h = (h ^ np.uint64(data[i])) * PRIME
        out[heads[k]] = h
    return count


@helper
def _find_tokens(data, start, end, heads, sizes, starts):  # type: ignore[no-untyped-def]
    """First eight bytes, size and place of every token; how many, or -1 where the text has to be read in another way:
    it may hold scripts without spaces, or lies at the end of `data`.
    """
    if end + BLOCK > len(data):
        return np.int64(-1)
    count, token = np.int64(0), start
    for position in range(start, end, BLOCK):
        size = bits_below(end - position)
        if range_bits(data, position, _E0, _FROM_E0) & size:
            return np.int64(-1)
        spaces = equal_bits(data, position, _SPACE) & size
        while spaces:
            space = position + first_bit(spaces)
            spaces = without_first(spaces)
            heads[count], sizes[count], starts[count] = load_eight(data, np.uint64(token)), space - token, token
            count, token = count + 1, space + 1
    if token < end:
        heads[count], sizes[count], starts[count] = load_eight(data, np.uint64(token)), end - token, token
        count += 1
    return count


@helper
def _hash_heads(heads, sizes, count, out):  # type: ignore[no-untyped-def]
    """FNV-1a of up to eight bytes of each token: as many rounds for all, so that they run side by side."""
    for k in range(count):
        h, head, size = BASIS, heads[k], sizes[k]
        for i in range(_HEAD):
            h = (h ^ (head & _BYTE)) * PRIME if i < size else h
            head >>= np.uint64(8)
        out[k] = h


@helper
def _hash_tokens_of_any_script(data, start, end, single, out):  # type: ignore[no-untyped-def]
    """Without a branch on ASCII: every byte writes, spaces move on."""
    count = 0
    inside = False
    h = BASIS
    i = start
    while i < end:
        byte = data[i]
        if byte >= 0xE0 or single[32]:
            point, width = decode(data, i, end)
            if single[point]:
                if inside:
                    out[count] = h
                    count += 1
                h = BASIS
            for k in range(width):
                h = (h ^ np.uint64(data[i + k])) * PRIME
            if single[point]:
                out[count] = h
                count += 1
                h = BASIS
            inside = not single[point]
            i += width
            continue
        out[count] = h
        space = byte == 32
        count += space & inside
        inside = not space
        h = BASIS if space else (h ^ np.uint64(byte)) * PRIME
        i += 1
    if inside:
        out[count] = h
        count += 1
    return count
