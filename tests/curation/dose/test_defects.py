"""Defects are what they say, in the share that was asked for, and larger shares hold smaller ones."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

import pyarrow as pa
import pytest
from ftfy.badness import is_bad
from hypothesis import given, settings

from curation.operator import run_operator
from curation.personal_data.detector import find
from curation.registry import load
from tests.reference.ugly import texts

NAMES = (
    "add_boilerplate",
    "break_encoding",
    "foreign_text",
    "garble_words",
    "plant_personal_data",
    "shuffle_words",
)
TEXT = "The mill stands by the river. It grinds wheat and rye for the village. Nobody knows who built it, or when."


def damaged(name: str, texts: list[str | None], **parameters: Any) -> list[str | None]:
    operator = load("operator", name, "test")(**parameters)
    ids = pa.array([f"{number:032x}" for number in range(len(texts))])
    batch = pa.RecordBatch.from_pydict({"id": ids, "text": pa.array(texts, pa.large_string())})
    return run_operator(operator, batch).column("text").to_pylist()


@pytest.mark.parametrize("name", NAMES)
def test_a_defect_changes_text_and_leaves_null_alone(name: str) -> None:
    changed, empty = damaged(name, [TEXT, None])
    assert changed not in (TEXT, "", None)
    assert empty in (None, "")


@pytest.mark.parametrize("name", NAMES)
def test_shares_are_about_kept_and_nested(name: str) -> None:
    small, large = (
        {row for row, text in enumerate(damaged(name, [TEXT] * 400, share=share)) if text != TEXT}
        for share in (0.1, 0.5)
    )
    assert small < large
    assert 20 < len(small) < 65 < 150 < len(large) < 250


def test_garbled_words_keep_their_number_and_place() -> None:
    (text,) = damaged("garble_words", [TEXT])
    assert text is not None
    assert [len(word) for word in text.split()] == [len(word) for word in TEXT.split()]


@given(texts)
@settings(max_examples=200, deadline=None)
def test_shuffled_words_are_the_same_words_between_the_same_white_space(text: str) -> None:
    (changed,) = damaged("shuffle_words", [text])
    assert changed is not None
    assert sorted(changed.split()) == sorted(text.split())
    assert re.findall(r"\s+", changed) == re.findall(r"\s+", text)


def test_words_are_shuffled_evenly() -> None:
    found = Counter(damaged("shuffle_words", ["a b c"] * 6000))
    assert len(found) == 6
    assert all(850 < count < 1150 for count in found.values())


def test_broken_encoding_looks_broken_to_ftfy() -> None:
    assert is_bad(damaged("break_encoding", [TEXT])[0])


def test_planted_personal_data_are_found_by_the_detectors() -> None:
    (text,) = damaged("plant_personal_data", [TEXT], every=1)
    assert text is not None
    assert {found.kind for found in find(text)} & {"email", "phone", "ip_address"}


def test_foreign_text_is_taken_for_another_language() -> None:
    operator = load("operator", "language", "test")()
    operator.open()
    texts = damaged("foreign_text", [TEXT * 5] * 20)
    labels = operator.apply(pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())}))
    assert labels.column("language.label").to_pylist().count("en") <= 1


def test_boilerplate_keeps_the_lines_it_is_told_to_keep() -> None:
    assert damaged("add_boilerplate", [TEXT], keep=1.0) == [TEXT]
