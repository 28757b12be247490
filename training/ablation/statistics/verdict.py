"""The rule by which an effect becomes a verdict. It is printed in every report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from training.ablation.guards import Light
from training.ablation.statistics.analysis import Verdict
from training.ablation.statistics.estimates import Estimate
from training.ablation.statistics.wording import signed

__all__ = ["RULE", "Judgement", "judge"]

RULE = (
    "An arm helps or hurts when, at the study's learning rate, its effect on the primary measure has a p below "
    "{alpha:g} after Holm's correction over its family, is larger than the noise floor, and no guard is red: budgets, "
    "tokenizer and model equal, at least three seeds, no overlap between training and held-out text, a measure that "
    "stands out of its noise, the same sign out of domain and at the other learning rate, and no dependence on an "
    "outlying seed. Anything else is not resolved, which never means that there is no effect."
)


@dataclass(frozen=True)
class Judgement:
    verdict: Verdict
    refused: bool
    reasons: tuple[str, ...]


def judge(
    effect: Estimate,
    adjusted_p: float | None,
    floor: float | None,
    lights: Sequence[Light],
    *,
    alpha: float,
    lower_is_better: bool = True,
) -> Judgement:
    """By `RULE`. `reasons` say what stood in the way; a verdict is `refused` where a guard alone did."""
    weak = list(_weaknesses(effect, adjusted_p, floor, alpha))
    red = [f"{light.guard}: {light.text}" for light in lights if light.state == "red"]
    if weak or red:
        return Judgement("not resolved", bool(red) and not weak, (*weak, *red))
    return Judgement("helps" if (effect.value < 0) == lower_is_better else "hurts", False, ())


def _weaknesses(effect: Estimate, adjusted_p: float | None, floor: float | None, alpha: float) -> Sequence[str]:
    if adjusted_p is None or floor is None:
        return ["there is no measured noise to hold the effect against"]
    found = []
    if adjusted_p >= alpha:
        found.append(f"the effect is not clear of zero (Holm p = {adjusted_p:.2f})")
    if abs(effect.value) <= floor:
        found.append(f"the effect ({signed(effect.value)}) does not rise above the noise floor ({floor:.4f})")
    return found
