import math

import numpy as np
import pytest
from scipy import stats

from training.ablation.statistics.bootstrap import Resamples, two_level

RNG = np.random.default_rng(7)
AGAINST = np.array([-1.0, 1.0])


def _scores(seed_sd: float, document_sd: float, seeds: int = 4, documents: int = 50, apart: float = 0.0):
    """nats [runs, documents] of two arms with bytes [documents] all alike."""
    arm = np.repeat([0, 1], seeds)
    bits = 2 + apart * arm[:, None] + RNG.normal(0, seed_sd, (2 * seeds, 1))
    bits = bits + (arm[:, None] * RNG.normal(0, document_sd, documents))
    return bits * 1000 * math.log(2), np.full(documents, 1000.0), arm


def test_with_documents_all_alike_the_interval_is_the_pooled_t_interval() -> None:
    nats, sizes, arm = _scores(0.01, 0.0)
    draws = two_level(nats, sizes, arm, Resamples.draw(50, 8, 20_000))
    ours, exact = draws.contrast(AGAINST), draws.over_seeds(AGAINST)
    theirs = stats.ttest_ind(draws.values[arm == 1], draws.values[arm == 0])
    assert (exact.low, exact.high) == pytest.approx(tuple(theirs.confidence_interval(0.95)))
    assert exact.p == pytest.approx(theirs.pvalue)
    assert ours.df == pytest.approx(6)
    assert ours.standard_error == pytest.approx(exact.standard_error, rel=0.02)


def test_with_seeds_all_alike_the_error_is_that_between_documents() -> None:
    nats, sizes, arm = _scores(1e-9, 0.05)
    ours = two_level(nats, sizes, arm, Resamples.draw(50, 8, 20_000)).contrast(AGAINST)
    differences = (nats[arm == 1].mean(0) - nats[arm == 0].mean(0)) / (1000 * math.log(2))
    expected = stats.bootstrap((differences,), np.mean, n_resamples=20_000, rng=1).standard_error
    assert ours.standard_error == pytest.approx(expected, rel=0.02)
    assert ours.df == pytest.approx(49)


def test_both_levels_add_up() -> None:
    nats, sizes, arm = _scores(0.01, 0.05)
    draws = two_level(nats, sizes, arm, Resamples.draw(50, 8, 20_000))
    seeds = draws.over_seeds(AGAINST).standard_error
    documents = (draws.documents @ AGAINST).std(ddof=1)
    assert draws.contrast(AGAINST).standard_error == pytest.approx(math.hypot(seeds, documents), rel=0.02)


def test_long_documents_count_by_their_bytes() -> None:
    nats, sizes = np.array([[100.0, 900.0]]), np.array([1000.0, 3000.0])
    draws = two_level(nats, sizes, np.array([0]), Resamples.draw(2, 1, 10))
    assert draws.means == pytest.approx([1000 / 4000 / math.log(2)])


def test_one_seed_an_arm_gives_no_interval() -> None:
    nats, sizes, arm = _scores(0.01, 0.05, seeds=1)
    assert two_level(nats, sizes, arm, Resamples.draw(50, 2, 100)).contrast(AGAINST).low is None


def test_the_same_scores_give_the_same_draws() -> None:
    nats, sizes, arm = _scores(0.01, 0.05)
    first, second = (two_level(nats, sizes, arm, Resamples.draw(50, 8, 100)) for _ in range(2))
    assert (first.documents == second.documents).all()
    assert (first.noise == second.noise).all()
