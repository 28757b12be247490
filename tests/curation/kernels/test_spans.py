"""Spans: cut as the twin cuts, and put together again without some."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.spans import cut, kept_text
from curation.schema import text_buffers
from tests.reference import spans as slow
from tests.reference.ugly import UGLY, column, few_or_many, texts

marked = few_or_many(list("ab \n\t.!?\"')\u201d\u3002\uff1f\u300d\u4e2d\u00e9")).map("".join) | texts
units = st.sampled_from(["line", "paragraph", "sentence"])


def cut_texts(values: list[str], unit: str) -> list[list[str]]:
    data, offsets = text_buffers(column(list(values)))
    bounds, first = cut(data, offsets, unit)  # type: ignore[arg-type]
    pieces = [bytes(data[a:b]).decode() for a, b in itertools.pairwise(bounds)]
    return [pieces[a:b] for a, b in itertools.pairwise(first)]


@given(st.lists(marked, max_size=4), units)
def test_cuts_as_the_twin(values: list[str], unit: str) -> None:
    assert cut_texts(values, unit) == [slow.cut(text, unit) for text in values]


@given(st.lists(marked, max_size=4), units, st.sets(st.integers(0, 12)))
def test_keeps_the_rest(values: list[str], unit: str, lost: set[int]) -> None:
    data, offsets = text_buffers(column(list(values)))
    bounds, first = cut(data, offsets, unit)  # type: ignore[arg-type]
    gone = np.array(
        [k - start in lost for start, end in itertools.pairwise(first) for k in range(start, end)], np.bool_
    )
    kept, kept_offsets = kept_text(data, bounds, first, gone)
    found = [bytes(kept[a:b]).decode() for a, b in itertools.pairwise(kept_offsets)]
    assert found == [slow.without(text, unit, lost) for text in values]


@pytest.mark.parametrize(
    ("unit", "text", "pieces"),
    [
        ("line", "a\n\nb", ["a\n", "\n", "b"]),
        ("line", "\na\n\n", ["\n", "a\n", "\n"]),
        ("paragraph", "\na\nb\n \n\nc\n\n", ["\na\nb\n \n\n", "c\n\n"]),
        ("sentence", 'He said "no." Why?! 3.5 is 1.\nok', ['He said "no." ', "Why?! ", "3.5 is 1.\n", "ok"]),
        ("sentence", "\u4e2d\u3002\u300d\u6587\uff01", ["\u4e2d\u3002\u300d", "\u6587\uff01"]),
    ],
)
def test_cuts_where_a_reader_would(unit: str, text: str, pieces: list[str]) -> None:
    assert cut_texts([text], unit) == [pieces]


def test_a_megabyte_in_one_line() -> None:
    text = UGLY[5] * (2**20 // len(UGLY[5]))
    assert cut_texts([text], "sentence") == [slow.cut(text, "sentence")]
