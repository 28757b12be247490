"""Scores are those of the definitions: by hand on short texts, by the slow twin on any."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.measure.gopher_quality import GopherQuality
from curation.operator import run_operator
from tests.reference import gopher
from tests.reference.ugly import few_or_many, rows_of, texts
from tests.reference.words import words

DIALECTS = ["datatrove", "dolma", "dclm", "curator"]
PARTS = [
    "the",
    "The",
    "be",
    "of,",
    "and",
    "# x",
    "##",
    "...",
    "....",
    ". . .",
    ". . . . .",
    "…",
    "a…",
    "• x",
    " - y",
    "-",
]
PARTS += ["* z", "\n", "\r\n", "\u2028", " \n", "12", "1st", "漢字", "é", "_", "\u200b", "\u212a", "●", "don't"]
marked = few_or_many(PARTS).flatmap(lambda parts: st.sampled_from([" ".join(parts), "".join(parts)]))

TEXT = "- The cat, with 2 of #the dogs...\n\n  * 10 birds have gone . . .\n• and that…\nthe end"


def measure(dialect: str, *texts: str | None) -> list[dict[str, float]]:
    rows = rows_of(GopherQuality(dialect=dialect), texts)
    return [{k.removeprefix("gopher_quality."): v for k, v in row.items() if k != "text"} for row in rows]


def test_datatrove_divides_by_all_tokens_and_counts_distinct_stop_words() -> None:
    # Tokens: - The cat , with 2 of # the dogs ... | * 10 birds have gone . . . | • and that … | the end: 25, of which
    # 15 are not only punctuation: 48 characters.
    assert measure("datatrove", TEXT) == [
        {
            "words": 15,
            "word_length": 48 / 15,
            "hash_ratio": 1 / 25,
            "ellipsis_ratio": 2 / 25,
            "bullet_line_ratio": 2 / 5,
            "ellipsis_line_ratio": 2 / 5,
            "alphabetic_word_ratio": 13 / 25,
            "stop_words": 6,
        }
    ]


def test_dolma_takes_words_at_whitespace_and_lines_as_they_are() -> None:
    # Lengths: 1 3 4 4 1 2 4 7 1 2 5 4 4 1 1 1 1 3 5 3 3, the middle of 21 is 3.
    assert measure("dolma", TEXT) == [
        {
            "words": 21,
            "word_length": 3.0,
            "symbol_ratio": 2 / 21,
            "bullet_line_ratio": 1 / 5,
            "ellipsis_line_ratio": 1 / 5,
            "alphabetic_word_ratio": 13 / 21,
            "stop_words": 5,
        }
    ]


def test_dclm_counts_words_one_way_and_divides_by_another() -> None:
    assert measure("dclm", TEXT) == [
        {
            "words": 15,
            "word_length": 60 / 21,
            "symbol_ratio": 4 / 21,
            "bullet_line_ratio": 3 / 4,
            "ellipsis_line_ratio": 3 / 4,
            "alphabetic_word_ratio": 13 / 21,
            "stop_words": 6,
        }
    ]


def test_curator_looks_at_sentences_and_at_words_that_are_symbols() -> None:
    text = "• One is here! - Two [...] follows... ## #a #b# … Read more"
    assert measure("curator", text) == [
        {
            "words": 14,
            "word_length": 46 / 14,
            "symbol_ratio": 4 / 14,
            "bullet_line_ratio": 1 / 3,
            "ellipsis_line_ratio": 2 / 3,
            "alphabetic_word_ratio": 9 / 14,
            "stop_words": 0,
        }
    ]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_an_empty_text_scores_zero(dialect: str) -> None:
    assert all(set(row.values()) == {0.0} for row in measure(dialect, "", None))


def test_stop_words_can_be_those_of_another_language() -> None:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(["der Hund und die Katze, und"], pa.large_string())})
    measured = run_operator(GopherQuality(stop_words=("und", "der", "das")), batch)
    assert measured.column("gopher_quality.stop_words").to_pylist() == [2]


@pytest.mark.parametrize("dialect", DIALECTS)
@given(st.lists(texts | marked, max_size=5))
@settings(max_examples=150, deadline=None)
def test_scores_equal_the_slow_twin_in_any_batch(dialect: str, texts: list[str]) -> None:
    assert measure(dialect, *texts) == [gopher.quality(text, dialect) for text in texts]


LABELS = st.sampled_from(["cs", "de", "en", "tr", None])


def by_language(texts: list[str], labels: list[str | None], **parameters: object) -> list[dict[str, float]]:
    columns = {"text": pa.array(texts, pa.large_string()), "language.label": pa.array(labels, pa.string())}
    rows = run_operator(GopherQuality(**parameters), pa.RecordBatch.from_pydict(columns)).to_pylist()
    return [{k.removeprefix("gopher_quality."): v for k, v in row.items() if "." in k and k[0] == "g"} for row in rows]


def test_stop_words_are_those_of_the_language() -> None:
    # FineWeb-2's for Czech are v a se na je z s do, for German der und die in von …; Gopher's for English.
    rows = by_language(
        ["je na stole", "je na stole", "der Hund und die Katze", "the cat and the dog", "the cat and"],
        ["cs", "de", "de", "en", "tr"],
        stop_words_by_language="fineweb2",
    )
    assert [row["stop_words"] for row in rows] == [2, 0, 3, 2, None]
    own = by_language(["stone and mill", "mill"], ["cs", None], stop_words_by_language={"cs": ("mill",)})
    assert [row["stop_words"] for row in own] == [1, None]


@pytest.mark.parametrize("dialect", DIALECTS)
@given(st.lists(st.tuples(texts | marked, LABELS), max_size=6))
@settings(max_examples=40, deadline=None)
def test_scores_by_language_equal_the_slow_twin(dialect: str, documents: list[tuple[str, str | None]]) -> None:
    lists = {"cs": ("the", "漢字"), "de": ("be", "12"), "en": ("of", "…")}
    found = by_language(
        [text for text, _ in documents],
        [label for _, label in documents],
        dialect=dialect,
        stop_words_by_language=lists,
    )
    for row, (text, label) in zip(found, documents, strict=True):
        counted = row.pop("stop_words")
        expected = gopher.quality(text, dialect)
        expected.pop("stop_words")
        assert row == expected
        if label not in lists:
            assert counted is None
        elif dialect == "datatrove":
            assert counted == len(set(words(text)) & set(lists[label]))
