"""Every arm against its reference: effect, intervals, guards and verdict."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from training.ablation.guards import Light, agreement_light, lr_light, outlier_light
from training.ablation.statistics.analysis import Contrast, Noise
from training.ablation.statistics.bootstrap import Draws
from training.ablation.statistics.compute_equivalent import as_decayed, compute_gain
from training.ablation.statistics.distributions import t_quantile
from training.ablation.statistics.estimates import (
    Estimate,
    Vector,
    equivalence_p,
    estimate_of,
    holm,
    minimum_detectable_effect,
    pooled_sd,
    sign_flip,
)
from training.ablation.statistics.measured import Measured, lower_is_better
from training.ablation.statistics.metrics import outlying
from training.ablation.statistics.verdict import judge
from training.ablation.study import Arm, Study

__all__ = ["Compared", "adjust", "compare", "compare_all", "floor_for", "noise_of", "seed_floor"]

_FOR_SIGN_FLIP = 6


@dataclass(frozen=True)
class Compared:
    """Learning rates by name, the first being that of the verdict, and the mean curve (tokens, losses) by arm."""

    study: Study
    at: Mapping[str, Measured]
    curves: Mapping[str, tuple[Vector, Vector]]

    @property
    def main(self) -> Measured:
        return next(iter(self.at.values()))

    def decayed(self, arm: str) -> tuple[Vector, Vector] | None:
        """The curve by which effects are turned into tokens; None where losses are not in the primary's unit."""
        if not self.study.primary.startswith("bpb") or arm not in self.curves:
            return None
        return as_decayed(*self.curves[arm], self.study.learner.decay)

    @property
    def arms(self) -> list[Arm]:
        """Those that have a reference, where both were run."""
        return [arm for arm in self.study.arms if {arm.name, arm.against} <= set(self.main.arms)]


def seed_floor(draws: Draws, alpha: float) -> float | None:
    """The difference that two arms with the same data exceed by seeds alone in a share `alpha` of studies."""
    sd, df = draws.sd
    if not df:
        return None
    return float(t_quantile(1 - alpha / 2, df) * sd * np.sqrt(2 / draws.seeds.min()))


def noise_of(compared: Compared, base: str) -> Noise:
    study, draws = compared.study, compared.main.draws(compared.study.primary)
    (sd, df), seeds = draws.sd, int(draws.seeds.min())
    nulls = {
        arm.name: draws.contrast(compared.main.weights(arm.name, str(arm.against)), study.alpha)
        for arm in compared.arms
        if arm.role == "null"
    }
    floor = seed_floor(draws, study.alpha)
    return Noise(
        sd=sd if df else None,
        df=df,
        seeds=seeds,
        floor=None if floor is None else max([floor, *(abs(each.value) for each in nulls.values())]),
        detectable=minimum_detectable_effect(sd, df, seeds, seeds, study.alpha, study.power),
        base_value=float(draws.means[compared.main.arms.index(base)]),
        nulls=nulls,
    )


def floor_for(compared: Compared, arm: str, noise: Noise) -> float | None:
    """The noise floor of a contrast; a null arm is not held against itself."""
    floor = seed_floor(compared.main.draws(compared.study.primary), compared.study.alpha)
    if floor is None:
        return None
    return max([floor, *(abs(each.value) for name, each in noise.nulls.items() if name != arm)])


def compare_all(compared: Compared, noise: Noise, lights: Mapping[str, Sequence[Light]]) -> tuple[Contrast, ...]:
    """`lights` are those already known, by arm."""
    effects = {arm.name: _effect(compared.main, compared.study, arm) for arm in compared.arms}
    adjusted = adjust(compared.study, effects)
    return tuple(
        compare(compared, arm, effects[arm.name], adjusted[arm.name], noise, lights.get(arm.name, ()))
        for arm in compared.arms
    )


