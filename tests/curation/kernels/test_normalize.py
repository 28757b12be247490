"""Normalization of UTF-8 buffers equals its twin on strings."""

from __future__ import annotations

import itertools
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.normalize import Rules, normalize, normalize_traced
from curation.schema import text_buffers
from tests.reference.normalize import normalize as slow
from tests.reference.ugly import UGLY, column, texts

choices = st.builds(Rules, st.booleans(), st.booleans(), st.booleans(), st.booleans())


def fast(values: list[str | None], rules: Rules) -> list[str]:
    data, offsets = normalize(*text_buffers(column(values)), rules)
    return [bytes(data[a:b]).decode() for a, b in itertools.pairwise(offsets)]


@given(st.lists(texts, max_size=5), choices)
def test_equals_the_twin(values: list[str], rules: Rules) -> None:
    assert fast(values, rules) == [slow(value, *rules) for value in values]


@pytest.mark.parametrize("rules", [Rules(), Rules(False, False, True, False), Rules(True, False), Rules(False, True)])
def test_equals_the_twin_on_every_code_point(rules: Rules) -> None:
    points = [chr(point) for point in range(sys.maxunicode + 1) if not 0xD800 <= point < 0xE000]
    values = ["x".join(points[start : start + 4096]) for start in range(0, len(points), 4096)]
    assert fast(values, rules) == [slow(value, *rules) for value in values]


def test_case_marks_punctuation_and_space_do_not_count() -> None:
    assert fast(["  Caf\u00e9,\tAU lait!", "CAFE\u0301 au\u00a0lait"], Rules()) == ["cafe au lait"] * 2


def test_digits_count_unless_spelled_out() -> None:
    assert fast(["room 12"], Rules()) == ["room 12"]
    assert fast(["room 12", "room \u0663"], Rules(spell_digits=True)) == ["room 0"] * 2


def test_no_text_and_null_are_empty() -> None:
    assert fast([], Rules()) == []
    assert fast([None, ""], Rules()) == ["", ""]


def test_damaged_utf8_stays_within_the_text() -> None:
    data = np.frombuffer(b"ok \xf0\x9f\xc3 \xffend\xe4\xb8", np.uint8)
    offsets = np.array([0, 4, len(data)])
    normalized, out = normalize(data, offsets, Rules())
    assert bytes(normalized[: out[1]]).startswith(b"ok")
    assert out[-1] == len(normalized)


def test_a_megabyte_in_one_line() -> None:
    text = UGLY[10] * (2**20 // len(UGLY[10].encode()))
    assert fast([text], Rules()) == [slow(text, *Rules())]


@given(st.lists(texts, max_size=3), choices)
def test_traces_every_byte_to_its_character(values: list[str], rules: Rules) -> None:
    data, offsets = text_buffers(column(list(values)))
    normal, bounds = normalize(data, offsets, rules)
    traced, traced_bounds, sources = normalize_traced(data, offsets, rules)
    assert bytes(traced) == bytes(normal)
    assert traced_bounds.tolist() == bounds.tolist()
    for byte, source in zip(bytes(normal), sources, strict=True):
        character = bytes(data[source : source + 4]).decode(errors="ignore")[0]
        assert byte in slow(character, *rules).encode() or byte == 32
    for row in range(len(values)):
        inside = sources[bounds[row] : bounds[row + 1]]
        assert ((inside >= offsets[row]) & (inside < offsets[row + 1])).all()
        assert (np.diff(inside) >= 0).all()
