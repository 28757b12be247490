"""Which measures can be believed: signal to noise, and whether small runs order arms as large ones do."""

from __future__ import annotations

import itertools
import math

import numpy as np
import numpy.typing as npt

from training.ablation.statistics.distributions import f_survival, range_quantile
from training.ablation.statistics.estimates import Vector, pooled_sd
from training.recipe import Part

__all__ = ["DecisionAccuracy", "Signal", "decision_accuracy", "outlying", "signal_to_noise", "uneven_spreads"]

OUTLYING = 3.0
_MAD_TO_SD = 1.4826


class Signal(Part):
    """Range of arms' means over the pooled standard deviation between seeds (Heineman et al. 2025). `chance` is what
    arms without any difference reach in one study of twenty; a measure that stays below it is `low`."""

    ratio: float | None
    chance: float | None
    sd: float | None
    df: int

    @property
    def low(self) -> bool:
        return self.ratio is None or self.chance is None or self.ratio < self.chance


class DecisionAccuracy(Part):
    """Share of arm pairs that a smaller run puts in the order of the final one (Magnusson et al. 2025), over all pairs
    and over those that differ by more than the noise floor."""

    name: str
    pairs: int
    all: float
    clear_pairs: int
    clear: float | None


def signal_to_noise(values: Vector, arm: npt.NDArray[np.int64], alpha: float = 0.05) -> Signal:
    """Of one measure, by run. Arms have n seeds each; with unequal n the smallest counts."""
    sd, df = pooled_sd(values, arm)
    names, seeds = np.unique(arm, return_counts=True)
    spread = float(np.ptp([values[arm == name].mean() for name in names]))
    if not df or len(names) < 2:
        return Signal(ratio=None, chance=None, sd=None, df=df)
    chance = range_quantile(1 - alpha, len(names), df) / math.sqrt(int(seeds.min()))
    if sd <= 1e-12 * max(1.0, float(np.abs(values).max())):
        return Signal(ratio=None, chance=chance, sd=0.0, df=df)
    return Signal(ratio=spread / sd, chance=chance, sd=sd, df=df)


def decision_accuracy(name: str, small: Vector, final: Vector, floor: float | None = None) -> DecisionAccuracy:
    """`small` and `final` are arms' means in one order. Ties in the small runs count half."""
    pairs = list(itertools.combinations(range(len(final)), 2))
    scores = {pair: _agrees(small, final, *pair) for pair in pairs}
    clear = [score for (a, b), score in scores.items() if floor is not None and abs(final[a] - final[b]) > floor]
    return DecisionAccuracy(
        name=name,
        pairs=len(pairs),
        all=_mean(list(scores.values())) or 0.0,
        clear_pairs=len(clear),
        clear=_mean(clear),
    )


def outlying(values: Vector, arm: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    """Runs farther than 3 scaled MADs from the median of their arm; the MAD is that of all arms' residuals."""
    seeds = np.bincount(arm)[arm]
    medians = np.array([np.median(values[arm == name]) for name in range(arm.max() + 1)])
    means = np.bincount(arm, values) / np.bincount(arm)
    inner = seeds > 2
    if inner.sum() < 6:
        return np.zeros(len(values), bool)
    residuals = ((values - means[arm]) * np.sqrt(seeds / np.maximum(1, seeds - 1)))[inner]
    scale = _MAD_TO_SD * float(np.median(np.abs(residuals)))
    return np.asarray(inner & (np.abs(values - medians[arm]) > OUTLYING * scale))


def uneven_spreads(values: Vector, arm: npt.NDArray[np.int64], alpha: float = 0.01) -> dict[int, float]:
    """Arms whose variance between seeds exceeds that of all others by an F test at alpha / arms, with the ratio of the
    standard deviations."""
    found = {}
    for name in range(arm.max() + 1):
        (own, df), (others, rest) = (pooled_sd(values[at], arm[at]) for at in (arm == name, arm != name))
        testable = df and rest and own > others > 0
        if testable and f_survival((own / others) ** 2, df, rest) < alpha / (arm.max() + 1):
            found[name] = own / others
    return found


def _agrees(small: Vector, final: Vector, a: int, b: int) -> float:
    product = float((small[a] - small[b]) * (final[a] - final[b]))
    return 0.5 if product == 0 else float(product > 0)


def _mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
