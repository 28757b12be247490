"""Shingle sets equal their twin, and odd texts follow their stated rules."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.normalize import Rules, normalize
from curation.kernels.shingles import shingle_sets, token_table, windows
from curation.schema import text_buffers
from tests.reference.normalize import normalize as slow_normalize
from tests.reference.shingles import shingle_hash, shingle_set, token_hash
from tests.reference.shingles import tokens as slow_tokens
from tests.reference.ugly import BEHIND, column, few_or_many, texts, words

WORDS = [
    "a",
    "to",
    "the",
    "word",
    "seven77",
    "eight888",
    "nine99999",
    "a-hyphen",
    "internationally",
    "caf\u00e9",
    "\u0434\u0430",
]
prose = few_or_many([*WORDS * 4, "\u4e2d\u6587"]).map(" ".join)
latin = few_or_many(WORDS).map(" ".join)
values_of = st.lists(texts | words | prose | latin, max_size=4)


def fast(values: list[str], *choices: object) -> list[list[int]]:
    """Shingles of texts, the same when more text lies behind them in the buffer."""
    alone, followed = (_fast([*values, *behind], *choices) for behind in ([], [BEHIND]))
    assert alone == followed[: len(values)]
    return alone


def _fast(values: list[str], *choices: object) -> list[list[int]]:
    hashes, offsets = shingle_sets(*normalize(*text_buffers(column(list(values))), Rules()), *choices)  # type: ignore[arg-type]
    return [hashes[a:b].tolist() for a, b in itertools.pairwise(offsets)]


@given(
    values_of,
    st.integers(1, 6),
    st.sampled_from(["auto", "word", "char"]),
    st.integers(0, 8),
    st.sampled_from([0.0, 0.5, 1.0]),
)
def test_equals_the_twin(values: list[str], ngram: int, kind: str, least: int, repetitive: float) -> None:
    slow = [shingle_set(slow_normalize(text, *Rules()), ngram, kind, least, repetitive) for text in values]
    assert fast(values, ngram, kind, least, repetitive) == slow


@given(values_of, st.integers(1, 3), st.integers(0, 8), st.sampled_from([0.0, 0.5, 0.9, 1.0]))
def test_without_order_the_elements_are_the_same(values: list[str], ngram: int, least: int, repetitive: float) -> None:
    choices = (ngram, "auto", least, repetitive)
    found = fast(values, *choices, False)
    assert [sorted(set(elements)) for elements in found] == fast(values, *choices)


def test_short_texts_equal_only_themselves() -> None:
    a, b, c, empty = fast(["one two three", "One, two; three!", "one two four", "?!"], 5, "auto")
    assert a == b
    assert len(a) == len(c) == 1
    assert a != c
    assert empty == []


def test_repetitive_texts_are_told_apart_by_length() -> None:
    few, many = fast(["buy now " * 10, "buy now " * 100], 2, "auto", 0, 0.5)
    assert len(set(few) & set(many)) / len(set(few) | set(many)) < 0.2
    once, more = fast(["buy now " * 10, "buy now " * 100], 2, "auto", 0, 0.0)
    assert once == more


def test_unspaced_scripts_are_cut_into_characters() -> None:
    (chinese,) = fast(["\u4e2d\u6587\u6d4b\u8bd5"], 2, "auto")
    (word,) = fast(["\u4e2d\u6587\u6d4b\u8bd5"], 1, "word")
    assert (len(chinese), len(word)) == (3, 1)


def test_a_megabyte_in_one_line() -> None:
    text = "the cat sat on the mat " * (2**20 // 23)
    assert fast([text], 5, "auto", 0, 0.0) == [shingle_set(text.strip(), 5, "auto", 0, 0.0)]


@given(st.lists(texts | words, max_size=4), st.sampled_from(["auto", "word", "char"]))
def test_tokens_stand_where_the_table_says(values: list[str], kind: str) -> None:
    data, offsets = normalize(*text_buffers(column(list(values))), Rules())
    table = token_table(data, offsets, kind)  # type: ignore[arg-type]
    found = [bytes(data[a:b]).decode() for a, b in zip(table.starts, table.ends, strict=True)]
    expected = [slow_tokens(slow_normalize(text, *Rules()), kind) for text in values]
    assert [found[a:b] for a, b in itertools.pairwise(table.offsets)] == expected
    assert table.hashes.tolist() == [token_hash(token) for token in found]


@given(words, st.integers(1, 9))
def test_windows_are_shingles_in_order(text: str, ngram: int) -> None:
    table = token_table(*normalize(*text_buffers(column([text])), Rules()), "auto")
    tokens = slow_tokens(slow_normalize(text, *Rules()), "auto")
    expected = [shingle_hash(tokens[k : k + ngram]) for k in range(len(tokens) - ngram + 1)]
    assert windows(table.hashes, ngram).tolist() == expected
