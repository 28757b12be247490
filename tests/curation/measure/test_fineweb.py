"""FineWeb's ratios in both dialects."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.measure.fineweb import FineWeb
from tests.reference import fineweb
from tests.reference.ugly import few_or_many, rows_of, texts

PARTS = [
    "a line that is certainly longer than thirty characters.",
    "short",
    "short",
    'quoted"',
    "what?",
    "。",
    "x。",
    " ",
]
lines = few_or_many([*PARTS, "", "é!", "...", "\u2028", "\r"]).map("\n".join)


def measure(dialect: str, *texts: str | None) -> list[dict[str, float]]:
    rows = rows_of(FineWeb(dialect=dialect), texts)
    return [{k.removeprefix("fineweb."): v for k, v in row.items() if k != "text"} for row in rows]


# Six lines of 31, 0, 5, 5, 9 and 0 characters; 14 words and marks.
TEXT = 'This one is long enough to stay\n\nShort\nShort\n"It was."\n'


def test_the_release_counts_blank_lines_and_quotes_end_a_line() -> None:
    expected = {"end_mark_line_ratio": 1 / 6, "short_line_ratio": 5 / 6, "newline_ratio": 5 / 14}
    assert measure("2024-04", TEXT) == [{**expected, "duplicate_line_character_ratio": 5 / 50}]


def test_later_code_leaves_blank_lines_out_and_wants_a_terminator() -> None:
    expected = {"end_mark_line_ratio": 0.0, "short_line_ratio": 3 / 4, "newline_ratio": 5 / 14}
    assert measure("2024-12", TEXT) == [{**expected, "duplicate_line_character_ratio": 5 / 50}]


def test_nothing_to_divide_by_gives_zero() -> None:
    assert set(measure("2024-12", "", None)[1].values()) == {0.0}


@pytest.mark.parametrize("dialect", ["2024-04", "2024-12"])
@given(st.lists(texts | lines, max_size=4))
@settings(max_examples=150, deadline=None)
def test_ratios_equal_the_slow_twin(dialect: str, texts: list[str]) -> None:
    assert measure(dialect, *texts) == [fineweb.measure(text, dialect) for text in texts]
