"""Shingles: the set of n-grams of a document, as sorted unique 64-bit hashes.

Input is normalized text (`kernels.normalize`): words with single spaces between. Tokens are the words at spaces
("word"), the same with scripts that write no spaces cut into single code points ("auto"), or all code points, spaces
among them ("char").

A token hashes to t = mix(FNV-1a of its UTF-8 bytes), a shingle of n tokens to mix(t[0] * P**(n-1) + ... + t[n-1])
modulo 2**64, with `mix` the finalizer of XXH64 and P an odd constant. FNV-1a (`kernels.token_hashes`) runs on many
tokens side by side, and the sums run over whole arrays: several times as fast as XXH64 of every n-gram.

Rules for odd texts:
- too few tokens (fewer than n, or than `min_tokens`): the whole text is its one shingle, so it equals only itself;
- no tokens: no shingles, it is never anybody's duplicate;
- repetitive (share of distinct shingles under `repetitive_below`): the second, third ... occurrence of a shingle is an
  element of its own, so that "buy now" a hundred times does not equal "buy now" a thousand times.
"""

from __future__ import annotations

from functools import cache
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels.hash_tables import clear
from curation.kernels.hashing import frozen, mix
from curation.kernels.jit import helper, kernel
from curation.kernels.normalize import decode
from curation.kernels.sorting import MAX_BITS, copy_to, sort_hashes
from curation.kernels.token_hashes import BASIS, PRIME, hash_tokens

__all__ = ["TokenTable", "Tokens", "shingle_sets", "token_table", "windows"]

Tokens = Literal["auto", "word", "char"]


class TokenTable(NamedTuple):
    """Tokens of n texts: text k has rows offsets[k] to offsets[k + 1]."""

    hashes: npt.NDArray[np.uint64]
    starts: npt.NDArray[np.int64]  # first byte in the normalized text
    ends: npt.NDArray[np.int64]  # after the last byte
    offsets: npt.NDArray[np.int64]  # (n + 1,)


# Thai, Lao, Myanmar, Khmer, kana, Bopomofo, ideographs, Yi, half-width kana. Korean writes spaces.
_UNSPACED = [
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x3005, 0x3007),
    (0x3031, 0x312F),
    (0x31A0, 0x31BF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0xA4CF),
    (0xF900, 0xFAFF),
    (0xFF66, 0xFF9F),
    (0x1B000, 0x1B16F),
    (0x20000, 0x3FFFD),
]
_P = np.uint64(0xD6E8FEB86659FD93)
_REPEAT = np.uint64(0x9E3779B97F4A7C15)
_ZERO = np.uint64(0)
_SIEVE = 1 << 18  # bytes: more would leave the cache


def shingle_sets(
    data: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    ngram: int,
    tokens: Tokens,
    min_tokens: int = 0,
    repetitive_below: float = 0.0,
    ordered: bool = True,
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """Hashes and n+1 offsets: document k has values[offsets[k]:offsets[k + 1]], ascending, without repeats.

    Not `ordered`: the same in any order, and some of them more than once. That is enough for what takes the least of a
    set, and spares sorting.
    """
    longest = int(np.diff(offsets).max(initial=0)) + 1
    token_hashes, work, heads = (np.empty(longest, np.uint64) for _ in range(3))
    sizes, starts = np.empty(longest, np.int64), np.empty(longest, np.int64)
    counts, sieve = np.empty(1 << MAX_BITS, np.int64), np.empty(_SIEVE, np.uint8)
    out = np.zeros(len(offsets), np.int64)
    values = np.empty(int(offsets[-1] - offsets[0]) + len(offsets), np.uint64)
    least = max(ngram, min_tokens)
    arguments = frozen(data), frozen(offsets), ngram, least, repetitive_below, _single_code_points(tokens), ordered
    size = _shingle_sets(*arguments, heads, sizes, starts, token_hashes, work, counts, sieve, values, out)
    return values[:size].copy(), out


def token_table(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64], tokens: Tokens) -> TokenTable:
    """Every token of normalized texts and where it stands."""
    room = int(offsets[-1] - offsets[0]) + 1
    hashes, starts, ends = np.empty(room, np.uint64), np.empty(room, np.int64), np.empty(room, np.int64)
    out = np.zeros(len(offsets), np.int64)
    size = _token_table(frozen(data), frozen(offsets), _single_code_points(tokens), hashes, starts, ends, out)
    return TokenTable(hashes[:size].copy(), starts[:size].copy(), ends[:size].copy(), out)


def windows(token_hashes: npt.NDArray[np.uint64], ngram: int) -> npt.NDArray[np.uint64]:
    """Shingle hashes of every `ngram` tokens that follow each other, shape (m - ngram + 1,), or (0,)."""
    out = np.empty(max(len(token_hashes) - ngram + 1, 0), np.uint64)
    _windows(frozen(token_hashes), ngram, out)
    return out


