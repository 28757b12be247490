"""The ROOTS ratios, by hand and against the slow twin."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curation.measure.bigscience import BigScience
from tests.reference import bigscience
from tests.reference.ugly import few_or_many, rows_of, texts

parts = few_or_many(["a", "b", "The", "the,", "ab", "漢", "é", "7", " ", "\n", "--"])
repetitive = parts.flatmap(lambda some: st.sampled_from(["".join(some), " ".join(some), " ".join(some * 2)]))


def measure(*texts: str | None, **parameters: object) -> list[dict[str, float]]:
    rows = rows_of(BigScience(**parameters), texts)
    return [{k.removeprefix("bigscience."): v for k, v in row.items() if k != "text"} for row in rows]


def test_the_square_root_of_the_distinct_ngrams_limits_how_many_count() -> None:
    # Pairs of "ababcbc": ab 2, ba 1, bc 2, cb 1; two of four may count, and two occur twice.
    assert measure("ababcbc", character_ngram=2)[0]["character_repetition_ratio"] == 4 / 6
    # Pairs of "aabbaab": aa 2, ab 2, bb 1, ba 1; the square root of 4 is 2.
    assert measure("aabbaab", character_ngram=2)[0]["character_repetition_ratio"] == 4 / 6
    # Three of "abcabcabc" occur often, of three distinct ones only one counts: ab 3, bc 3, ca 2.
    assert measure("abcabcabc", character_ngram=2)[0]["character_repetition_ratio"] == 3 / 8


def test_words_are_compared_in_lower_case_without_special_characters() -> None:
    row = measure("The cat (the CAT), 42 the cat", word_ngram=2)[0]
    assert row["words"] == 6
    assert row["word_repetition_ratio"] == 5 / 5
    assert row["stop_word_ratio"] == 3 / 6
    assert row["special_character_ratio"] == 11 / 29


def test_nothing_to_divide_by_gives_zero() -> None:
    assert set(measure("", None)[1].values()) == {0.0}


@given(st.lists(texts | repetitive, max_size=4), st.integers(1, 10), st.integers(1, 5))
@settings(max_examples=200, deadline=None)
def test_ratios_equal_the_slow_twin(texts: list[str], n: int, m: int) -> None:
    found = measure(*texts, character_ngram=n, word_ngram=m, stop_words=("a", "the"))
    assert found == [bigscience.measure(text, n, m, ("a", "the")) for text in texts]
