"""Student's t and the studentised range, so that a report needs no scipy. Tests compare them with scipy."""

from __future__ import annotations

import functools
import math
from statistics import NormalDist

import numpy as np

__all__ = ["f_survival", "normal_quantile", "range_quantile", "regularised_beta", "t_cdf", "t_quantile"]

_TINY = 1e-300
_DRAWS = 40_000


def regularised_beta(x: float, a: float, b: float) -> float:
    """I_x(a, b) for x in [0, 1] and a, b > 0, by its continued fraction (DLMF 8.17.22, summed by Lentz's method)."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    if x > (a + 1) / (a + b + 2):
        return 1 - regularised_beta(1 - x, b, a)
    scale = a * math.log(x) + b * math.log1p(-x) + math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b)
    return math.exp(scale) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1/(1 + d2/(1 + ...)), with d as in DLMF 8.17.23."""
    value, upper, lower = 1.0, 1.0, 0.0
    for step in range(1, 1000):
        m = step // 2
        if step % 2:
            term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        lower = 1 / ((1 + term * lower) or _TINY)
        upper = (1 + term / upper) or _TINY
        value *= upper * lower
        if abs(upper * lower - 1) < 1e-15:
            break
    return value


def t_cdf(t: float, df: float) -> float:
    """P(T <= t) with `df` > 0 degrees of freedom, whole or not."""
    if t * t < df:
        return 0.5 + math.copysign(0.5, t) * regularised_beta(t * t / (df + t * t), 0.5, df / 2)
    tail = 0.5 * regularised_beta(df / (df + t * t), df / 2, 0.5)
    return 1 - tail if t > 0 else tail


def f_survival(ratio: float, first: float, second: float) -> float:
    """P(F > ratio) with `first` and `second` degrees of freedom."""
    return regularised_beta(second / (second + first * ratio), second / 2, first / 2)


@functools.cache
def t_quantile(p: float, df: float) -> float:
    """The t with P(T <= t) = p, by Newton's method kept between known bounds."""
    if p <= 0.5:
        return -t_quantile(1 - p, df) if p < 0.5 else 0.0
    low, high = 0.0, 2.0
    while t_cdf(high, df) < p:
        low, high = high, high * 2
    t = min(max(normal_quantile(p), low), high)
    for _ in range(60):
        apart = t_cdf(t, df) - p
        low, high = (t, high) if apart < 0 else (low, t)
        new = t - apart / _t_density(t, df)
        new = new if low < new < high else (low + high) / 2
        if abs(new - t) < 1e-11 * t:
            break
        t = new
    return t


def normal_quantile(p: float) -> float:
    return NormalDist().inv_cdf(p)


@functools.cache
def range_quantile(p: float, groups: int, df: int) -> float:
    """The p quantile of (largest - smallest of `groups` standard normals) / an independent SD with `df`, simulated."""
    rng = np.random.default_rng([groups, df])
    normals = rng.standard_normal((_DRAWS, groups))
    return float(np.quantile(np.ptp(normals, axis=1) / np.sqrt(rng.chisquare(df, _DRAWS) / df), p))


def _t_density(t: float, df: float) -> float:
    scale = math.lgamma((df + 1) / 2) - math.lgamma(df / 2) - 0.5 * math.log(df * math.pi)
    return math.exp(scale - (df + 1) / 2 * math.log1p(t * t / df))
