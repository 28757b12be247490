"""RefinedWeb's line corrections: one at a time by hand, all at once against the slow twin."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.clean.refinedweb_lines import RefinedWebLines
from tests.reference import refinedweb
from tests.reference.ugly import few_or_many, rows_of, texts

PARTS = [
    "3 likes",
    "1.2k views",
    "* 1,000 Followers!",
    "12",
    "\u0663",
    "ABC de",
    "AB cd",
    "one",
    "two words",
    " ",
    "\t",
]
PARTS += [
    "Items in Cart",
    "read more...",
    "Sign-in",
    "sign-in",
    "\n",
    "\n",
    "\n",
    "Éé É",
    "\u3000",
    "5\u212a views",
    "x" * 9,
]
lines = few_or_many(PARTS).flatmap(lambda parts: st.sampled_from(["".join(parts), " ".join(parts), "\n".join(parts)]))


def correct(*texts: str | None) -> list[dict[str, object]]:
    rows = rows_of(RefinedWebLines(), texts)
    return [{name.removeprefix("refinedweb_lines."): value for name, value in row.items()} for row in rows]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("ABCDE abcd", None),
        ("ABCDEF abc", "upper_case_lines"),
        ("123456", "number_lines"),
        ("12 345", None),
        ("-- 1,234.5K likes --", "counter_lines"),
        ("3 likes it", None),
        ("alone", "few_words_lines"),
        ("", None),
    ],
)
def test_a_line_is_dropped_for_a_reason(line: str, reason: str | None) -> None:
    row = correct(f"first line\n{line}\nlast line")[0]
    names = ("upper_case_lines", "number_lines", "counter_lines", "few_words_lines")
    assert [name for name in names if row[name]] == ([reason] if reason else [])
    assert row["text"] == ("first line\nlast line" if reason else f"first line\n{line}\nlast line")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("You have 3 items in cart now", "You have 3 now"),
        ("A fine story Read More...", "A fine story"),
        ("Read more... of this", "Read more... of this"),
        ("Sign-in to your account", "to your account"),
        ("one two three four five six seven eight nine ten items in cart", None),
        ("some text\nitems in cart\nmore text", "some text\nmore text"),
    ],
)
def test_phrases_go_from_short_lines(before: str, after: str | None) -> None:
    assert correct(before)[0]["text"] == (before if after is None else after)


def test_the_share_of_removed_words_is_that_of_words() -> None:
    row = correct("one two three four\nfive\n— 3 likes")[0]
    assert row["removed_word_ratio"] == 3 / 7
    assert correct("", None)[0]["removed_word_ratio"] == 0.0


def test_null_stays_null() -> None:
    assert [row["text"] for row in correct(None, "")] == [None, ""]


@given(st.lists(texts | lines, max_size=4))
@settings(max_examples=300, deadline=None)
def test_pages_equal_the_slow_twin(texts: list[str]) -> None:
    for text, row in zip(texts, correct(*texts), strict=True):
        assert row["text"] == refinedweb.correct(text)
        words = refinedweb.words(text)
        expected = (words - refinedweb.words(str(row["text"]))) / words if words else 0.0
        assert row["removed_word_ratio"] == expected
