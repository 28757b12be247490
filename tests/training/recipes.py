"""A recipe small enough for tests: two layers, a second of CPU for a hundred steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.recipe import TrainRecipe

SMALL = {"width": 32, "heads": 2, "kv_heads": 1, "head_width": 16, "hidden": 64}


def small_recipe(tokens: Path, **changes: Any) -> TrainRecipe:
    values: dict[str, Any] = {
        "name": "small",
        "data": [{"path": str(tokens), "max_epochs": None}],
        "model": {"size": "tiny", "changes": SMALL},
        "optimizer": {"adamw": {"lr": 4e-3}},
        "schedule": {"warmup": 5},
        "context": 32,
        "batch": 8,
        "steps": 12,
        "checkpoint": {"every": 4},
        "evaluate": {"every": None, "tokens": 2000},
        "log_every": 4,
        "machine": {"device": "cpu", "threads": 1},
    }
    return TrainRecipe.model_validate({**values, **changes})
