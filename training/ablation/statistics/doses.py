"""Dose arms gathered into one response a defect."""

from __future__ import annotations

import itertools

import numpy as np

from training.ablation.statistics.analysis import Contrast, DoseEffect, DoseResponse, Noise
from training.ablation.statistics.bootstrap import Matrix
from training.ablation.statistics.compute_equivalent import token_factor
from training.ablation.statistics.contrasts import Compared
from training.ablation.statistics.dose_response import effective_exponent, power_law
from training.ablation.statistics.estimates import Vector
from training.ablation.study import Arm

__all__ = ["dose_responses"]


def dose_responses(compared: Compared, noise: Noise, contrasts: tuple[Contrast, ...]) -> tuple[DoseResponse, ...]:
    """By defect and number of copies, doses in rising order."""
    by_name = {contrast.arm: contrast for contrast in contrasts}
    dosed = [arm for arm in compared.arms if arm.dose is not None and arm.dose.share > 0]
    groups = itertools.groupby(sorted(dosed, key=_key), key=lambda arm: _key(arm)[:3])
    return tuple(_response(compared, noise, list(arms), by_name) for _, arms in groups)


def _key(arm: Arm) -> tuple[str, int, str, float]:
    assert arm.dose is not None
    return arm.dose.defect, arm.dose.copies or 0, str(arm.against), arm.dose.share


def _response(compared: Compared, noise: Noise, arms: list[Arm], contrasts: dict[str, Contrast]) -> DoseResponse:
    study, main = compared.study, compared.main
    doses = np.array([arm.dose.share for arm in arms if arm.dose])
    effects = np.array([contrasts[arm.name].effect.value for arm in arms])
    weights = np.stack([main.weights(arm.name, str(arm.against)) for arm in arms], axis=1)
    drawn = main.draws(study.primary).stretched(weights, study.alpha)
    factors, drawn_factors = _factors(compared, str(arms[0].against), effects, drawn)
    known = bool(np.isfinite(factors).all())
    enough = len(set(doses)) > 1
    first = arms[0].dose
    assert first is not None
    return DoseResponse(
        defect=first.defect,
        copies=first.copies,
        points=tuple(
            DoseEffect(
                arm=arm.name,
                dose=float(dose),
                effect=contrasts[arm.name].effect,
                factor=float(factor) if known else None,
            )
            for arm, dose, factor in zip(arms, doses, factors, strict=True)
        ),
        law=power_law(doses, effects, drawn, noise.floor, study.alpha) if enough else None,
        token_exponent=effective_exponent(doses, factors, drawn_factors, study.alpha) if enough else None,
    )


def _factors(compared: Compared, against: str, effects: Vector, drawn: Matrix) -> tuple[Vector, Matrix]:
    """Tokens that the reference needs for each dose's loss, over tokens spent; NaN where there is no such curve."""
    curve = compared.decayed(against)
    if curve is None:
        return np.full(len(effects), np.nan), np.full(drawn.shape, np.nan)
    return token_factor(*curve, effects), token_factor(*curve, drawn)
