"""Where sentences end."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.kernels.hashing import frozen
from curation.kernels.sentences import count_sentences
from curation.kernels.unicode_tables import SENTENCE_END, character_classes
from tests.reference import sentences
from tests.reference.ugly import BEHIND, few_or_many, texts

PARTS = [
    "One",
    "two",
    "A",
    "é",
    ".",
    "...",
    "!",
    "?",
    "。",
    '"',
    ")",
    " ",
    "  ",
    "\n",
    "1",
    "漢",
    "\u0301",
    "’",
    "'",
    "…",
]
marked = few_or_many(PARTS).map("".join)


def count(*texts: str) -> list[int]:
    """Sentences of texts, of which there are as many when more text lies behind them in the buffer."""
    raw = [text.encode() for text in texts]
    offsets = frozen(np.cumsum([0, *map(len, raw)]))
    alone, followed = (
        count_sentences(frozen(np.frombuffer(b"".join(raw) + behind, np.uint8)), offsets, character_classes()).tolist()
        for behind in (b"\0", BEHIND.encode())
    )
    assert alone == followed
    return alone


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("One. Two! Three?", 3),
        ('He said "No." Then he left.', 2),
        ("It costs 3.50 today.", 1),
        ("J. R. Smith came.", 1),
        ("They can't. We won’t. I do.", 3),
        ("'J. Smith' came.", 1),
        ("2. Apples are fine.", 2),
        ("It ends, e.g. here, not there.", 1),
        ("Wait... What?! Yes", 3),
        ("今日は。明日も！", 2),
        ("क्या? हाँ। ठीक", 3),
        ("... !!", 0),
        ("", 0),
    ],
)
def test_sentences_are_counted(text: str, number: int) -> None:
    assert count(text) == [number]


def test_every_terminator_is_found_within_a_long_text() -> None:
    points = np.flatnonzero(character_classes() & SENTENCE_END).tolist()
    assert len(points) > 150
    for point in points:
        text = f"{'One two three four five six ' * 3}{chr(point)} Seven eight nine ten eleven twelve"
        assert count(text) == [sentences.count(text)] == [2]


@given(st.lists(texts | marked, max_size=4))
@settings(max_examples=400, deadline=None)
def test_counts_equal_the_slow_twin(texts: list[str]) -> None:
    assert count(*texts) == [sentences.count(text) for text in texts]
