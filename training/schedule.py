"""The learning rate at a step, as a share of its peak."""

from __future__ import annotations

import math

from training.recipe import Schedule

__all__ = ["learning_rate_factor"]


def learning_rate_factor(schedule: Schedule, step: int, steps: int) -> float:
    """Share of the peak for the update of step `step` (from 0), in (0, 1]; a decay reaches `end` after the last."""
    if step < schedule.warmup:
        return (step + 1) / schedule.warmup
    start = steps - round(steps * schedule.decay) if schedule.kind == "wsd" else schedule.warmup
    if schedule.kind == "constant" or step < start:
        return 1.0
    progress = (step - start) / max(1, steps - start)
    left = 1 - progress if schedule.kind == "wsd" else 0.5 * (1 + math.cos(math.pi * progress))
    return schedule.end + (1 - schedule.end) * left
