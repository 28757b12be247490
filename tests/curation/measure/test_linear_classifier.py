from __future__ import annotations

import math
import pickle
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import ResourceError
from curation.kernels.hashing import frozen
from curation.measure.linear_classifier import LinearClassifier
from curation.measure.linear_model import LinearModel
from curation.measure.linear_training import train_linear
from curation.operator import run_operator
from tests.reference.hashed_ngrams import buckets, logit

WORDS = st.lists(st.sampled_from(["One", "two", "3", "x1", "é", "ÉTÉ", "漢", "字", "ไ", "...", "Ω", "İ"]), max_size=12)
WANTED = ["a proof by induction on trees", "lemma one follows from the theorem", "we show that the bound is tight"]
OTHERS = ["buy cheap watches now", "click here to win cash now", "cheap cash click watches", "win win win now"]


def column(texts: list[str | None]) -> pa.Array:
    return pa.array(texts, pa.large_string())


def test_learns_to_tell_two_kinds_of_text_apart() -> None:
    model = train_linear(column(WANTED), column(OTHERS), bits=12)
    assert (model.scores(column([*WANTED, "the lemma on trees"])) > 0.5).all()
    assert (model.scores(column([*OTHERS, "cheap cash"])) < 0.5).all()


def test_the_same_seed_gives_the_same_bytes_and_another_other_ones(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        train_linear(column(WANTED), column(OTHERS), bits=10, seed=seed).save(str(tmp_path / name))
    a, b, c = [(tmp_path / name).read_bytes() for name in "abc"]
    assert a == b
    assert a != c


def test_a_saved_model_scores_as_before(tmp_path: Path) -> None:
    model = train_linear(column(WANTED), column(OTHERS), bits=10, max_n=3)
    model.save(str(tmp_path / "model"))
    texts = column([*WANTED, *OTHERS, "", None, "漢字"])
    again = LinearModel.load(str(tmp_path / "model"))
    assert np.array_equal(again.scores(texts), model.scores(texts), equal_nan=True)
    assert again.about == model.about


@given(WORDS, st.integers(1, 4))
def test_scores_are_those_of_the_twin(words: list[str], max_n: int) -> None:
    weights = np.random.Generator(np.random.PCG64(0)).normal(size=64).astype(np.float32)
    found = LinearModel(frozen(weights), 0.25, max_n).logits(column([" ".join(words)]))[0]
    assert found == pytest.approx(logit(words, weights, 0.25, max_n), nan_ok=True)


def test_one_step_of_training_is_adagrad() -> None:
    model = train_linear(column(["yes"]), column(["no"]), bits=8, max_n=1, epochs=1, rate=0.5)
    (yes,), (no,) = buckets(["yes"], 1, 256), buckets(["no"], 1, 256)
    # The first step on a weight is the rate against the sign of its gradient.
    assert model.weights[yes] == pytest.approx(0.5)
    assert model.weights[no] == pytest.approx(-0.5)


def test_an_empty_class_is_an_error() -> None:
    with pytest.raises(ResourceError, match="positive"):
        train_linear(column([]), column(OTHERS))


def test_operator_scores_and_names_its_column(tmp_path: Path) -> None:
    path = str(tmp_path / "model")
    train_linear(column(WANTED), column(OTHERS), bits=10).save(path)
    operator = pickle.loads(pickle.dumps(LinearClassifier(model=path, label="math")))
    operator.open()
    texts = [WANTED[0], OTHERS[0], None, "", " \n", "x" * 1_000_000]
    batch = pa.RecordBatch.from_pydict({"text": column(texts)})
    scores = run_operator(operator, batch).column("linear_classifier.math").to_pylist()
    assert scores[0] > 0.5 > scores[1]
    assert scores[2:5] == [None, None, None]
    single = [run_operator(operator, batch.slice(row, 1)).column(1).to_pylist()[0] for row in range(len(texts))]
    assert single == scores
    assert len(operator.resources()) == 1


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"\xff" * 64, (8).to_bytes(8, "little") + b"{}      "])
def test_files_that_are_no_models_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model").write_bytes(content)
    with pytest.raises(ResourceError, match="model file"):
        LinearModel.load(str(tmp_path / "model"))


def test_a_cut_or_missing_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model"
    train_linear(column(WANTED), column(OTHERS), bits=10).save(str(path))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ResourceError, match="does not fit"):
        LinearModel.load(str(path))
    with pytest.raises(ResourceError, match="model file"):
        LinearModel.load(str(tmp_path / "none"))


def test_the_score_of_no_token_is_missing() -> None:
    model = LinearModel(frozen(np.zeros(2, np.float32)), 0.0, 1)
    assert math.isnan(model.scores(column([" "]))[0])
    assert model.scores(column(["a"]))[0] == 0.5
