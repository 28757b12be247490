"""The tokens of `words.next_word` in text of ASCII, found 64 bytes at a time."""

from __future__ import annotations

import numpy as np

from curation.kernels.blocks import (
    BLOCK,
    beyond_ascii_bits,
    bits_below,
    digit_bits,
    equal_bits,
    first_bit,
    letter_bits,
    repeated_bits,
    space_bits,
)
from curation.kernels.jit import inlined

__all__ = ["find_words"]

_AHEAD = 16
_FEW = 8  # bytes of ASCII for which a block is not worth its while
_UNDERSCORE, _STOP, _APOSTROPHE, _COMMA = (np.uint8(ord(mark)) for mark in "_.',")
_NONE, _ONE = np.uint64(0), np.uint64(1)


@inlined
def find_words(data, position, end):  # type: ignore[no-untyped-def]
    """Bits of the block at `position`, where a token may begin: first bytes of tokens, their last bytes, letters, and
    letters or digits.

    The k-th of the last bytes belongs to the k-th of the first ones, of which there may be more: tokens that the block
    does not decide, as it ends or is ASCII no longer, are left to `next_word`. Sixteen bytes from the first one of each
    lie in `data`; near its end all tokens are left.
    """
    if position + BLOCK + _AHEAD > len(data):
        return _NONE, _NONE, _NONE, _NONE
    size = min(first_bit(beyond_ascii_bits(data, position)), end - position)
    if size < _FEW:
        return _NONE, _NONE, _NONE, _NONE
    letters, digits = letter_bits(data, position), digit_bits(data, position)
    mids = equal_bits(data, position, _STOP) | equal_bits(data, position, _APOSTROPHE)
    joining = (mids & _between(letters)) | ((mids | equal_bits(data, position, _COMMA)) & _between(digits))
    words = letters | digits | equal_bits(data, position, _UNDERSCORE) | joining
    marks = ~(words | space_bits(data, position))
    going_on = (words & (words << _ONE)) | (marks & (repeated_bits(data, position) << _ONE))
    # What follows a token decides whether it ends there, and of a mark that may join two words the byte behind it.
    lasts = (words | marks) & ~(going_on >> _ONE) & bits_below(size - 2)
    return (words | marks) & ~going_on, lasts, letters, letters | digits


@inlined
def _between(bits):  # type: ignore[no-untyped-def]
    """Bits whose neighbours are set."""
    return (bits << _ONE) & (bits >> _ONE)
