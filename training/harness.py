"""lm-evaluation-harness on an exported model. Never the primary measure: its errors are by item only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curation.errors import ResourceError

__all__ = ["run_harness"]


def run_harness(
    model: str, tasks: Sequence[str], *, limit: int | None = None, device: str = "cpu"
) -> dict[str, dict[str, float]]:
    """Scores by task and measure, as the harness names them ("acc,none").

    A task is a name of the harness, whose data come from the hub or a local cache, or the path of a task in YAML.
    """
    try:
        import lm_eval
    except ImportError:
        do = 'pip install "gristmill[evaluate]", or leave --task out'
        raise ResourceError("evaluate --task", "no lm-evaluation-harness", "the extra `evaluate`", do) from None
    found = lm_eval.simple_evaluate(
        model="hf", model_args=f"pretrained={model}", tasks=list(tasks), limit=limit, device=device
    )
    return {task: _numbers(scores) for task, scores in found["results"].items()}


def _numbers(scores: dict[str, Any]) -> dict[str, float]:
    """Measures are named "measure,filter"; what else stands there describes the task."""
    return {name: float(value) for name, value in scores.items() if "," in name and isinstance(value, float | int)}
