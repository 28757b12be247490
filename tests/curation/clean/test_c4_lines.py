"""C4's line rules: one at a time by hand, all at once against the slow twin."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.clean.c4_lines import C4Lines
from tests.reference import c4
from tests.reference.ugly import few_or_many, rows_of, texts

PARTS = [
    "use cookies",
    "USE OF COO\u212aIES",
    "terms of Use",
    "privacy policy",
    "javaScript",
    "lorem  ipsum",
    "{",
    "[edit]",
]
PARTS += [
    "Lorem Ipsum",
    "[1]",
    "[",
    "]",
    "[citation needed]",
    "[\u0663]",
    "one",
    "two",
    "a b c d e",
    ".",
    "...",
    "!",
    '"',
    "'",
]
PARTS += [
    " ",
    "\n",
    "\r\n",
    "\u2028",
    "\x1c",
    "Mr. A. b",
    "。",
    "é",
    "\u3000",
    "jJ",
    "vV",
    "kcookie policy",
    "uses cookies",
]
lines = few_or_many(PARTS).flatmap(lambda parts: st.sampled_from(["".join(parts), " ".join(parts)]))
DIALECTS = {"tfds": ((".", "?", "!", '"'), 5, False), "paper": ((".", "?", "!", '"', "'"), 3, True)}


def clean(*texts: str | None, **parameters: object) -> list[dict[str, object]]:
    rows = rows_of(C4Lines(**parameters), texts)
    return [{name.removeprefix("c4_lines."): value for name, value in row.items()} for row in rows]


GOOD = "This line has enough words."


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("This line has no end mark", "no_end_mark_lines"),
        ("This line does not really end...", "no_end_mark_lines"),
        ("Only three words.", "few_words_lines"),
        ("One two three [1] four.", "few_words_lines"),
        ("Please enable JavaScript in your browser.", "javascript_lines"),
        ("This site uses cookies for you.", "policy_lines"),
        ("A very " + "l" * 1001 + " word is here.", "long_word_lines"),
    ],
)
def test_a_line_is_dropped_for_a_reason(line: str, reason: str) -> None:
    row = clean(f"{GOOD}\n{line}\n{GOOD}")[0]
    assert row["text"] == f"{GOOD}\n{GOOD}"
    assert row[reason] == 1
    assert row["lines_kept"] == 2


def test_citations_go_and_white_space_around_lines_too() -> None:
    row = clean(f"\t{GOOD}  \r\nAs shown[12] before,[edit] this holds[citation needed].")[0]
    assert row["text"] == f"{GOOD}\nAs shown before, this holds."
    assert row["citations_removed"] == 3


def test_a_line_that_ends_with_a_citation_has_no_end_mark_left_out() -> None:
    assert clean("This line has enough words.[1]")[0]["text"] == GOOD
    assert clean("This line has enough words. [1]")[0]["text"] == ""


def test_a_bracket_counts_only_on_a_line_that_got_so_far() -> None:
    row = clean("Here is javascript { and more of it.\nHere is a bracket { for you.")[0]
    assert (row["curly_bracket"], row["javascript_lines"]) == (1, 1)


def test_dialects_differ_in_words_and_end_marks() -> None:
    text = "It's 'fine'\nSo it is'\nOne two [1]."
    assert clean(text, dialect="tfds")[0]["lines_kept"] == 0
    assert clean(text, dialect="paper")[0]["text"] == "So it is'\nOne two ."


@pytest.mark.parametrize(
    ("phrase", "column"),
    [
        ("JavaScript", "javascript_lines"),
        ("Lorem ipsum", "lorem_ipsum"),
        ("{", "curly_bracket"),
        ("Privacy Policy", "policy_lines"),
        ("terms of use", "policy_lines"),
        ("cookie policy", "policy_lines"),
        ("uses COOKIES", "policy_lines"),
        ("use of coo\u212aies", "policy_lines"),
        ("use cookies", "policy_lines"),
    ],
)
def test_a_phrase_is_found_wherever_it_stands(phrase: str, column: str) -> None:
    cases = phrase, phrase.lower(), phrase.upper().replace("\u212a", "k")
    texts = [f"{'x' * before} one two three four {case} five." for before in range(130) for case in cases]
    assert [row[column] for row in clean(*texts)] == [1] * len(texts)


def test_without_end_marks_any_line_may_stay() -> None:
    assert clean("one two three four five", end_marks=False)[0]["text"] == "one two three four five"


def test_null_stays_null_and_empty_stays_empty() -> None:
    assert [row["text"] for row in clean(None, "")] == [None, ""]


@pytest.mark.parametrize("dialect", list(DIALECTS))
@pytest.mark.parametrize("end_marks", [True, False])
@given(st.lists(texts | lines, max_size=4))
@settings(max_examples=100, deadline=None)
def test_text_and_counts_equal_the_slow_twin(dialect: str, end_marks: bool, texts: list[str]) -> None:
    marks, words, words_first = DIALECTS[dialect]
    # Something follows: the last bytes of a batch are looked at without sieves that read ahead.
    found = clean(*texts, "x" * 100, dialect=dialect, end_marks=end_marks, max_word_characters=20)
    for text, row in zip(texts, found[:-1], strict=True):
        page = c4.clean(text, marks if end_marks else (), words, words_first, 20)
        assert row["text"] == "\n".join(page.lines)
        for name in ("lines", "lines_kept", "long_word_lines", "no_end_mark_lines", "few_words_lines", "sentences"):
            assert row[name] == page.counts.get(name, 0), name
        for name in ("javascript_lines", "policy_lines", "lorem_ipsum", "curly_bracket", "citations_removed"):
            assert row[name] == page.counts.get(name, 0), name


@given(st.lists(texts | lines, max_size=3))
@settings(deadline=None)
def test_edits_lead_from_the_text_before_to_the_text_after(texts: list[str]) -> None:
    for text, row in zip(texts, clean(*texts), strict=True):
        before, after, rebuilt, copied = text.encode(), row["text"].encode(), b"", 0
        for offset, taken, put in batched3(row["edits"] or []):
            rebuilt += before[copied:offset] + b"\n" * put
            copied = offset + taken
        assert rebuilt + before[copied:] == after
        assert row["changed"] == (row["text"] != text) == (row["edits"] is not None)
        assert row["chars_removed"] == len(text) - len(row["text"])


def test_edits_beyond_the_limit_become_one() -> None:
    text = f"{GOOD}\n\n" * 1500
    row = clean(text)[0]
    edits = batched3(row["edits"])
    assert len(edits) == 1000
    assert sum(put - taken for _, taken, put in edits) == len(row["text"]) - len(text)


def batched3(flat: list[int]) -> list[tuple[int, ...]]:
    return [tuple(flat[k : k + 3]) for k in range(0, len(flat), 3)]
