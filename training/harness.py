"""lm-evaluation-harness on an exported model. Never the primary measure: its errors are by item only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from curation.errors import ResourceError

__all__ = ["run_harness"]


def run_harness(model: str, tasks: Sequence[str], *, limit: int | None = None, device: str = "cpu") -> dict[str, Any]:
    """Scores by task, as the harness names them. Its tasks read their data from the hub or from a local cache."""
    try:
        import lm_eval
    except ImportError:
        do = 'pip install "gristmill[evaluate]", or leave --task out'
        raise ResourceError("evaluate --task", "no lm-evaluation-harness", "the extra `evaluate`", do) from None
    found = lm_eval.simple_evaluate(
        model="hf", model_args=f"pretrained={model}", tasks=list(tasks), limit=limit, device=device
    )
    return dict(found["results"])
