from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.errors import ResourceError
from curation.measure.ngram_model import NgramModel, cutoffs
from curation.measure.ngram_perplexity import NgramPerplexity
from curation.measure.ngram_training import train_ngram_model
from curation.operator import run_operator
from tests.reference.ngram_model import Twin, contexts

LINE = st.lists(st.sampled_from("abcde"), min_size=1, max_size=8)
CORPUS = st.lists(LINE, min_size=1, max_size=20)
TEXT = ["the cat sat on the mat", "the dog sat on the cat", "a cat and a dog sat", "the mat is on the dog"]


def column(texts: list[str | None]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def text_of(lines: list[list[str]]) -> str:
    return "\n".join(" ".join(line) for line in lines)


@settings(max_examples=60)
@given(CORPUS, CORPUS, st.integers(1, 3), st.integers(1, 2), st.integers(1, 2))
def test_probabilities_are_those_of_the_twin(
    training: list[list[str]], lines: list[list[str]], order: int, min_word: int, min_trigram: int
) -> None:
    twin = Twin(training, order, min_word, min_trigram)
    known = [line for line in lines if set(line) <= twin.vocabulary]
    model = train_ngram_model(
        column([text_of(training)]), order=order, min_word_count=min_word, min_trigram_count=min_trigram
    )
    sums, events = model.log_probabilities(column([text_of([line]) for line in known]))
    expected = [sum(map(math.log, twin.probabilities(line))) for line in known]
    assert sums.tolist() == pytest.approx(expected, rel=1e-5)
    assert events.tolist() == [len(line) + 1 for line in known]


@settings(max_examples=30)
@given(CORPUS, st.integers(1, 3), st.integers(1, 2))
def test_probabilities_of_the_twin_sum_to_one_in_every_context(
    training: list[list[str]], order: int, min_trigram: int
) -> None:
    twin = Twin(training, order, 2, min_trigram)
    for history in contexts(twin):
        assert sum(twin.probability(word, history) for word in twin.words()) == pytest.approx(1.0)


def test_documents_are_lines_and_empty_lines_do_not_count() -> None:
    model = train_ngram_model(column(TEXT))
    one, two, apart = model.log_probabilities(column(["the cat", "the cat\n\n \nthe cat", "the cat\nthe cat\n"]))[0]
    assert two == pytest.approx(2 * one)
    assert apart == two


def test_unknown_words_are_spelled() -> None:
    model = train_ngram_model(column(TEXT), min_word_count=1)
    short, long, longer = model.log_probabilities(column(["q", "qqqq", "q" * 40]))[0]
    assert short - long == pytest.approx(3 * math.log(32))
    assert short - longer == pytest.approx(11 * math.log(32))


def test_text_of_the_kind_is_less_perplexing() -> None:
    model = train_ngram_model(column(TEXT * 3))
    like, scrambled, foreign = model.perplexities(
        column(["the cat sat on the mat", "mat the on sat cat the", "der Hund"])
    )
    assert like < scrambled < foreign


def test_a_saved_model_answers_as_before_and_has_the_same_bytes(tmp_path: Path) -> None:
    model = train_ngram_model(column(TEXT))
    model.save(str(tmp_path / "a"))
    again = NgramModel.load(str(tmp_path / "a"))
    again.save(str(tmp_path / "b"))
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    texts = column([*TEXT, "", "new words", None])
    assert np.array_equal(again.perplexities(texts), model.perplexities(texts), equal_nan=True)


def test_training_without_text_is_an_error() -> None:
    with pytest.raises(ResourceError, match="no token"):
        train_ngram_model(column(["", None, " \n"]))


def test_operator_measures_and_parts(tmp_path: Path) -> None:
    path = str(tmp_path / "model")
    model = train_ngram_model(column(TEXT))
    model.save(path)
    head, middle = cutoffs(model, column(TEXT))
    assert head <= middle
    operator = pickle.loads(pickle.dumps(NgramPerplexity(model=path, head_max=head, middle_max=middle)))
    texts = [*TEXT, "zebra " * 9, None, " ", "x" * 1_000_000, "y\n" * 100_000]
    batch = pa.RecordBatch.from_pydict({"text": column(texts)})
    done = run_operator(operator, batch)
    parts = done.column("ngram_perplexity.part").to_pylist()
    assert {"head", "tail"} <= set(parts[:4])
    assert parts[4:7] == ["tail", None, None]
    assert done.column("ngram_perplexity.perplexity").to_pylist()[5:7] == [None, None]
    single = [run_operator(operator, batch.slice(row, 1)) for row in range(len(texts))]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([done]))


def test_parts_need_both_limits_and_are_left_out_without(tmp_path: Path) -> None:
    path = str(tmp_path / "model")
    train_ngram_model(column(TEXT)).save(path)
    batch = pa.RecordBatch.from_pydict({"text": column(TEXT)})
    assert run_operator(NgramPerplexity(model=path), batch).schema.names == ["text", "ngram_perplexity.perplexity"]
    with pytest.raises(ValueError, match="go together"):
        NgramPerplexity(model=path, head_max=1.0)
    with pytest.raises(ValueError, match="at most"):
        NgramPerplexity(model=path, head_max=2.0, middle_max=1.0)
