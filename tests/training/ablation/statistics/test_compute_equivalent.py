import numpy as np
import pytest

from training.ablation.statistics.compute_equivalent import as_decayed, compute_gain, token_factor
from training.ablation.statistics.estimates import Estimate

TOKENS = np.array([1e5, 2e5, 4e5, 8e5])
LOSSES = 5 - 0.3 * np.log(TOKENS / 1e5)


@pytest.mark.parametrize("factor", [0.3, 0.5, 1.0, 1.5, 3.0])
def test_a_logarithmic_curve_gives_tokens_back(factor: float) -> None:
    assert token_factor(TOKENS, LOSSES, np.array([-0.3 * np.log(factor)])) == pytest.approx([factor])


def test_no_guess_goes_beyond_four_times() -> None:
    assert token_factor(TOKENS, LOSSES, np.array([-9.0, 9.0])) == pytest.approx([4, 0.25])


def test_points_that_do_not_fall_are_passed_over() -> None:
    bumpy = np.array([*LOSSES[:2], 9.0, LOSSES[3]])
    assert token_factor(TOKENS, bumpy, np.array([0.0])) == pytest.approx([1])


def test_a_harmful_arm_is_worth_fewer_tokens() -> None:
    gain = compute_gain(TOKENS, LOSSES, Estimate(value=0.1, low=0.05, high=0.15))
    assert gain is not None
    assert gain.factor.low < gain.factor.value < gain.factor.high < 1
    assert not gain.beyond


def test_a_better_arm_is_beyond_the_curve() -> None:
    gain = compute_gain(TOKENS, LOSSES, Estimate(value=-0.1))
    assert gain is not None
    assert gain.beyond


def test_the_drop_of_the_decay_is_not_taken_for_tokens() -> None:
    tokens = np.array([1e5, 2e5, 4e5, 6e5, 7e5, 8e5])
    losses = 5 - 0.3 * np.log(tokens / 1e5) - np.array([0, 0, 0, 0, 0.1, 0.2])
    changes = np.array([-0.3 * np.log(0.5)])
    assert token_factor(*as_decayed(tokens, losses, 0.2), changes) == pytest.approx([0.5])
    assert token_factor(tokens, losses, changes) > 0.8


def test_a_curve_without_points_before_the_decay_is_left_alone() -> None:
    assert (as_decayed(TOKENS[2:], LOSSES[2:], 0.6)[1] == LOSSES[2:]).all()


def test_a_curve_that_never_falls_says_nothing() -> None:
    assert compute_gain(TOKENS, np.full(4, 5.0), Estimate(value=0.1)) is None
