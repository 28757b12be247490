"""Studies made of numbers, to see whether the statistics keep what they promise at the size of a real one.

bits of a run on a document = arm + seed(run) + document(arm, document) + residual
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from training.ablation.guards import agreement_light, lr_light
from training.ablation.statistics.analysis import Calibration
from training.ablation.statistics.bootstrap import Draws, Matrix, Resamples, two_level
from training.ablation.statistics.contrasts import seed_floor
from training.ablation.statistics.estimates import Estimate, Vector
from training.ablation.statistics.verdict import judge

__all__ = ["Variances", "calibrate", "coverage", "null_unresolved", "simulated", "variances_of"]

_DRAWS = 400
_MOST_DOCUMENTS = 200


@dataclass(frozen=True)
class Variances:
    """Standard deviations in bits per byte, and the size of a study: arms, seeds an arm, held-out documents.

    `document` is that of a document's own response to an arm. The default between seeds was measured with 0.3 million
    parameters and 0.4 million tokens.
    """

    seed: float = 0.0099
    document: float = 0.03
    residual: float = 0.0
    arms: int = 8
    seeds: int = 3
    documents: int = 100

    @property
    def arm(self) -> npt.NDArray[np.int64]:
        return np.repeat(np.arange(self.arms), self.seeds)

    def resamples(self) -> Resamples:
        return Resamples.draw(self.documents, self.arms * self.seeds, _DRAWS)

    def against_first(self, arm: int) -> Vector:
        weights = np.zeros(self.arms)
        weights[arm], weights[0] = 1, -1
        return weights


def simulated(
    rng: np.random.Generator, effects: Vector, model: Variances, seeds: Vector | None = None
) -> tuple[Matrix, Vector]:
    """nats [runs, documents] of documents of a byte each, and arms' true bits on these documents [arms].

    `effects` are arms' true bits on all documents there might be; `seeds` [runs] are drawn where they are not given.
    """
    arm = model.arm
    drawn = rng.normal(0, model.seed, len(arm)) if seeds is None else seeds
    own = 2.0 + effects[:, None] + rng.normal(0, model.document, (model.arms, model.documents))
    bits = own[arm] + drawn[:, None] + rng.normal(0, model.residual, (len(arm), model.documents))
    return bits * math.log(2), own.mean(1)


def coverage(model: Variances, studies: int, alpha: float = 0.05, seed: int = 0) -> tuple[float, float]:
    """How often intervals of arms against the first one hold the truth: those of the two-level bootstrap the effect on
    all documents there might be, t-intervals over seeds the effect on these documents."""
    rng, resamples = np.random.default_rng([seed, 1]), model.resamples()
    effects, held = np.linspace(0, 0.1, model.arms), np.zeros(2)
    for _ in range(studies):
        nats, here = simulated(rng, effects, model)
        draws = _draws(nats, model, resamples)
        for weights in map(model.against_first, range(1, model.arms)):
            held[0] += _holds(draws.contrast(weights, alpha), float(weights @ effects))
            held[1] += _holds(draws.over_seeds(weights, alpha), float(weights @ here))
    both = held / (studies * (model.arms - 1))
    return float(both[0]), float(both[1])


def null_unresolved(model: Variances, studies: int, alpha: float = 0.05, seed: int = 0) -> float:
    """Share of studies in which an arm that differs in nothing is not resolved.

    The hard case is simulated: no correction for other contrasts, and an out-of-domain set that moves with the clean
    one in every run, so that it contradicts nothing.
    """
    rng, resamples = np.random.default_rng([seed, 2]), model.resamples()
    return sum(_unresolved(rng, model, resamples, alpha) for _ in range(studies)) / studies


def variances_of(draws: Draws, weights: Vector) -> Variances | None:
    """Those of a study, from one of its contrasts between two arms. None without noise between seeds."""
    sd, df = draws.sd
    if not df or draws.count < 2:
        return None
    documents = min(draws.count, _MOST_DOCUMENTS)
    between = math.sqrt(draws.between_documents(weights) * documents / 2)
    return Variances(sd, between, 0.0, len(draws.seeds), int(draws.seeds.min()), documents)


def calibrate(model: Variances, studies: int, alpha: float = 0.05) -> Calibration:
    few = replace(model, arms=min(model.arms, 6))
    return Calibration(
        studies=studies, coverage=coverage(few, studies, alpha)[0], null_unresolved=null_unresolved(few, studies, alpha)
    )


def _unresolved(rng: np.random.Generator, model: Variances, resamples: Resamples, alpha: float) -> bool:
    seeds, nothing, weights = rng.normal(0, model.seed, len(model.arm)), np.zeros(model.arms), model.against_first(1)
    clean, ood = (_draws(simulated(rng, nothing, model, each)[0], model, resamples) for each in (seeds, 3 * seeds))
    other = _draws(simulated(rng, nothing, model)[0], model, resamples)
    effect, away, again = (draws.contrast(weights, alpha) for draws in (clean, ood, other))
    lights = (agreement_light(effect, away, None), lr_light(effect, {"other": again}))
    return judge(effect, effect.p, seed_floor(clean, alpha), lights, alpha=alpha).verdict == "not resolved"


def _draws(nats: Matrix, model: Variances, resamples: Resamples) -> Draws:
    return two_level(nats, np.ones(model.documents), model.arm, resamples)


def _holds(interval: Estimate, truth: float) -> bool:
    return interval.low is not None and interval.high is not None and interval.low <= truth <= interval.high
