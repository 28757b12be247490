"""The rule of the verdict, point by point."""

import pytest

from training.ablation.guards import Light
from training.ablation.statistics.estimates import Estimate
from training.ablation.statistics.verdict import judge

EFFECT = Estimate(value=0.03, low=0.02, high=0.04, standard_error=0.005, df=20, p=0.0001)
RED = Light(guard="budget", state="red", text="unequal")
AMBER = Light(guard="budget", state="amber", text="nearly")


def test_harm_clear_of_zero_and_noise_hurts() -> None:
    judged = judge(EFFECT, 0.001, 0.02, [AMBER], alpha=0.05)
    assert (judged.verdict, judged.refused, judged.reasons) == ("hurts", False, ())


def test_more_of_a_measure_that_should_be_high_helps() -> None:
    assert judge(EFFECT, 0.001, 0.02, [], alpha=0.05, lower_is_better=False).verdict == "helps"


@pytest.mark.parametrize(
    ("p", "floor", "reason"),
    [(0.06, 0.02, "not clear of zero"), (0.001, 0.04, "noise floor"), (None, None, "no measured noise")],
)
def test_a_weak_effect_is_not_resolved_and_not_refused(p: float | None, floor: float | None, reason: str) -> None:
    judged = judge(EFFECT, p, floor, [RED], alpha=0.05)
    assert judged.verdict == "not resolved"
    assert not judged.refused
    assert reason in judged.reasons[0]


def test_a_red_guard_refuses_a_clear_effect_and_says_why() -> None:
    judged = judge(EFFECT, 0.001, 0.02, [RED], alpha=0.05)
    assert (judged.verdict, judged.refused, judged.reasons) == ("not resolved", True, ("budget: unequal",))
