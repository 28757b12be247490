"""From effect to rule: what the factorial says of every factor, and what to do with it in the recipe."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np

from training.ablation.guards import Light, agreement_light, lr_light
from training.ablation.statistics.analysis import FactorEffect, Noise, Proposal
from training.ablation.statistics.contrasts import Compared
from training.ablation.statistics.estimates import Estimate, Vector, holm
from training.ablation.statistics.factorial import factorial_contrasts
from training.ablation.statistics.measured import Measured, lower_is_better
from training.ablation.statistics.verdict import judge
from training.ablation.statistics.wording import said, said_p, signed
from training.ablation.study import Arm, Study

__all__ = ["factor_effects", "proposals"]

_CELLS = {"raw", "base", "ladder", "leave_one_out", "factorial"}
_ACTIONS: dict[str, Literal["keep", "drop"]] = {"helps": "keep", "hurts": "drop"}
_ADVICE = {
    "keep": "keep it in the recipe.",
    "drop": "take it out of the recipe.",
    "undecided": "this study does not decide it; choose by what it costs and removes.",
}


def factor_effects(compared: Compared, noise: Noise, lights: Sequence[Light]) -> tuple[tuple[FactorEffect, ...], bool]:
    """Main effects and two-way interactions over all arms that are cells of the design, one arm a cell.

    `lights` are those of the whole study: a red one refuses every verdict.
    """
    cells = _cells(compared)
    found, apart = factorial_contrasts([arm.factors for arm in cells], list(compared.study.factors))
    weights = {term: _over_arms(compared.main, cells, each) for term, each in found.items()}
    effects = {term: _estimate(compared.main, compared.study, each) for term, each in weights.items()}
    adjusted = _adjusted(effects)
    return tuple(
        _factor(compared, noise, lights, term, effects[term], adjusted[term], weights[term]) for term in found
    ), apart


def proposals(compared: Compared, factors: Sequence[FactorEffect], apart: bool) -> tuple[Proposal, ...]:
    """One a factor, from its main effect."""
    mains = [effect for effect in factors if len(effect.factors) == 1]
    return tuple(_proposal(compared, effect, factors, apart) for effect in mains)


def _cells(compared: Compared) -> list[Arm]:
    """Arms that say of every factor whether it is on; of arms with the same factors the first stands for all."""
    names = set(compared.study.factors)
    found: dict[tuple[bool, ...], Arm] = {}
    for arm in compared.study.arms:
        if names and arm.role in _CELLS and set(arm.factors) >= names and arm.name in compared.main.arms:
            found.setdefault(tuple(arm.factors[name] for name in compared.study.factors), arm)
    return list(found.values())


def _over_arms(measured: Measured, cells: Sequence[Arm], weights: Vector) -> Vector:
    found = np.zeros(len(measured.arms))
    for cell, weight in zip(cells, weights, strict=True):
        found[measured.arms.index(cell.name)] = weight
    return found


def _estimate(measured: Measured, study: Study, weights: Vector, measure: str | None = None) -> Estimate:
    return measured.draws(measure or study.primary).contrast(weights, study.alpha)


def _adjusted(effects: Mapping[tuple[str, ...], Estimate]) -> dict[tuple[str, ...], float | None]:
    """Holm over main effects, and over all terms for interactions."""
    found: dict[tuple[str, ...], float | None] = dict.fromkeys(effects)
    for family in (list(effects), [term for term in effects if len(term) == 1]):
        tested = {term: p for term in family if (p := effects[term].p) is not None}
        found.update(zip(tested, holm(list(tested.values())), strict=True))
    return found


def _factor(
    compared: Compared,
    noise: Noise,
    lights: Sequence[Light],
    term: tuple[str, ...],
    effect: Estimate,
    p: float | None,
    weights: Vector,
) -> FactorEffect:
    study, main = compared.study, compared.main
    sets = {name: _estimate(main, study, weights, name) for name in ("bpb_ood", "bpb_raw") if main.has(name)}
    others = {
        lr: _estimate(measured, study, weights)
        for lr, measured in list(compared.at.items())[1:]
        if measured.arms == main.arms
    }
    guards = (*lights, agreement_light(effect, sets.get("bpb_ood"), sets.get("bpb_raw")), lr_light(effect, others))
    lower = lower_is_better(study.primary)
    judged = judge(effect, p, _floor(noise, main, study, weights), guards, alpha=study.alpha, lower_is_better=lower)
    return FactorEffect(
        factors=term,
        effect=effect,
        adjusted_p=p,
        ood=sets.get("bpb_ood"),
        other_lrs=others,
        runs=int(main.draws(study.primary).seeds[weights != 0].sum()),
        verdict=judged.verdict,
        reasons=judged.reasons,
    )


def _floor(noise: Noise, main: Measured, study: Study, weights: Vector) -> float | None:
    """The noise floor of two arms, narrower as this contrast rests on more runs."""
    if noise.floor is None:
        return None
    seeds = main.draws(study.primary).seeds
    return noise.floor * float(np.sqrt((weights**2 / seeds).sum() / (2 / seeds.min())))


def _proposal(compared: Compared, main: FactorEffect, factors: Sequence[FactorEffect], apart: bool) -> Proposal:
    name, action = main.factors[0], _ACTIONS.get(main.verdict, "undecided")
    moved = f"Switching {name} on moves {compared.study.primary} by {said(main.effect)}"
    return Proposal(
        factor=name,
        parts=compared.study.factors[name],
        action=action,
        text=f"{moved}: {_ADVICE[action]}",
        evidence=(*_evidence(main, factors, apart), *_controls(compared, name)),
    )


def _evidence(main: FactorEffect, factors: Sequence[FactorEffect], apart: bool) -> list[str]:
    name = main.factors[0]
    found = [f"{main.runs} runs; Holm p {said_p(main.adjusted_p)}"]
    if main.ood is not None:
        found.append(f"out of domain {said(main.ood)}")
    found += [f"at learning rate {lr} {said(effect)}" for lr, effect in main.other_lrs.items()]
    found += list(main.reasons)
    if not apart:
        found.append("too few combinations were run to tell its own effect from what it does together with others")
    found += [
        f"its effect changes by {signed(2 * pair.effect.value)} when {_other(pair, name)} is on too"
        for pair in factors
        if len(pair.factors) == 2 and name in pair.factors and pair.effect.clear_of_zero
    ]
    return found


def _controls(compared: Compared, factor: str) -> list[str]:
    """Against removing as much without looking: what the factor does beyond leaving less text."""
    study, found = compared.study, []
    for arm in compared.arms:
        imitated = study.arm(arm.of) if arm.of else None
        if imitated is None or imitated.against not in compared.main.arms or factor not in _switched(study, imitated):
            continue
        effect = _estimate(compared.main, study, compared.main.weights(imitated.against, arm.name))
        how = "at random" if arm.role == "random_removal" else "at random, of like length and source"
        found.append(f"{imitated.against} against as much removed {how} ({arm.name}): {said(effect)}")
    return found


def _switched(study: Study, arm: Arm) -> set[str]:
    other = study.arm(arm.against).factors if arm.against else {}
    return {name for name, on in arm.factors.items() if other.get(name, on) != on}


def _other(pair: FactorEffect, name: str) -> str:
    return next(other for other in pair.factors if other != name)
