"""Tokens are those of the definition in every script, and classes of characters are Python's own."""

from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given, settings
from numba import njit

from curation.kernels import unicode_tables as tables
from curation.kernels.hashing import frozen
from curation.kernels.words import next_field, next_word
from tests.reference import words as slow
from tests.reference.ugly import few_or_many, texts

MIXED = [
    "a",
    "B",
    "é",
    "e\u0301",
    "\u0301",
    "1",
    "\u0663",
    "'",
    "’",
    ".",
    ",",
    "-",
    "--",
    "_",
    "漢",
    "か",
    "ก",
    "ก็",
    "한",
    "ا",
]
MIXED += [" ", "\u200b", "\u200d", "😀", "\ufe0f", "\n", "\x85", "\u3000", "。", "\0", "$", "…"]
mixed = few_or_many(MIXED).map("".join)


@njit
def spans(data, end, classes, fields):  # type: ignore[no-untyped-def]
    found = []
    position = 0
    while True:
        if fields:
            start, position, size, _, _ = next_field(data, position, end, classes)
        else:
            start, position, size, _, _, _ = next_word(data, position, end, classes)
        if start == position:
            return found
        found.append((start, position, size))


def cut(text: str, fields: bool = False) -> list[str]:
    raw = text.encode()
    data = frozen(np.frombuffer(raw or b"\0", np.uint8))
    tokens = [(raw[a:b].decode(), size) for a, b, size in spans(data, len(raw), tables.character_classes(), fields)]
    assert all(len(token) == size for token, size in tokens)
    return [token for token, _ in tokens]


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Don't stop, it's 3,000.5!", ["Don't", "stop", ",", "it's", "3,000.5", "!"]),
        ("snake_case e.g. example.org", ["snake_case", "e.g", ".", "example.org"]),
        ("wait... -- what?!", ["wait", "...", "--", "what", "?", "!"]),
        ("東京は", ["東", "京", "は"]),
        ("ภาษาไทย", ["ภ", "า", "ษ", "า", "ไ", "ท", "ย"]),
        ("한국어 text中文", ["한국어", "text", "中", "文"]),
        ("cafe\u0301s", ["cafe\u0301s"]),
        ("👨\u200d👩", ["👨\u200d", "👩"]),
        ("a\u200bb", ["a", "b"]),
        ("", []),
    ],
)
def test_tokens_are_words_characters_and_runs(text: str, tokens: list[str]) -> None:
    assert cut(text) == tokens


@given(texts | mixed)
@settings(max_examples=500, deadline=None)
def test_words_equal_the_slow_twin(text: str) -> None:
    assert cut(text) == slow.words(text)


@given(texts | mixed)
@settings(max_examples=300, deadline=None)
def test_fields_are_those_of_split(text: str) -> None:
    assert cut(text, fields=True) == text.split()


@pytest.mark.parametrize(
    ("flag", "holds"),
    [
        (tables.SPACE, str.isspace),
        (tables.ALPHABETIC, str.isalpha),
        (tables.ALPHANUMERIC, str.isalnum),
        (tables.DECIMAL, str.isdecimal),
        (tables.DIGIT, str.isdigit),
        (tables.UPPER, str.isupper),
        (tables.LOWER, str.islower),
        (tables.LINE_BREAK, lambda character: len(f"a{character}b".splitlines()) == 2),
    ],
)
def test_a_class_holds_what_python_says(flag: int, holds: object) -> None:
    found = (tables.character_classes() & flag) != 0
    expected = np.array([holds(chr(point)) for point in range(0x110000)])  # type: ignore[operator]
    assert np.array_equal(found, expected)


def test_lower_case_is_that_of_python_for_single_characters() -> None:
    lower = tables.lower_case()
    differing = [point for point in range(0x110000) if chr(lower[point]) != chr(point).lower()]
    assert differing == [0x130]


def test_marks_and_letters_of_unspaced_scripts_are_known() -> None:
    classes = tables.character_classes()
    assert all(classes[ord(character)] & tables.UNSPACED for character in "漢々ひカｶไລខမ\U00020000")
    assert not any(classes[ord(character)] & tables.UNSPACED for character in "aя한ا1 。")
    marks = [point for point in range(0x110000) if unicodedata.category(chr(point))[0] == "M"]
    assert all(classes[marks] & tables.EXTEND)