@cache
def _single_code_points(tokens: Tokens) -> npt.NDArray[np.bool_]:
    """For every code point, whether it is a token by itself."""
    single = np.full(0x110000, tokens == "char", np.bool_)
    if tokens == "auto":
        for first, last in _UNSPACED:
            single[first : last + 1] = True
    return frozen(single)


@helper
def _join(token_hashes, total, ngram, out):  # type: ignore[no-untyped-def]
    """Hashes of `total` shingles from `total + ngram - 1` token hashes, which must be mixed."""
    for k in range(total):
        out[k] = token_hashes[k]
    for step in range(1, ngram):
        for k in range(total):
            out[k] = out[k] * _P + token_hashes[k + step]
    for k in range(total):
        out[k] = mix(out[k])


@helper
def _unique(values, size, out):  # type: ignore[no-untyped-def]
    kept = 0
    for k in range(size):
        if k == 0 or values[k] != values[k - 1]:
            out[kept] = values[k]
            kept += 1
    return kept


@helper
def _number_repeats(values, size):  # type: ignore[no-untyped-def]
    """Turns the k-th repeat in sorted values[:size] into an element of its own; the order is lost."""
    previous, repeats = values[0], _ZERO
    for k in range(1, size):
        repeats = repeats + np.uint64(1) if values[k] == previous else _ZERO
        previous = values[k]
        if repeats:
            values[k] = mix(previous + repeats * _REPEAT)


@helper
def _sorted_set(work, total, repetitive_below, counts, out):  # type: ignore[no-untyped-def]
    """Sorts work[:total] into out without repeats, returns the size of the set."""
    sort_hashes(work, total, counts, out)
    kept = _unique(out, total, work)
    if kept < repetitive_below * total:
        _number_repeats(out, total)
        copy_to(out, total, work)
        sort_hashes(work, total, counts, out)
        kept = _unique(out, total, work)
    copy_to(work, kept, out)
    return kept


@helper
def _is_mostly_distinct(values, total, repetitive_below, sieve):  # type: ignore[no-untyped-def]
    """Whether the distinct ones are surely no smaller a share: at least as many as the slots that they fill."""
    size = 16
    while size < 4 * total:
        size *= 2
    if size > len(sieve):
        return False
    clear(sieve, size)
    distinct, mask = 0, np.uint64(size - 1)
    for k in range(total):
        slot = values[k] & mask
        distinct += sieve[slot] == 0
        sieve[slot] = 1
    return distinct >= repetitive_below * total


@kernel
def _shingle_sets(  # type: ignore[no-untyped-def]
    data,
    offsets,
    ngram,
    least,
    repetitive_below,
    single,
    ordered,
    heads,
    sizes,
    starts,
    token_hashes,
    work,
    counts,
    sieve,
    values,
    out_offsets,
):
    size = 0
    for row in range(len(offsets) - 1):
        count = hash_tokens(data, offsets[row], offsets[row + 1], single, heads, sizes, starts, token_hashes)
        if count:
            for k in range(count):
                token_hashes[k] = mix(token_hashes[k])
            length = ngram if count >= least else count
            total = count - length + 1
            _join(token_hashes, total, length, work)
            if not ordered and _is_mostly_distinct(work, total, repetitive_below, sieve):
                copy_to(work, total, values[size:])
                size += total
            else:
                size += _sorted_set(work, total, repetitive_below, counts, values[size:])
        out_offsets[row + 1] = size
    return size


@kernel
def _windows(token_hashes, ngram, out):  # type: ignore[no-untyped-def]
    """The sums of `_join`, each from the one before: times _P, plus the new token, less the one that left."""
    joined, leaving = _ZERO, np.uint64(1)
    for _ in range(ngram):
        leaving *= _P
    for k in range(len(token_hashes)):
        joined = joined * _P + token_hashes[k]
        if k >= ngram:
            joined -= token_hashes[k - ngram] * leaving
        if k >= ngram - 1:
            out[k - ngram + 1] = mix(joined)


@helper
def _emit(token_hash, start, end, count, hashes, starts, ends):  # type: ignore[no-untyped-def]
    hashes[count] = mix(token_hash)
    starts[count] = start
    ends[count] = end
    return count + 1


@kernel
def _token_table(data, offsets, single, hashes, starts, ends, out_offsets):  # type: ignore[no-untyped-def]
    count = 0
    for row in range(len(offsets) - 1):
        i, end = offsets[row], offsets[row + 1]
        begin, h, inside = i, BASIS, False
        while i < end:
            point, width = np.int64(data[i]), 1
            if point >= 0xC0:
                point, width = decode(data, i, end)
            apart = single[point] or point == 32
            if apart and inside:
                count = _emit(h, begin, i, count, hashes, starts, ends)
            if apart or not inside:
                begin, h = i, BASIS
            for k in range(i, i + width):
                h = (h ^ np.uint64(data[k])) * PRIME
            i += width
            if single[point]:
                count = _emit(h, begin, i, count, hashes, starts, ends)
            inside = not apart
        if inside:
            count = _emit(h, begin, end, count, hashes, starts, ends)
        out_offsets[row + 1] = count
    return count
