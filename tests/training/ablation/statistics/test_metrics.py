import numpy as np
import pytest

from training.ablation.statistics.metrics import decision_accuracy, outlying, signal_to_noise, uneven_spreads

ARM = np.repeat(np.arange(5), 3)
RNG = np.random.default_rng(11)


def test_a_measure_of_noise_alone_is_low_in_nineteen_of_twenty() -> None:
    low = [signal_to_noise(RNG.normal(0, 1, 15), ARM).low for _ in range(2000)]
    assert np.mean(low) == pytest.approx(0.95, abs=0.02)


def test_a_measure_that_tells_arms_apart_is_not_low() -> None:
    signal = signal_to_noise(ARM + RNG.normal(0, 0.1, 15), ARM)
    assert not signal.low
    assert signal.ratio > 20


def test_one_seed_an_arm_has_no_signal_to_noise() -> None:
    assert signal_to_noise(np.arange(3.0), np.arange(3)).low


def test_decisions_are_counted_by_pairs() -> None:
    found = decision_accuracy("half", np.array([1.0, 3.0, 2.0]), np.array([1.0, 2.0, 3.5]), floor=1.2)
    assert found.all == pytest.approx(2 / 3)
    assert (found.clear_pairs, found.clear) == (2, pytest.approx(0.5))


def test_an_arm_whose_seeds_scatter_more_is_named_and_seldom_by_chance() -> None:
    values = np.where(ARM == 3, 30, 1) * RNG.normal(0, 1, 15)
    assert list(uneven_spreads(values, ARM)) == [3]
    assert np.mean([bool(uneven_spreads(RNG.normal(0, 1, 15), ARM)) for _ in range(500)]) < 0.03


def test_a_seed_far_off_is_named_whatever_its_arm() -> None:
    values = ARM + RNG.normal(0, 0.01, 15)
    values[7] += 1
    assert np.flatnonzero(outlying(values, ARM)).tolist() == [7]
