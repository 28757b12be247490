"""Ranges of bytes go as whole lines, paragraphs or sentences."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from curation.dedup.ranges import removed_characters, without_ranges
from tests.reference.ugly import column

TEXT = "One é one. Two two. Three."


def without(start: int, end: int, which: str) -> str:
    text = column(["before.", TEXT, None])
    rows = np.array([1]), np.array([start]), np.array([end])
    kept, lost = without_ranges(text, *rows, "sentence", which)  # type: ignore[arg-type]
    first, second, third = kept.to_pylist()
    assert (first, third) == ("before.", "")
    assert removed_characters(text, kept).to_pylist() == [0, len(TEXT) - len(second), 0]
    assert lost.tolist()[1] == (0 if second == TEXT else lost.tolist()[1])
    return str(second)


@pytest.mark.parametrize(
    ("start", "end", "touched", "inside"),
    [
        (0, 1, "Two two. Three.", TEXT),
        (11, 19, "Three.", TEXT),
        (11, 20, "Two two. Three.", TEXT),
        (12, 21, "One é one. Three.", "One é one. Three."),
        (3, 21, "Three.", "One é one. Three."),
        (20, 27, "One é one.", "One é one. Two two."),
        (0, 27, "", ""),
    ],
)
def test_touched_or_inside(start: int, end: int, touched: str, inside: str) -> None:
    assert without(start, end, "inside") == inside
    if start != 11:
        assert without(start, end, "touched") == touched


def test_no_texts_and_no_ranges() -> None:
    none = np.zeros(0, np.int64)
    kept, lost = without_ranges(pa.array([], pa.large_string()), none, none, none, "line", "touched")
    assert (len(kept), len(lost)) == (0, 0)
