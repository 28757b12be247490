"""C4's page measures on a text as it stands."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.measure.c4_page import C4Page
from tests.curation.clean.test_c4_lines import lines
from tests.reference import c4
from tests.reference.ugly import rows_of, texts


def measure(*texts: str | None, **parameters: object) -> list[dict[str, int]]:
    rows = rows_of(C4Page(**parameters), texts)
    return [{k.removeprefix("c4_page."): v for k, v in row.items() if k != "text"} for row in rows]


def test_every_line_is_looked_at() -> None:
    text = "Lorem ipsum { here. And JavaScript there!\nWe use cookies {\n" + "x" * 200
    assert measure(text) == [
        {
            "lines": 3,
            "long_lines": 1,
            "sentences": 4,
            "lorem_ipsum_lines": 1,
            "curly_bracket_lines": 2,
            "javascript_lines": 1,
            "policy_lines": 1,
            "longest_word": 200,
        }
    ]


@given(st.lists(texts | lines, max_size=4))
@settings(max_examples=200, deadline=None)
def test_counts_equal_the_slow_twin(texts: list[str]) -> None:
    assert measure(*texts, long_line_characters=7) == [c4.measure(text, 7) for text in texts]
