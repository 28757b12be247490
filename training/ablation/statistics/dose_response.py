"""How harm grows with dose: effect = a dose^b with a band, the dose that equals the noise floor, and tokens lost.

For tokens, D_eff = D (1 - dose)^c (Subramanyam et al.): c = 1 says that a spoilt token is a missing one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.ablation.statistics.bootstrap import Matrix
from training.ablation.statistics.estimates import Estimate, Vector
from training.recipe import Part

__all__ = ["BandPoint", "PowerFit", "PowerLaw", "effective_exponent", "fit_power", "fit_powers", "power_law"]

_EXPONENTS = np.geomspace(0.1, 5.0, 801)
_STEPS = 40


class BandPoint(Part):
    dose: float
    value: float
    low: float
    high: float


class PowerLaw(Part):
    """effect = scale dose^exponent. `at_floor` is the dose whose effect equals the noise floor; above 1 it is None, as
    is an end of its interval there."""

    scale: Estimate
    exponent: Estimate
    band: tuple[BandPoint, ...]
    at_floor: float | None
    at_floor_low: float | None
    at_floor_high: float | None


@dataclass(frozen=True)
class PowerFit:
    """scale and exponent of each row of effects [rows]."""

    scale: Vector
    exponent: Vector

    def __call__(self, doses: Vector) -> Matrix:
        """[rows, doses]"""
        return np.asarray(self.scale[:, None] * doses ** self.exponent[:, None])


def fit_powers(doses: Vector, effects: Matrix) -> PowerFit:
    """Least squares of each row of effects [rows, doses]: scale in closed form on a fine grid of exponents."""
    powers = doses ** _EXPONENTS[:, None]
    fitted, norm = effects @ powers.T, (powers**2).sum(1)
    best = (fitted**2 / norm).argmax(1)
    return PowerFit(fitted[np.arange(len(best)), best] / norm[best], _EXPONENTS[best])


def fit_power(doses: Vector, effects: Vector) -> tuple[float, float]:
    fit = fit_powers(doses, effects[None])
    return float(fit.scale[0]), float(fit.exponent[0])


def power_law(doses: Vector, effects: Vector, drawn: Matrix, floor: float | None, alpha: float = 0.05) -> PowerLaw:
    """Fit to at least two doses above 0; `drawn` are bootstrap draws of the effects [draws, doses]."""
    point, draws = fit_powers(doses, effects[None]), fit_powers(doses, drawn)
    at = np.linspace(0, doses.max(), _STEPS + 1)[1:]
    ends = np.quantile(draws(at), [alpha / 2, 1 - alpha / 2], axis=0)
    band = tuple(
        BandPoint(dose=float(dose), value=float(value), low=float(low), high=float(high))
        for dose, value, low, high in zip(at, point(at)[0], *ends, strict=True)
    )
    middle, low, high = _at_floor(point, draws, floor, alpha)
    return PowerLaw(
        scale=_with_ends(point.scale[0], draws.scale, alpha),
        exponent=_with_ends(point.exponent[0], draws.exponent, alpha),
        band=band,
        at_floor=middle,
        at_floor_low=low,
        at_floor_high=high,
    )


def effective_exponent(doses: Vector, factors: Vector, drawn: Matrix, alpha: float = 0.05) -> Estimate | None:
    """c of D_eff = D (1 - dose)^c, by least squares through 0 on logarithms of token factors [doses]."""
    kept = doses < 1
    logs = np.log1p(-doses[kept])
    if not np.isfinite(factors).all() or not len(logs):
        return None
    weights = logs / (logs**2).sum()
    return _with_ends(float(np.log(factors[kept]) @ weights), np.log(drawn[:, kept]) @ weights, alpha)


def _at_floor(
    point: PowerFit, draws: PowerFit, floor: float | None, alpha: float
) -> tuple[float | None, float | None, float | None]:
    if not floor:
        return None, None, None
    found = [_dose_of(point, floor)[0], *np.quantile(_dose_of(draws, floor), [alpha / 2, 1 - alpha / 2])]
    low, middle, high = (float(dose) if dose <= 1 else None for dose in (found[1], found[0], found[2]))
    return middle, low, high


def _dose_of(fit: PowerFit, effect: float) -> Vector:
    """Doses above 1, and where there is no harm, are 2: they sort behind all others."""
    harmful = fit.scale > effect
    ratio = np.where(harmful, effect / np.where(harmful, fit.scale, 1), 1)
    return np.where(harmful, ratio ** (1 / fit.exponent), 2.0)


def _with_ends(value: float, drawn: Vector, alpha: float) -> Estimate:
    low, high = np.quantile(drawn, [alpha / 2, 1 - alpha / 2])
    return Estimate(value=float(value), low=float(low), high=float(high))
