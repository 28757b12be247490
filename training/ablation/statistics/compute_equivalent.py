"""Effects as compute: how many tokens the reference arm needs for the same held-out loss, read off its own curve.

A curve is read before its learning rate decays and once behind, where the loss has dropped at a stroke; tokens read
off such a curve would be far too many. `as_decayed` lowers all points by that drop, as if every one had ended in its
own decay. Beyond the curve its last slope goes on, four times at most.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from training.ablation.statistics.bootstrap import Matrix
from training.ablation.statistics.estimates import Estimate, Vector
from training.recipe import Part

__all__ = ["FARTHEST", "ComputeGain", "as_decayed", "compute_gain", "token_factor"]

FARTHEST = 4.0


class ComputeGain(Part):
    """Tokens of the reference over tokens spent: 1.2 is worth 20 % more tokens. `beyond` the curve it is a guess, and
    at `FARTHEST` or its inverse a limit, not a value."""

    factor: Estimate
    beyond: bool


def as_decayed(tokens: Vector, losses: Vector, decay: float) -> tuple[Vector, Vector]:
    """The points before the decay over the last share of tokens, lowered by what it brought, and the last one.

    The decay brought what lies beyond the trend of the two points before it; without two such points nothing changes.
    """
    stable = np.flatnonzero(tokens <= (1 - decay) * tokens[-1] * (1 + 1e-9)) if len(tokens) else np.zeros(0, np.int64)
    if decay <= 0 or len(stable) < 2:
        return tokens, losses
    x, y = np.log(tokens[stable[-2:]]), losses[stable[-2:]]
    trend = y[1] + (np.log(tokens[-1]) - x[1]) * min(0.0, _slope(x, y))
    lowered = losses[stable] - max(0.0, float(trend - losses[-1]))
    return np.append(tokens[stable], tokens[-1]), np.append(lowered, losses[-1])


def token_factor(tokens: Vector, losses: Vector, changes: Matrix) -> Matrix:
    """Tokens at which the curve stands `changes` above its last loss, over its last tokens; within [1/4, 4].

    `tokens` ascend. Piecewise linear in log tokens over the falling part of the curve; NaN where nothing falls.
    """
    log, falling = np.log(tokens), _falling(losses)
    x, y = log[falling], losses[falling]
    if len(x) < 2:
        return np.full(np.shape(changes), np.nan)
    wanted = y[-1] + changes
    inside = np.interp(-wanted, -y, x)
    after = x[-1] + (wanted - y[-1]) / _slope(x[-2:], y[-2:])
    before = x[0] + (wanted - y[0]) / _slope(x[:2], y[:2])
    found = np.where(wanted < y[-1], after, np.where(wanted > y[0], before, inside))
    return np.asarray(np.exp(np.clip(found - x[-1], -np.log(FARTHEST), np.log(FARTHEST))))


def compute_gain(tokens: Vector, losses: Vector, effect: Estimate) -> ComputeGain | None:
    """Of an effect in the unit of the losses, lower being better. None where the curve has fewer than two levels."""
    changes = np.array([effect.value, *(end for end in (effect.high, effect.low) if end is not None)])
    found = token_factor(tokens, losses, changes)
    if not np.isfinite(found).all():
        return None
    y = losses[_falling(losses)]
    beyond = bool(effect.value < 0 or y[-1] + effect.value > y[0])
    ends = {"low": float(found[1]), "high": float(found[2])} if len(found) == 3 else {}
    return ComputeGain(factor=Estimate(value=float(found[0]), **ends), beyond=beyond)


def _falling(losses: Vector) -> npt.NDArray[np.int64]:
    """Points that are lower than all before them."""
    best = np.minimum.accumulate(losses)
    return np.flatnonzero(np.concatenate([[True], best[1:] < best[:-1]]))


def _slope(x: Vector, y: Vector) -> float:
    return float((y[1] - y[0]) / (x[1] - x[0]))
