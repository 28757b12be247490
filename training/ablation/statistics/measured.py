"""The runs of one learning rate as arrays: what the statistics see of a study directory."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from curation.errors import IntegrityError
from training.ablation.results import DocumentScores, Results, RunResult
from training.ablation.statistics.bootstrap import Draws, Matrix, Resamples, two_level
from training.ablation.statistics.estimates import Vector

__all__ = ["Measured", "Scores", "lower_is_better", "measured_at", "name_of_set"]

# To predict leaked held-out text well is no merit.
_HIGHER = ("probe_", "cloze", "copy_score", "accuracy", "score_", "bpb_leaked")
_MAIN = "clean"


@dataclass(frozen=True)
class Scores:
    """nats [runs, documents] and bytes [documents] of one held-out set."""

    nats: Matrix
    sizes: Vector


@dataclass(frozen=True)
class Measured:
    """Runs in the order of `arms`, which have at least one each. `scores` and `metrics` [runs] are by measure."""

    arms: tuple[str, ...]
    arm: npt.NDArray[np.int64]
    seeds: npt.NDArray[np.int64]
    scores: Mapping[str, Scores]
    metrics: Mapping[str, Vector]
    cache: dict[str, Draws] = field(default_factory=dict, compare=False, repr=False)

    def draws(self, measure: str) -> Draws:
        """Bootstrap of a measure; over seeds alone where it has no documents."""
        if measure not in self.cache:
            scores = self.scores.get(measure) or _whole(self.metrics[measure])
            resamples = Resamples.draw(len(scores.sizes), len(self.arm))
            self.cache[measure] = two_level(scores.nats, scores.sizes, self.arm, resamples)
        return self.cache[measure]

    def has(self, measure: str) -> bool:
        return measure in self.scores or bool(np.isfinite(self.metrics.get(measure, np.array([np.nan]))).all())

    def weights(self, arm: str, against: str) -> Vector:
        """The contrast of two arms."""
        weights = np.zeros(len(self.arms))
        weights[self.arms.index(arm)] = 1
        weights[self.arms.index(against)] -= 1
        return weights

    def paired(self, measure: str, arm: str, against: str) -> Vector:
        """Differences of runs that share a seed."""
        values = self.draws(measure).values
        ours, theirs = (dict(zip(self.seeds[at], values[at], strict=True)) for at in map(self._runs, (arm, against)))
        return np.array([ours[seed] - theirs[seed] for seed in ours if seed in theirs])

    def _runs(self, arm: str) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self.arm == self.arms.index(arm))


def lower_is_better(measure: str) -> bool:
    return not measure.startswith(_HIGHER)


def name_of_set(held_out: str) -> str:
    """The measure that a held-out set's bits per byte are called."""
    return "bpb" if held_out == _MAIN else f"bpb_{held_out}"


def measured_at(results: Results, lr: float) -> Measured:
    """All finished runs at a learning rate. Raises IntegrityError where runs were scored on different documents."""
    arms = tuple(arm.name for arm in results.study.arms if results.of(arm.name, lr))
    runs = [run for arm in arms for run in results.of(arm, lr)]
    names = list(dict.fromkeys(name for run in runs for name in run.metrics))
    return Measured(
        arms=arms,
        arm=np.array([arms.index(run.arm) for run in runs], np.int64),
        seeds=np.array([run.seed for run in runs], np.int64),
        scores=_scores(results, runs),
        metrics={name: np.array([run.metrics.get(name, math.nan) for run in runs]) for name in names},
    )


def _scores(results: Results, runs: list[RunResult]) -> dict[str, Scores]:
    documents = [results.documents(run) for run in runs]
    shared = [name for name in documents[0] if all(name in each for each in documents)] if documents else []
    return {name_of_set(name): _stacked(results, name, [each[name] for each in documents]) for name in shared}


def _stacked(results: Results, name: str, each: list[DocumentScores]) -> Scores:
    first = each[0]
    if any(other.ids != first.ids or (other.bytes != first.bytes).any() for other in each):
        raise IntegrityError(
            str(results.root), f"runs scored on different documents of `{name}`", "the same ones", "run the study again"
        )
    return Scores(np.stack([other.nats for other in each]), first.bytes.astype(np.float64))


def _whole(values: Vector) -> Scores:
    return Scores(values[:, None] * math.log(2), np.ones(1))
