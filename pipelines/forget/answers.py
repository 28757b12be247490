"""Answers of models that were kept for documents: found by asking for them again, with nobody there to answer."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curation.augment.rewording.answers import Answer, Desk, desk
from curation.augment.rewording.reworded import Reworded
from curation.manifest import Manifest
from curation.operator import run_safely
from curation.recipe import Recipe
from curation.shards import read_shard
from pipelines.run_directory import RunDirectory

__all__ = ["answers_of"]


class _Ledger(Desk):
    """Notes what it is asked for, gives what is kept, and asks nobody."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, offline=True)
        self.asked: set[str] = set()

    def read(self, key: str) -> Answer | None:
        self.asked.add(key)
        return super().read(key)


def answers_of(recipe: Recipe, run: RunDirectory, documents: Manifest, ids: pa.Array) -> tuple[str, ...]:
    """Keys of the answers that steps of augmentation asked for on behalf of these documents."""
    steps = [step for step in recipe.augment if isinstance(step.operator, Reworded)]
    folder = run.root / "answers"
    if not steps or not folder.is_dir():
        return ()
    here = _Ledger(folder)
    with desk(here):
        for file in documents.shards("shard-"):
            for batch in read_shard(run.root, file):
                parents = batch.filter(pc.is_in(batch.column("id"), value_set=ids))
                for step in steps if parents.num_rows else ():
                    run_safely(step.operator, parents)
    return tuple(sorted(key for key in here.asked if (folder / key[:2] / f"{key}.json").is_file()))
