"""Simplified or traditional, by hand and against a twin that asks Python's own codecs."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.measure.chinese_script import ChineseScript
from curation.operator import run_operator
from tests.reference.ugly import texts


def measure(*texts: str | None, **parameters: object) -> list[tuple[str | None, int, int]]:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    rows = run_operator(ChineseScript(**parameters), batch).to_pylist()
    return [tuple(row[f"chinese_script.{name}"] for name in ("label", "simplified", "traditional")) for row in rows]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("这本书讲的是汉语", ("simplified", 5, 0)),  # 这 书 讲 汉 语
        ("這本書講的是漢語", ("traditional", 0, 5)),
        ("这書", ("mixed", 1, 1)),
        ("这书讲汉语这书讲書", ("simplified", 8, 1)),
        ("你好", (None, 0, 0)),  # the same in both
        ("Plain English.", (None, 0, 0)),
        ("", (None, 0, 0)),
        (None, (None, 0, 0)),
    ],
)
def test_the_form_with_more_characters_of_its_own_wins(text: str | None, found: tuple[str | None, int, int]) -> None:
    assert measure(text) == [found]


def test_limits_are_parameters() -> None:
    assert measure("这书", min_characters=3) == [(None, 2, 0)]
    assert measure("这书讲書", mixed_share=0.25)[0][0] == "mixed"
    assert measure("这书讲書", mixed_share=0.26)[0][0] == "simplified"


def has(character: str, charset: str) -> bool:
    return character.encode(charset, "ignore") != b""


def only(text: str, one: str, other: str) -> int:
    return sum("\u4e00" <= c < "\ua000" and has(c, one) and not has(c, other) for c in text)


@given(st.lists(texts | st.text(st.sampled_from("汉漢书書国國的是a, "), max_size=30), max_size=5))
def test_counts_equal_the_twin(documents: list[str]) -> None:
    expected = [(only(text, "gb2312", "big5"), only(text, "big5", "gb2312")) for text in documents]
    assert [row[1:] for row in measure(*documents)] == expected
