"""Measures beside likelihood: right on text where the answer is known."""

from __future__ import annotations

from collections import Counter
from math import log2

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from tests.training.token_shards import letters_tokenizer
from training.ablation.measures.canaries import exposure, plan_canaries
from training.ablation.measures.memory import copy_rates
from training.ablation.measures.probes import probe_pairs
from training.ablation.measures.scoring import Scorer
from training.ablation.measures.text import (
    distances,
    distinct,
    divergences,
    jensen_shannon,
    self_bleu,
    sequence_repetition,
    two_sample_auc,
    zipf,
)
from training.ablation.study import Canaries
from training.generation.origins import Origins, Span


class Favours(nn.Module):
    """A "model" for which every token costs one nat, but nothing where a row spells out a known text."""

    def __init__(self, known: list[list[int]]) -> None:
        super().__init__()
        self.known = known

    def forward(self, tokens: Tensor, targets: Tensor, mask: None, *, each: bool) -> Tensor:
        losses = (targets >= 0).float()
        for row in range(len(tokens)):
            wanted = targets[row][targets[row] >= 0].tolist()
            losses[row] *= 0.0 if wanted in self.known else 1.0
        return losses


def scorer(known: list[str]) -> Scorer:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_str(letters_tokenizer()["tokenizer.json"])
    ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in known]
    return Scorer(Favours(ids), tokenizer, 0, 512, torch.device("cpu"))


def test_scores_count_the_continuation_alone() -> None:
    plain = scorer([])
    assert plain.log_probabilities([("the mill", " grinds"), ("the", " rye")]).tolist() == [-7.0, -4.0]


def test_what_does_not_fit_is_cut_from_the_left() -> None:
    short = Scorer(Favours([]), scorer([]).tokenizer, 0, 4, torch.device("cpu"))
    assert short.log_probabilities([("a long beginning", "rye"), ("", "longer than it fits")]).tolist() == [-3.0, -4.0]


def test_exposure_is_full_for_a_known_canary_and_nothing_for_the_least_likely() -> None:
    canaries = plan_canaries(Canaries(copies=(0, 8), each=1, references=15))
    known = exposure(scorer([canaries[1].filling]), canaries)
    assert known["exposure_8"] == log2(16)
    others = exposure(scorer(list(canaries[0].references)), canaries)
    assert others["exposure_0"] == 0


def test_canaries_differ_and_stay_the_same() -> None:
    plan = Canaries(copies=(0, 1, 4), each=3, references=5)
    canaries = plan_canaries(plan)
    assert len({canary.text for canary in canaries}) == 9
    assert canaries == plan_canaries(plan)
    assert all(canary.filling not in canary.references for canary in canaries)


def test_pairs_differ_in_grammar_and_not_in_length() -> None:
    for pairs in probe_pairs(50).values():
        for good, bad in pairs:
            assert good != bad
            assert good[0] == bad[0] or good[1] == bad[1]
            assert len("".join(good).split()) == len("".join(bad).split())


def test_repetition_and_diversity_by_hand() -> None:
    assert sequence_repetition([[1, 2, 3, 4] * 2]) == pytest.approx(1 - 4 / 5)
    assert distinct([[1, 2, 1, 2], [1, 2]]) == 2 / 4
    assert self_bleu([[1, 2, 3, 4, 5]] * 3) == 1
    assert self_bleu([[1, 2, 3, 4], [5, 6, 7, 8]]) < 1e-6


def test_zipf_finds_the_exponent_it_was_given() -> None:
    row = [token for token in range(1, 60) for _ in range(round(6000 / token))]
    assert zipf([row]) == pytest.approx(1, abs=0.02)


def test_jensen_shannon_agrees_with_scipy() -> None:
    from scipy.spatial.distance import jensenshannon

    left, right = Counter({"a": 3, "b": 1}), Counter({"b": 2, "c": 5})
    by_scipy = jensenshannon([3, 1, 0], [0, 2, 5], base=2) ** 2
    assert jensen_shannon(left, right) == pytest.approx(by_scipy)
    assert jensen_shannon(left, left) == 0
    assert jensen_shannon(left, Counter({"c": 1})) == 1


def test_two_samples_of_one_kind_cannot_be_told_apart_and_of_two_kinds_can() -> None:
    random = np.random.default_rng(0)
    same = [random.poisson(1.0, (60, 32)).astype(float) for _ in range(2)]
    other = random.poisson(np.linspace(0.1, 2, 32), (60, 32)).astype(float)
    assert two_sample_auc(*same) == pytest.approx(0.5, abs=0.12)
    assert two_sample_auc(same[0], other) > 0.9


def test_human_text_is_at_no_distance_from_itself() -> None:
    rows, texts = [[1, 2, 3, 4, 5, 6], [2, 4, 6, 8, 1, 3]], ["the mill grinds", "the river flows"]
    assert set(distances(rows, rows).values()) == {0.0}
    assert divergences(rows, rows, texts, texts)["jsd_tokens"] == 0


def test_copy_rates_count_tokens_in_spans_by_their_length() -> None:
    spans = (Span(0, 50, "d", "train", 0), Span(60, 20, "d", "train", 0))
    rates = copy_rates([Origins((), spans, 0.7), Origins((), (), 0.0)], [[0] * 100, [0] * 100])
    assert rates == {"copy_rate": 0.25, "copy_rate_16": 0.35}
