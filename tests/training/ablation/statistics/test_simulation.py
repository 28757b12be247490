"""The statistics keep their promises on studies whose truth is known."""

import numpy as np
import pytest

from training.ablation.statistics.bootstrap import two_level
from training.ablation.statistics.simulation import Variances, coverage, null_unresolved, simulated, variances_of

STUDIES = [
    Variances(),
    Variances(arms=3),
    Variances(arms=12, seeds=5, documents=60),
    Variances(document=0.2),
    Variances(document=0.0, residual=0.05),
]


@pytest.mark.parametrize("model", STUDIES, ids=["usual", "few arms", "many arms", "documents differ", "seeds differ"])
def test_intervals_hold_the_truth_in_nineteen_of_twenty_studies(model: Variances) -> None:
    bootstrap, over_seeds = coverage(model, 1500 if model.arms == 3 else 500)
    assert 0.93 <= bootstrap <= 0.97
    assert 0.93 <= over_seeds <= 0.97


@pytest.mark.slow  # twenty thousand studies
@pytest.mark.parametrize("model", STUDIES)
def test_intervals_hold_the_truth_in_very_many_studies(model: Variances) -> None:
    assert all(0.94 <= share <= 0.965 for share in coverage(model, 4000, seed=1))


def test_an_arm_that_differs_in_nothing_is_not_resolved_in_95_of_100_studies() -> None:
    assert min(null_unresolved(Variances(), 100, seed=seed) for seed in range(3)) >= 0.95


def test_a_study_is_simulated_with_its_own_variances() -> None:
    model = Variances(seed=0.02, document=0.1, arms=8, seeds=5, documents=150)
    nats, _ = simulated(np.random.default_rng(1), np.zeros(8), model)
    found = variances_of(two_level(nats, np.ones(150), model.arm, model.resamples()), model.against_first(1))
    assert found is not None
    assert (found.arms, found.seeds, found.documents) == (8, 5, 150)
    assert found.seed == pytest.approx(0.02, rel=0.3)
    assert found.document == pytest.approx(0.1, rel=0.3)
