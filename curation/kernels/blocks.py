"""64 bytes of text at once: which of them are of a kind, as the bits of one number, the first byte lowest.

Written as vectors of LLVM, which become what the processor has. A loop over single bytes ends where no processor can
foresee it; a step over the bits of a block does not depend on the text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic

from curation.kernels.jit import helper

__all__ = [
    "BLOCK",
    "any_case_bits",
    "beyond_ascii_bits",
    "bits_below",
    "count_bits",
    "count_byte",
    "digit_bits",
    "equal_bits",
    "find_byte",
    "first_bit",
    "letter_bits",
    "range_bits",
    "repeated_bits",
    "space_bits",
    "without_first",
]

BLOCK = 64

_VECTOR = ir.VectorType(ir.IntType(8), BLOCK)
_BITS = ir.IntType(BLOCK)
_intrinsic: Callable[..., Any] = intrinsic
_array_of: Any = cgutils.create_struct_proxy

_ALL = np.uint64(2**64 - 1)
_ZERO, _ONE = np.uint64(0), np.uint64(1)
_SAME, _SINGLE, _CASE = np.uint8(0), np.uint8(1), np.uint8(0x20)
_A, _LETTERS = np.uint8(0x61), np.uint8(26)
_0, _DIGITS = np.uint8(0x30), np.uint8(10)
_TAB, _TABS = np.uint8(0x09), np.uint8(5)  # to the carriage return
_SEPARATOR, _SEPARATORS = np.uint8(0x1C), np.uint8(5)  # of files, groups, records and units, and the space
_HIGH = np.uint8(0x80)


@_intrinsic
def _bits(context: Any, data: Any, position: Any, also: Any, first: Any, size: Any) -> Any:
    """Bytes b of data[position : position + 64] with ((b | also) - first) & 255 < size."""

    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        block = _load(builder, _pointer(context, builder, signature, arguments))
        also, first, size = (_spread(builder, limit) for limit in arguments[2:])
        found = builder.icmp_unsigned("<", builder.sub(builder.or_(block, also), first), size)
        return builder.bitcast(found, _BITS)

    byte = types.uint8
    return types.uint64(data, types.uint64, byte, byte, byte), write


@_intrinsic
def _repeated_bits(context: Any, data: Any, position: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        start = _pointer(context, builder, signature, arguments)
        here, there = (_load(builder, place) for place in (start, builder.gep(start, [_BITS(1)])))
        return builder.bitcast(builder.icmp_unsigned("==", here, there), _BITS)

    return types.uint64(data, types.uint64), write


@_intrinsic
def _first_bit(context: Any, bits: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.int64(types.uint64), write


@_intrinsic
def _count_bits(context: Any, bits: Any) -> Any:
    def write(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), write


def _pointer(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    array = _array_of(signature.args[0])(context, builder, arguments[0])
    return builder.gep(array.data, [arguments[1]])


def _load(builder: Any, pointer: Any) -> Any:
    return builder.load(builder.bitcast(pointer, _VECTOR.as_pointer()), align=1)


def _spread(builder: Any, byte: Any) -> Any:
    """A vector that holds one byte everywhere."""
    empty, zeros = ir.Constant(_VECTOR, ir.Undefined), ir.Constant(ir.VectorType(ir.IntType(32), BLOCK), None)
    return builder.shuffle_vector(builder.insert_element(empty, byte, ir.IntType(32)(0)), empty, zeros)


@helper
def first_bit(bits):  # type: ignore[no-untyped-def]
    """Number of the lowest set bit, 64 if there is none."""
    return _first_bit(bits)


@helper
def without_first(bits):  # type: ignore[no-untyped-def]
    """The bits without the lowest that is set."""
    return bits & (bits - _ONE)


@helper
def count_bits(bits):  # type: ignore[no-untyped-def]
    """How many bits are set."""
    return _count_bits(bits)


@helper
def bits_below(number):  # type: ignore[no-untyped-def]
    """The lowest `number` bits: none for 0 and less, all for 64 and more."""
    return _ALL >> np.uint64(max(BLOCK - number, 0)) if number > 0 else _ZERO


# What follows reads data[position : position + 64], which must lie in `data`.


@helper
def equal_bits(data, position, byte):  # type: ignore[no-untyped-def]
    """Bytes that are `byte`."""
    return _bits(data, np.uint64(position), _SAME, byte, _SINGLE)


@helper
def any_case_bits(data, position, letter):  # type: ignore[no-untyped-def]
    """Bytes that are `letter`, given in lower case, in any case."""
    return _bits(data, np.uint64(position), _CASE, letter, _SINGLE)


@helper
def range_bits(data, position, first, size):  # type: ignore[no-untyped-def]
    """Bytes that are among `size` from `first` on."""
    return _bits(data, np.uint64(position), _SAME, first, size)


@helper
def letter_bits(data, position):  # type: ignore[no-untyped-def]
    """Letters of ASCII."""
    return _bits(data, np.uint64(position), _CASE, _A, _LETTERS)


@helper
def digit_bits(data, position):  # type: ignore[no-untyped-def]
    """Digits of ASCII."""
    return range_bits(data, position, _0, _DIGITS)


@helper
def space_bits(data, position):  # type: ignore[no-untyped-def]
    """White space of ASCII, as `str.isspace` has it: 09 to 0D and 1C to 20."""
    return range_bits(data, position, _TAB, _TABS) | range_bits(data, position, _SEPARATOR, _SEPARATORS)


@helper
def beyond_ascii_bits(data, position):  # type: ignore[no-untyped-def]
    """Bytes that are part of a character beyond ASCII."""
    return range_bits(data, position, _HIGH, _HIGH)


@helper
def repeated_bits(data, position):  # type: ignore[no-untyped-def]
    """Bytes that are equal to the one after them; one more byte must lie in `data`."""
    return _repeated_bits(data, np.uint64(position))


@helper
def find_byte(data, position, end, byte):  # type: ignore[no-untyped-def]
    """First position in data[position:end] that holds `byte`, or `end`."""
    while position < end and position + BLOCK <= len(data):
        bits = equal_bits(data, position, byte)
        if bits:
            return min(position + first_bit(bits), end)
        position += BLOCK
    while position < end and data[position] != byte:
        position += 1
    return min(position, end)


@helper
def count_byte(data, position, end, byte):  # type: ignore[no-untyped-def]
    """How often `byte` occurs in data[position:end]."""
    count = np.int64(0)
    while position < end and position + BLOCK <= len(data):
        count += count_bits(equal_bits(data, position, byte) & bits_below(end - position))
        position += BLOCK
    while position < end:
        count += data[position] == byte
        position += 1
    return count
