from __future__ import annotations

import pytest
from rouge_score.rouge_scorer import RougeScorer

from training.finetuning.metrics import copied, exact_match, macro_f1, rouge_l, rouge_n, score, token_f1


def test_exact_match_ignores_case_punctuation_and_articles() -> None:
    assert exact_match("The Mill!", "mill") == 1
    assert exact_match("mills", "mill") == 0


def test_token_f1_counts_shared_words() -> None:
    assert token_f1("the old mill", "old stone mill") == pytest.approx(2 * 2 / (2 + 3))
    assert token_f1("", "") == 1
    assert token_f1("", "mill") == 0


def test_rouge_counts_shared_ngrams() -> None:
    assert rouge_n("the cat sat", "the cat ran", 1) == pytest.approx(4 / 6)
    assert rouge_n("the cat sat", "the cat ran", 2) == pytest.approx(2 / 4)


def test_rouge_l_is_of_the_longest_common_subsequence() -> None:
    assert rouge_l("police kill the gunman", "police killed the gunman") == pytest.approx(6 / 8)
    assert rouge_l("the gunman kill police", "police killed the gunman") == pytest.approx(4 / 8)


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        ("the cat sat on the mat", "a cat was on the mat"),
        ("one two three", "three two one"),
        ("x", "y z"),
        ("a a", "a"),
    ],
)
def test_rouge_is_that_of_the_usual_package(found: str, wanted: str) -> None:
    scorer = RougeScorer(["rouge1", "rouge2", "rougeL"])
    theirs = scorer.score(wanted, found)
    ours = {"rouge1": rouge_n(found, wanted, 1), "rougeL": rouge_l(found, wanted)}
    assert ours == pytest.approx({name: theirs[name].fmeasure for name in ours})


def test_macro_f1_is_the_mean_over_classes() -> None:
    assert macro_f1(["a", "a", "b"], ["a", "b", "b"]) == pytest.approx((2 / 3 + 2 / 3) / 2)
    assert macro_f1(["a", "a"], ["b", "b"]) == 0


def test_copied_is_the_share_of_word_fourgrams() -> None:
    assert copied("one two three four five", "zero one two three four") == 0.5
    assert copied("one two", "one two") == 0


def test_scores_are_means() -> None:
    assert score("answer", ["mill", "x"], ["mill", "mill"], ["", ""]) == {"exact_match": 0.5, "f1": 0.5}