def adjust(study: Study, effects: Mapping[str, Estimate]) -> dict[str, float | None]:
    """Holm within the primary family; what is exploratory is corrected for all contrasts there are."""
    tested = {name: effect.p for name, effect in effects.items() if effect.p is not None}
    primary = {name: p for name, p in tested.items() if name in study.primary_family}
    found: dict[str, float | None] = dict.fromkeys(effects)
    found.update(zip(tested, holm(list(tested.values())), strict=True))
    found.update(zip(primary, holm(list(primary.values())), strict=True))
    return found


def compare(
    compared: Compared, arm: Arm, effect: Estimate, p: float | None, noise: Noise, known: Sequence[Light]
) -> Contrast:
    study, main, against = compared.study, compared.main, str(arm.against)
    draws, floor = main.draws(study.primary), floor_for(compared, arm.name, noise)
    paired = main.paired(study.primary, arm.name, against)
    others = {name: _effect(main, study, arm, name) for name in main.scores if name != study.primary and main.has(name)}
    other_lrs = {
        lr: _effect(measured, study, arm)
        for lr, measured in list(compared.at.items())[1:]
        if {arm.name, against} <= set(measured.arms)
    }
    lights = (
        *known,
        agreement_light(effect, others.get("bpb_ood"), others.get("bpb_raw")),
        lr_light(effect, other_lrs),
        _outliers(compared, arm, effect),
    )
    judged = judge(effect, p, floor, lights, alpha=study.alpha, lower_is_better=lower_is_better(study.primary))
    equal = equivalence_p(effect, study.margin)
    return Contrast(
        arm=arm.name,
        against=against,
        role=arm.role,
        family="primary" if arm.name in study.primary_family else "exploratory",
        effect=effect,
        percent=100 * effect.value / float(draws.means[main.arms.index(against)]),
        pooled=draws.over_seeds(main.weights(arm.name, against), study.alpha),
        by_seed=_by_seed(paired, effect, study.alpha),
        sign_flip=sign_flip(paired) if len(paired) >= _FOR_SIGN_FLIP else None,
        adjusted_p=p,
        in_floors=effect.value / floor if floor else None,
        compute=compute_gain(*curve, effect) if (curve := compared.decayed(against)) else None,
        others=others,
        other_lrs=other_lrs,
        equivalence_p=equal,
        equivalent=equal is not None and equal < study.alpha,
        verdict=judged.verdict,
        refused=judged.refused,
        reasons=judged.reasons,
        lights=lights,
    )


def _effect(measured: Measured, study: Study, arm: Arm, measure: str | None = None) -> Estimate:
    draws = measured.draws(measure or study.primary)
    return draws.contrast(measured.weights(arm.name, str(arm.against)), study.alpha)


def _by_seed(paired: Vector, effect: Estimate, alpha: float) -> Estimate:
    if not len(paired):
        return Estimate(value=effect.value)
    n = len(paired)
    return estimate_of(float(paired.mean()), float(paired.std(ddof=1)) / n**0.5 if n > 1 else 0.0, n - 1, alpha)


def _outliers(compared: Compared, arm: Arm, effect: Estimate) -> Light:
    """Whether the effect keeps its sign, and stays as clear of zero as it was, when outlying seeds are left out."""
    main, study = compared.main, compared.study
    draws = main.draws(study.primary)
    far = outlying(draws.values, draws.arm)
    pair = [main.arms.index(name) for name in (arm.name, str(arm.against))]
    named = [f"{main.arms[draws.arm[at]]} seed {main.seeds[at]}" for at in np.flatnonzero(far) if draws.arm[at] in pair]
    if not named or effect.p is None:
        return outlier_light(named, True)
    kept = ~far
    ours, theirs = (draws.values[kept & (draws.arm == at)] for at in pair)
    if not len(ours) or not len(theirs):
        return outlier_light(named, False)
    sd, df = pooled_sd(draws.values[kept], draws.arm[kept])
    error = sd * float(np.sqrt(1 / len(ours) + 1 / len(theirs)))
    without = estimate_of(float(ours.mean() - theirs.mean()), error, df, study.alpha)
    same = without.value * effect.value > 0 and (without.clear_of_zero or effect.p >= study.alpha)
    return outlier_light(named, same)
