"""What `analyse` finds: `results.json`, and all that the report draws.

Differences are arm less reference in the unit of the primary measure; for bits per byte, below zero is better.
"""

from __future__ import annotations

from typing import Literal

from training.ablation.guards import Light
from training.ablation.statistics.compute_equivalent import ComputeGain
from training.ablation.statistics.dose_response import PowerLaw
from training.ablation.statistics.estimates import Estimate, SignFlip
from training.ablation.statistics.metrics import DecisionAccuracy, Signal
from training.recipe import Part

__all__ = [
    "Analysis",
    "Calibration",
    "Contrast",
    "CurveBand",
    "DoseEffect",
    "DoseResponse",
    "FactorEffect",
    "LearningCurve",
    "MemoryCurve",
    "MemoryPoint",
    "Metric",
    "Noise",
    "Proposal",
    "Verdict",
]

Verdict = Literal["helps", "hurts", "not resolved"]


class Noise(Part):
    """Between seeds: pooled standard deviation with its degrees of freedom. `floor`: the difference that two arms of
    equal data exceed in one study of twenty, or what the null arms showed if that is more. `detectable`: found in 80 %
    of studies of this size."""

    sd: float | None
    df: int
    seeds: int
    floor: float | None
    detectable: float | None
    base_value: float
    nulls: dict[str, Estimate]


class Contrast(Part):
    """`effect` is that of the two-level bootstrap; `pooled` and `by_seed` are t-intervals over seeds, for these
    documents alone. `adjusted_p` is Holm's over the family."""

    arm: str
    against: str
    role: str
    family: Literal["primary", "exploratory"]
    effect: Estimate
    percent: float
    pooled: Estimate
    by_seed: Estimate
    sign_flip: SignFlip | None
    adjusted_p: float | None
    in_floors: float | None
    compute: ComputeGain | None
    others: dict[str, Estimate]
    other_lrs: dict[str, Estimate]
    equivalence_p: float | None
    equivalent: bool
    verdict: Verdict
    refused: bool
    reasons: tuple[str, ...]
    lights: tuple[Light, ...]


class DoseEffect(Part):
    arm: str
    dose: float
    effect: Estimate
    factor: float | None


class DoseResponse(Part):
    """`copies` are for duplicates. The law needs two doses; `token_exponent` is c of D_eff = D (1 - dose)^c."""

    defect: str
    copies: int | None
    points: tuple[DoseEffect, ...]
    law: PowerLaw | None
    token_exponent: Estimate | None


class FactorEffect(Part):
    """Effect of switching one factor on, or half the change that a second one makes to it."""

    factors: tuple[str, ...]
    effect: Estimate
    adjusted_p: float | None
    ood: Estimate | None
    other_lrs: dict[str, Estimate]
    runs: int
    verdict: Verdict
    reasons: tuple[str, ...]


class Metric(Part):
    """A measure by arm: means, and differences from the base arm in units of this measure's own noise floor."""

    name: str
    lower_is_better: bool
    signal: Signal
    low_signal: bool
    means: dict[str, float]
    floors: dict[str, float | None]


class MemoryPoint(Part):
    copies: int
    exposure: Estimate


class MemoryCurve(Part):
    """Mean exposure in bits of canaries by the copies planted before any stage."""

    arm: str
    points: tuple[MemoryPoint, ...]


class CurveBand(Part):
    tokens: int
    bytes: int
    mean: float
    low: float
    high: float


class LearningCurve(Part):
    """Mean over seeds at equal steps, with the lowest and highest."""

    arm: str
    lr: float
    seeds: int
    points: tuple[CurveBand, ...]


class Proposal(Part):
    """What to do with a factor of the recipe, and why. `parts` are what the factor switches."""

    factor: str
    parts: tuple[str, ...]
    action: Literal["keep", "drop", "undecided"]
    text: str
    evidence: tuple[str, ...]


class Calibration(Part):
    """Simulated studies with this one's arms, seeds and variances: how often intervals hold the true effect, and how
    often an arm that differs in nothing is left unresolved."""

    studies: int
    coverage: float
    null_unresolved: float


class Analysis(Part):
    """Of the learning rate `lr`, the first of the study; the others are there to contradict it."""

    study: str
    question: str
    digest: str
    results_digest: str
    primary: str
    lr: float
    lrs: tuple[float, ...]
    base: str
    rule: str
    noise: Noise
    lights: tuple[Light, ...]
    contrasts: tuple[Contrast, ...]
    doses: tuple[DoseResponse, ...]
    factors: tuple[FactorEffect, ...]
    interactions_apart: bool
    metrics: tuple[Metric, ...]
    decisions: tuple[DecisionAccuracy, ...]
    memory: tuple[MemoryCurve, ...]
    curves: tuple[LearningCurve, ...]
    outliers: tuple[tuple[str, float, int], ...]
    proposals: tuple[Proposal, ...]
    calibration: Calibration | None
