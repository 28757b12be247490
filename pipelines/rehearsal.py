"""Before a first run: all workers compile the kernels of a recipe together, each its share, and not each all of them.

What was rehearsed once is noted beside the compiled kernels, so where those are kept and valid nothing is done.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import curation.kernels
from curation.kernels.remembered import Notes
from curation.operator import Operator
from curation.recipe import Recipe, Step
from pipelines import pool
from pipelines.progress import Progress
from pipelines.tasks.components import pack_group, pack_part
from pipelines.tasks.rehearsal import rehearse

__all__ = ["rehearse_recipe"]


def rehearse_recipe(recipe: Recipe, progress: Progress) -> int:
    """How many operators and groupings were rehearsed. Only a pool has something to share."""
    workers = pool.current()
    if workers is None:
        return 0
    sources = sorted(Path(curation.kernels.__path__[0]).glob("*.py"))
    known = Notes("rehearsed", sources, (version("numba"), sys.version))
    new = [part for part in _parts(recipe) if part not in known]
    with progress.counting("kernels", len(new)) as count:
        for done, part in enumerate(workers.run(rehearse, [(part,) for part in new]), 1):
            known.add(part)
            count(done)
    return len(new)


def _parts(recipe: Recipe) -> Iterator[str]:
    """Groupings first, which take longest. Models are not loaded for this, what needs other operators' answers has none
    here, and what others have written may do anything, such as ask an endpoint that costs money.
    """
    for group in recipe.dedup:
        if _is_ours(group.grouping):
            yield json.dumps(pack_group(group), sort_keys=True)
    for part in recipe.clean:
        if isinstance(part, Step) and _can_be_tried(part.operator):
            yield json.dumps(pack_part(part), sort_keys=True)


def _can_be_tried(operator: Operator) -> bool:
    return _is_ours(operator) and not operator.loads_model and not operator.needs()


def _is_ours(component: object) -> bool:
    return type(component).__module__.startswith("curation.")
