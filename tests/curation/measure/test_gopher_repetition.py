"""Scores are those of the definitions: by hand on short texts, by the slow twin on any."""

from __future__ import annotations

import pickle

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.measure.gopher_repetition import GopherRepetition
from curation.operator import run_operator
from tests.reference import gopher
from tests.reference.ugly import few_or_many, rows_of, texts

DIALECTS = ["datatrove", "dolma", "dclm"]
repetitive = few_or_many(
    [
        "a",
        "bc",
        "ab",
        "c",
        "漢字",
        "don't",
        "...",
        "1,0",
        "\n",
        "\n\n",
        "…",
        "é",
        "the cat sat on it",
        "repetition",
        "repetitive",
    ]
).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts), " ".join(parts * 3)]))


def measure(dialect: str, *texts: str | None) -> list[dict[str, float]]:
    rows = rows_of(GopherRepetition(dialect=dialect), texts)
    return [{k.removeprefix("gopher_repetition."): v for k, v in row.items() if k != "text"} for row in rows]


def score(dialect: str, text: str, name: str) -> float:
    return measure(dialect, text)[0][name]


# Words: 248 characters (252 with punctuation), text: 318 characters.
SOLO = (
    "I am a solo traveller "
    * 4
    + "\nI left my warm house early one day, took the old road east and saw far hills, cold rivers and wide green "
    "fields where few people stay for more than one short night. By dusk my feet were sore yet glad too, "
    "everybody whistled home\n"
)
# Two bigrams occur twice: "a b", first in the text, and one of 16 letters. Words: 71 characters, text: 87.
TIE = "a b mountain sunlight over the a b hill and then mountain sunlight grows dim with night"
LINES = "one\ntwo\nthree\none\n\nfour\nfive\n"


@pytest.mark.parametrize(("dialect", "expected"), [("datatrove", 1 / 7), ("dolma", 4 / 8), ("dclm", 2 / 6)])
def test_one_repeated_line_of_six(dialect: str, expected: float) -> None:
    assert score(dialect, LINES, "duplicate_line_fraction") == expected


@pytest.mark.parametrize(("dialect", "expected"), [("datatrove", 51 / 318), ("dolma", 289 / 1182), ("dclm", 69 / 248)])
def test_a_sentence_four_times(dialect: str, expected: float) -> None:
    assert score(dialect, SOLO, "duplicate_5_gram_character_fraction") == expected


@pytest.mark.parametrize(("dialect", "expected"), [("datatrove", 16 / 318), ("dolma", 12 / 252), ("dclm", 52 / 248)])
def test_the_most_frequent_pair(dialect: str, expected: float) -> None:
    assert score(dialect, SOLO, "top_2_gram_character_fraction") == expected


@pytest.mark.parametrize(("dialect", "expected"), [("datatrove", 6 / 87), ("dolma", 4 / 71), ("dclm", 32 / 71)])
def test_among_equally_frequent_pairs_dclm_takes_the_longest(dialect: str, expected: float) -> None:
    assert score(dialect, TIE, "top_2_gram_character_fraction") == expected


def test_dolma_weighs_every_five_gram() -> None:
    # "a b c d e" twice among 6 five-grams: 10 of 5 + 5 + 5 + 5 + 5 + 5 characters.
    assert score("dolma", "a b c d e a b c d e", "duplicate_5_gram_character_fraction") == 10 / 30


def test_dclm_counts_overlapping_repeats_once() -> None:
    # "a b c a b" and its shifts repeat all along; every word lies in one of them.
    assert score("dclm", "a b c a b c a b c", "duplicate_5_gram_character_fraction") == 9 / 9


def test_datatrove_walk_jumps_over_what_it_has_met() -> None:
    # Seen again at the sixth word: 5 characters, then the walk goes on behind it.
    assert score("datatrove", "a b c d e a b c d e", "duplicate_5_gram_character_fraction") == 5 / 19


def test_datatrove_compares_n_grams_without_separators() -> None:
    assert score("datatrove", "ab c d e f . a bc d e f", "duplicate_5_gram_character_fraction") == 6 / 23


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_empty_text_scores_zero(dialect: str) -> None:
    for row in measure(dialect, "", None, " \n "):
        assert all(value >= 0 for value in row.values())
    assert set(measure(dialect, None)[0].values()) == {0.0}


def test_dolma_has_no_paragraphs() -> None:
    assert not any("paragraph" in name for name in measure("dolma", "a")[0])


@pytest.mark.parametrize("dialect", DIALECTS)
@given(st.lists(texts | repetitive, max_size=5))
@settings(max_examples=150, deadline=None)
def test_scores_equal_the_slow_twin_in_any_batch(dialect: str, texts: list[str]) -> None:
    assert measure(dialect, *texts) == [gopher.repetition(text, dialect) for text in texts]


def test_slices_and_empty_batches_work() -> None:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(["x", SOLO, TIE], pa.large_string())})
    operator = pickle.loads(pickle.dumps(GopherRepetition()))
    whole = run_operator(operator, batch)
    assert run_operator(operator, batch.slice(1, 1)).equals(whole.slice(1, 1))
    assert run_operator(operator, batch.slice(1, 0)).num_rows == 0


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_long_text_scores_as_the_slow_twin_says(dialect: str) -> None:
    # More lines and words than tables begin with; the walk meets far more that is new than comes twice.
    once = [f"line {number} says {number * number} once" for number in range(3000)]
    text = "\n".join([*once, *once[:900], "the very same words " * 40])
    assert measure(dialect, text) == [gopher.repetition(text, dialect)]
