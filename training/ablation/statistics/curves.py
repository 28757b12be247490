"""What is drawn as lines: held-out loss by tokens, exposure by copies planted."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from training.ablation.results import Results, RunResult
from training.ablation.statistics.analysis import CurveBand, LearningCurve, MemoryCurve, MemoryPoint
from training.ablation.statistics.estimates import Vector
from training.ablation.statistics.measured import Measured
from training.ablation.study import Study

__all__ = ["learning_curves", "mean_curve", "memory_curves"]

_EXPOSURE = re.compile(r"exposure_(\d+)")


def mean_curve(runs: Sequence[RunResult]) -> tuple[Vector, Vector]:
    """Tokens and mean bits per byte over seeds, at the steps that all of them have."""
    points = [{point.tokens: point.bpb for point in run.curve} for run in runs]
    tokens = sorted(set.intersection(*map(set, points)) if points else set())
    return np.array(tokens, np.float64), np.array([np.mean([each[at] for each in points]) for at in tokens])


def memory_curves(measured: Measured, study: Study) -> list[MemoryCurve]:
    copies = sorted(
        (int(match[1]), name)
        for name in measured.metrics
        if (match := _EXPOSURE.fullmatch(name)) and measured.has(name)
    )
    return [
        MemoryCurve(
            arm=arm,
            points=tuple(
                MemoryPoint(copies=count, exposure=measured.draws(name).over_seeds(weights, study.alpha))
                for count, name in copies
            ),
        )
        for arm, weights in zip(measured.arms, np.eye(len(measured.arms)), strict=True)
        if copies
    ]


def learning_curves(results: Results) -> list[LearningCurve]:
    return [
        LearningCurve(arm=arm.name, lr=lr, seeds=len(runs), points=_bands(runs))
        for lr in results.lrs
        for arm in results.study.arms
        if (runs := results.of(arm.name, lr))
    ]


def _bands(runs: Sequence[RunResult]) -> tuple[CurveBand, ...]:
    by_tokens: dict[int, list[tuple[int, float]]] = {}
    for run in runs:
        for point in run.curve:
            by_tokens.setdefault(point.tokens, []).append((point.bytes, point.bpb))
    return tuple(
        CurveBand(
            tokens=tokens,
            bytes=round(float(np.mean([size for size, _ in each]))),
            mean=float(np.mean([bpb for _, bpb in each])),
            low=min(bpb for _, bpb in each),
            high=max(bpb for _, bpb in each),
        )
        for tokens, each in sorted(by_tokens.items())
        if len(each) == len(runs)
    )
