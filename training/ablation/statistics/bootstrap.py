"""Two-level bootstrap over seeds and documents, for all arms at once.

Documents are drawn with replacement, the same for every run, since all arms are scored on the same ones. Seeds are
drawn from the residuals of all arms, each stretched by sqrt(n / (n - 1)): three seeds of one arm have only ten
multisets and two thirds of its variance, those of all arms together are enough (MultiBERTs, Sellam et al. 2022, for the
two levels; Davison & Hinkley 1997, 3.2, for residuals of several samples). What a run does to single documents by
chance would be counted at both levels (Owen 2007), so it is taken out of the documents'. A contrast is a vector over
arms; its interval is t standard errors of its draws, with Satterthwaite's degrees of freedom from the two levels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from training.ablation.statistics.distributions import normal_quantile, t_quantile
from training.ablation.statistics.estimates import Estimate, Vector, estimate_of, pooled_sd

__all__ = ["DRAWS", "Draws", "Resamples", "bits_per_byte", "two_level"]

DRAWS = 2000
_PART = 250
Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Resamples:
    """What is drawn, for any scores of the same shape: how often each document [draws, documents] is taken, and which
    residuals stand in for the seeds' [draws, runs], as numbers in [0, 1)."""

    documents: npt.NDArray[np.uint16]
    seeds: Matrix

    @classmethod
    def draw(cls, documents: int, runs: int, draws: int = DRAWS, seed: int = 0) -> Resamples:
        rng = np.random.default_rng([seed, documents, runs, draws])
        shares = np.full(documents, 1 / documents)
        return cls(rng.multinomial(documents, shares, draws).astype(np.uint16), rng.random((draws, runs)))


@dataclass(frozen=True)
class Draws:
    """A measure of arms: `values` of runs [runs] and their `arm` [runs]; by draw, arms' means under other documents and
    the noise of other seeds [draws, arms]. `chance` is the variance of a run's own luck with `count` documents."""

    values: Vector
    arm: npt.NDArray[np.int64]
    documents: Matrix
    noise: Matrix
    chance: float
    count: int

    @cached_property
    def means(self) -> Vector:
        return self.values @ _averaging(self.arm)

    @cached_property
    def seeds(self) -> Vector:
        """Runs by arm."""
        return np.bincount(self.arm).astype(np.float64)

    @cached_property
    def sd(self) -> tuple[float, int]:
        """Pooled standard deviation between seeds, and its degrees of freedom."""
        return pooled_sd(self.values, self.arm)

    def contrast(self, weights: Vector, alpha: float = 0.05) -> Estimate:
        """The weighted sum of arms' means."""
        error = float(self._drawn(weights[:, None]).std(ddof=1))
        return estimate_of(float(weights @ self.means), error, self.df(weights), alpha)

    def over_seeds(self, weights: Vector, alpha: float = 0.05) -> Estimate:
        """The same on these documents alone: a t-interval with the pooled standard deviation."""
        sd, df = self.sd
        return estimate_of(float(weights @ self.means), sd * math.sqrt(self._per_seed(weights)), df, alpha)

    def stretched(self, weights: Matrix, alpha: float = 0.05) -> Matrix:
        """Draws of contrasts [draws, contrasts], spread by t / z so that their quantiles keep the level."""
        z = normal_quantile(1 - alpha / 2)
        dfs = [self.df(column) for column in weights.T]
        return self.means @ weights + self._drawn(weights) * [
            t_quantile(1 - alpha / 2, df) / z if df else 1 for df in dfs
        ]

    def df(self, weights: Vector) -> float:
        """Satterthwaite's, of the variance between seeds and that between documents. 0 with a seed an arm."""
        sd, df = self.sd
        if not df:
            return 0.0
        seeds, documents = sd**2 * self._per_seed(weights), self.between_documents(weights)
        below = seeds**2 / df + documents**2 / max(1, self.count - 1)
        return (seeds + documents) ** 2 / below if below > 0 else 0.0

    def between_documents(self, weights: Vector) -> float:
        """Variance of a contrast that other documents would bring, without runs' luck with single ones."""
        if self.count < 2:
            return 0.0
        return max(0.0, float((self.documents @ weights).var(ddof=1)) - self.chance * self._per_seed(weights))

    def _drawn(self, weights: Matrix) -> Matrix:
        """Deviations of contrasts from their values [draws, contrasts]."""
        documents = (self.documents - self.means) @ weights
        spread = documents.var(0, ddof=1)
        wanted = np.array([self.between_documents(column) for column in weights.T])
        shrunk = np.sqrt(np.divide(wanted, spread, out=np.zeros_like(spread), where=spread > 0))
        return np.asarray(documents * shrunk + self.noise @ weights)

    def _per_seed(self, weights: Vector) -> float:
        return float((weights**2 / self.seeds).sum())


def two_level(nats: Matrix, sizes: Vector, arm: npt.NDArray[np.int64], resamples: Resamples) -> Draws:
    """From nats [runs, documents] and bytes [documents]. `arm` [runs] holds 0 to arms - 1, each at least once."""
    average, values = _averaging(arm), bits_per_byte(nats.sum(1), sizes.sum())
    runs = np.concatenate([_redrawn(nats, sizes, part) for part in _parts(resamples.documents)])
    documents = runs @ average
    noise = _noise(values - (values @ average)[arm], arm, resamples.seeds)
    own = (runs - values) - (documents - values @ average)[:, arm]
    df = len(arm) - average.shape[1]
    chance = float((own**2).sum(1).mean()) / df if df else 0.0
    return Draws(values, arm, documents, noise, chance, len(sizes))


def _parts(taken: npt.NDArray[np.uint16]) -> Iterator[Matrix]:
    for begin in range(0, len(taken), _PART):
        yield taken[begin : begin + _PART].astype(np.float64)


def _redrawn(nats: Matrix, sizes: Vector, taken: Matrix) -> Matrix:
    """Bits per byte of runs with documents taken so many times [draws, runs]."""
    return bits_per_byte(taken @ nats.T, (taken @ sizes)[:, None])


def bits_per_byte(nats: Matrix, sizes: Vector | float) -> Matrix:
    return nats / (math.log(2) * sizes)


def _noise(residuals: Vector, arm: npt.NDArray[np.int64], places: Matrix) -> Matrix:
    """Arms' means of residuals [runs] drawn from all arms that have at least two seeds [draws, arms]."""
    seeds = np.bincount(arm)[arm]
    pool = np.flatnonzero(seeds > 1)
    if not len(pool):
        return np.zeros((len(places), arm.max() + 1))
    stretched = residuals[pool] * np.sqrt(seeds[pool] / (seeds[pool] - 1))
    return stretched[(places * len(pool)).astype(np.int64)] @ _averaging(arm)


def _averaging(arm: npt.NDArray[np.int64]) -> Matrix:
    """[runs, arms]: a run's share in its arm's mean."""
    return np.eye(arm.max() + 1)[arm] / np.bincount(arm)
