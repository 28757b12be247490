"""Bits of a block are those of its bytes, wherever in the buffer it lies."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numba import njit

from curation.kernels import blocks
from curation.kernels.hashing import frozen
from tests.reference import blocks as twins

FIRST, SIZE, LETTER = 0xE1, 3, ord("k")


@njit
def bits_of(data, position, byte):  # type: ignore[no-untyped-def]
    return (
        blocks.equal_bits(data, position, byte),
        blocks.any_case_bits(data, position, np.uint8(LETTER)),
        blocks.range_bits(data, position, np.uint8(FIRST), np.uint8(SIZE)),
        blocks.letter_bits(data, position),
        blocks.digit_bits(data, position),
        blocks.space_bits(data, position),
        blocks.beyond_ascii_bits(data, position),
        blocks.repeated_bits(data, position),
    )


@njit
def looked_for(data, position, end, byte):  # type: ignore[no-untyped-def]
    return blocks.find_byte(data, position, end, byte), blocks.count_byte(data, position, end, byte)


@njit
def of_number(bits):  # type: ignore[no-untyped-def]
    return blocks.first_bit(bits), blocks.without_first(bits), blocks.count_bits(bits)


@njit
def by_vector(data, position, also, first, size):  # type: ignore[no-untyped-def]
    return blocks._bits(data, position, also, first, size), blocks._repeated_bits(data, position)


@njit
def below(number):  # type: ignore[no-untyped-def]
    return blocks.bits_below(number)


def where(is_meant: Callable[[int], bool], block: bytes) -> int:
    return sum(1 << k for k, byte in enumerate(block[:64]) if is_meant(byte))


def expected(block: bytes, byte: int) -> tuple[int, ...]:
    return (
        where(lambda b: b == byte, block),
        where(lambda b: b | 0x20 == LETTER, block),
        where(lambda b: FIRST <= b < FIRST + SIZE, block),
        where(lambda b: b < 0x80 and chr(b).isalpha(), block),
        where(lambda b: b < 0x80 and chr(b).isdigit(), block),
        where(lambda b: b < 0x80 and chr(b).isspace(), block),
        where(lambda b: b >= 0x80, block),
        sum(1 << k for k, (here, there) in enumerate(pairwise(block)) if here == there),
    )


@given(st.binary(min_size=65, max_size=90), st.integers(0, 25), st.integers(0, 255))
def test_kinds_of_bytes_are_pythons(raw: bytes, position: int, byte: int) -> None:
    position = min(position, len(raw) - 65)
    found = bits_of(frozen(np.frombuffer(raw, np.uint8)), position, np.uint8(byte))
    assert found == expected(raw[position : position + 65], byte)


@given(st.binary(min_size=65, max_size=70), st.integers(0, 5), *[st.integers(0, 255)] * 3)
def test_vectors_answer_as_the_slow_twin(raw: bytes, position: int, also: int, first: int, size: int) -> None:
    position = np.uint64(min(position, len(raw) - 65))
    data = frozen(np.frombuffer(raw, np.uint8))
    found = by_vector(data, position, np.uint8(also), np.uint8(first), np.uint8(size))
    assert found == (twins.bits(data, position, also, first, size), twins.repeated_bits(data, position))


def test_every_byte_is_told_at_every_place() -> None:
    for first in range(256):
        raw = bytes((first + k) % 256 for k in range(65))
        assert bits_of(frozen(np.frombuffer(raw, np.uint8)), 0, np.uint8(first)) == expected(raw, first)


@given(st.binary(max_size=200), st.integers(0, 200), st.integers(0, 200), st.sampled_from(b"\n\0a"))
def test_a_byte_is_found_and_counted_up_to_the_end(raw: bytes, position: int, end: int, byte: int) -> None:
    raw = bytes(each if each % 3 else byte for each in raw)
    position, end = sorted((min(position, len(raw)), min(end, len(raw))))
    found = looked_for(frozen(np.frombuffer(raw or b"\0", np.uint8)), position, end, np.uint8(byte))
    place = raw.find(byte, position, end)
    assert found == (place if place >= 0 else end, raw.count(byte, position, end))


@given(st.one_of(st.integers(0, 2**64 - 1), st.sampled_from([0, 1, 1 << 63, 2**64 - 1])))
def test_bits_are_counted_and_taken_from_the_lowest(bits: int) -> None:
    lowest = bits & -bits
    found = of_number(np.uint64(bits))
    assert found == (lowest.bit_length() - 1 if bits else 64, bits ^ lowest, bits.bit_count())
    assert found[::2] == (twins.first_bit(bits), twins.count_bits(bits))


@pytest.mark.parametrize("number", [-3, 0, 1, 5, 63, 64, 70])
def test_the_lowest_bits_are_none_to_all(number: int) -> None:
    assert below(number) == (1 << min(max(number, 0), 64)) - 1
