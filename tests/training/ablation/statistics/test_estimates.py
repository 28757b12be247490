import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from training.ablation.statistics.estimates import (
    Estimate,
    equivalence_p,
    holm,
    minimum_detectable_effect,
    over_seeds,
    pooled_sd,
    sign_flip,
)

RNG = np.random.default_rng(3)


def test_a_t_interval_over_seeds_is_that_of_scipy() -> None:
    differences = RNG.normal(0.1, 1, 6)
    ours, theirs = over_seeds(differences), stats.ttest_1samp(differences, 0)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    assert ours.p == pytest.approx(theirs.pvalue)


def test_the_pooled_deviation_is_that_of_a_two_sample_t_test() -> None:
    first, second = RNG.normal(0, 1, 3), RNG.normal(1, 1, 5)
    sd, df = pooled_sd(np.concatenate([first, second]), np.array([0] * 3 + [1] * 5))
    t = (first.mean() - second.mean()) / (sd * math.sqrt(1 / 3 + 1 / 5))
    assert df == 6
    assert t == pytest.approx(stats.ttest_ind(first, second).statistic)


def test_one_run_has_no_interval() -> None:
    assert over_seeds(np.array([0.3])) == Estimate(value=0.3)


@pytest.mark.parametrize(("seeds", "expected"), [(3, 2.4), (5, 1.9), (8, 1.5)])
def test_the_minimum_detectable_effect_is_the_published_one(seeds: int, expected: float) -> None:
    assert minimum_detectable_effect(1.0, 20, seeds, seeds) == pytest.approx(expected, abs=0.06)


@pytest.mark.parametrize(("df", "seeds"), [(4, 3), (20, 3), (28, 8)])
def test_the_minimum_detectable_effect_is_found_four_times_in_five(df: int, seeds: int) -> None:
    effect = minimum_detectable_effect(1.0, df, seeds, seeds)
    assert effect is not None
    critical = stats.t.ppf(0.975, df)
    power = stats.nct.sf(critical, df, effect / math.sqrt(2 / seeds))
    assert power == pytest.approx(0.8, abs=0.02)


def test_holm_steps_down() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


@given(st.lists(st.floats(0, 1), max_size=8))
def test_holm_is_no_milder_than_nothing_and_no_harsher_than_bonferroni(ps: list[float]) -> None:
    assert all(p <= adjusted <= min(1, p * len(ps)) + 1e-12 for p, adjusted in zip(ps, holm(ps), strict=True))


@pytest.mark.parametrize("n", [3, 5, 6])
def test_the_sign_flip_test_is_that_of_scipy_and_names_its_least_p(n: int) -> None:
    differences = RNG.normal(0.5, 1, n)
    theirs = stats.permutation_test((differences,), np.sum, permutation_type="samples", n_resamples=np.inf)
    ours = sign_flip(differences)
    assert ours.p == pytest.approx(theirs.pvalue)
    assert ours.least == 2 / 2**n


def test_many_differences_are_flipped_at_random() -> None:
    assert sign_flip(RNG.normal(0, 1, 30)).p > sign_flip(RNG.normal(3, 1, 30)).p


def test_equivalence_is_the_larger_of_two_one_sided_tests() -> None:
    estimate = Estimate(value=0.002, standard_error=0.004, df=10)
    expected = max(stats.t.cdf((0.002 - 0.01) / 0.004, 10), stats.t.sf((0.002 + 0.01) / 0.004, 10))
    assert equivalence_p(estimate, 0.01) == pytest.approx(expected)
