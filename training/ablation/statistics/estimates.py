"""Estimates with their intervals, and what is said of several of them: Holm, equivalence, minimum detectable effect.

The unit of replication is the training run. Standard deviations between seeds are pooled over all arms: with three
seeds an arm's own is erratic.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from training.ablation.statistics.distributions import t_cdf, t_quantile
from training.recipe import Part

__all__ = [
    "Estimate",
    "SignFlip",
    "equivalence_p",
    "estimate_of",
    "holm",
    "minimum_detectable_effect",
    "over_seeds",
    "pooled_sd",
    "sign_flip",
]

Vector = npt.NDArray[np.float64]


class Estimate(Part):
    """A value with its interval. Without a standard error there is no interval: one seed cannot tell its own noise."""

    value: float
    low: float | None = None
    high: float | None = None
    standard_error: float | None = None
    df: float | None = None
    p: float | None = None

    @property
    def clear_of_zero(self) -> bool:
        return self.low is not None and self.high is not None and (self.low > 0 or self.high < 0)


class SignFlip(Part):
    """Exact two-sided test that flips the signs of differences; `least` is the smallest p that so many seeds allow."""

    p: float
    least: float


def estimate_of(value: float, standard_error: float, df: float, alpha: float = 0.05) -> Estimate:
    """value +- t standard errors, and the p of no effect (1 - alpha two-sided)."""
    if df <= 0 or standard_error <= 0:
        return Estimate(value=value)
    half = t_quantile(1 - alpha / 2, df) * standard_error
    p = 2 * t_cdf(-abs(value) / standard_error, df)
    return Estimate(value=value, low=value - half, high=value + half, standard_error=standard_error, df=df, p=p)


def pooled_sd(values: Vector, groups: npt.NDArray[np.int64]) -> tuple[float, int]:
    """Standard deviation within groups, pooled, and its degrees of freedom: the sum of n - 1."""
    squares, df = 0.0, 0
    for group in np.unique(groups):
        part = values[groups == group]
        squares += float(((part - part.mean()) ** 2).sum())
        df += len(part) - 1
    return (math.sqrt(squares / df) if df else 0.0), df


def over_seeds(differences: Vector, alpha: float = 0.05) -> Estimate:
    """t-interval of the mean of differences between runs with the same seed."""
    n = len(differences)
    spread = float(differences.std(ddof=1)) / math.sqrt(n) if n > 1 else 0.0
    return estimate_of(float(differences.mean()), spread, n - 1, alpha)


def minimum_detectable_effect(
    sd: float, df: float, first: int, second: int, alpha: float = 0.05, power: float = 0.8
) -> float | None:
    """The difference of two arms that so many seeds find in `power` of all studies: (t[1-alpha/2] + t[power]) s.e.

    Cohen's sample-size formula with t for z; exact power there is within two points of `power` from df 4 on.
    """
    if df <= 0:
        return None
    return (t_quantile(1 - alpha / 2, df) + t_quantile(power, df)) * sd * math.sqrt(1 / first + 1 / second)


def holm(ps: Sequence[float]) -> list[float]:
    """Holm's step-down adjusted p-values (1979), in the order given."""
    order = sorted(range(len(ps)), key=lambda at: ps[at])
    steps = [min(1.0, (len(ps) - rank) * ps[at]) for rank, at in enumerate(order)]
    adjusted = [0.0] * len(ps)
    for at, p in zip(order, itertools.accumulate(steps, max), strict=True):
        adjusted[at] = p
    return adjusted


def sign_flip(differences: Vector) -> SignFlip:
    """All 2^n sign patterns for up to 16 differences; of more, 2^16 patterns drawn once for all."""
    n = len(differences)
    least = 2.0 ** (1 - min(n, 16))
    if n <= 16:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = np.random.default_rng(n).choice([-1, 1], (2**16, n))
        signs[:2] = [[1], [-1]]
    sums = np.abs(signs @ differences)
    return SignFlip(p=float((sums >= sums[0] * (1 - 1e-12)).mean()), least=least)


def equivalence_p(estimate: Estimate, margin: float) -> float | None:
    """The larger p of two one-sided tests against -margin and +margin (Schuirmann 1987)."""
    if estimate.standard_error is None or estimate.df is None:
        return None
    return t_cdf(-(margin - abs(estimate.value)) / estimate.standard_error, estimate.df)
