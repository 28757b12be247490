"""From a recipe to a dataset: every stage in order, each skipped when nothing it depends on has changed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.errors import GristmillError
from curation.files import whole_file
from curation.manifest import Manifest
from curation.recipe import Recipe
from curation.recipe_file import dump_recipe
from pipelines import pool
from pipelines.dataset import finish_dataset, ledger_stage, place, shard_stage
from pipelines.dedup import run_dedup
from pipelines.engine import LOCAL, Engine
from pipelines.facts import card_facts
from pipelines.progress import Progress
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, run_stage
from pipelines.stages import augment_stage, clean_stage, collect_stage, decide_stage, split_stage

__all__ = ["Options", "Outcome", "run_recipe"]


@dataclass(frozen=True)
class Options:
    """How a run is done; nothing here changes a byte of what it leaves.

    `workers` defaults to the cores of this process, `memory_bytes` bounds the keys in flight of a global step.
    """

    workers: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    batch_size: int = 1000
    memory_bytes: int = 1 << 30
    runner: str = LOCAL
    runner_options: tuple[str, ...] = ()
    quiet: bool = False

    def settings(self) -> dict[str, Any]:
        return {"batch_size": self.batch_size, "memory_bytes": self.memory_bytes}


@dataclass(frozen=True)
class Outcome:
    """The dataset's manifest, the stages that had something to do, and seconds of wall time."""

    manifest: Manifest
    worked: tuple[str, ...]
    seconds: float


def run_recipe(recipe: Recipe, root: Path, options: Options | None = None) -> Outcome:
    """Run a recipe into a directory, or what is left to do of it. Raises GristmillError for whatever stops it."""
    options = options or Options()
    run = RunDirectory(Path(root).absolute())
    began = time.perf_counter()
    with run.locked(), pool.use(options.workers if options.runner == LOCAL else 1):
        _remember(recipe, run)
        manifest, worked = _Chain(recipe, run, options).run()
    return Outcome(manifest, tuple(worked), time.perf_counter() - began)


def _remember(recipe: Recipe, run: RunDirectory) -> None:
    with whole_file(run.recipe) as file:
        file.write(dump_recipe(recipe).encode())


class _Chain:
    """The stages, one after the other, with what they leave for the next."""

    def __init__(self, recipe: Recipe, run: RunDirectory, options: Options) -> None:
        self._recipe, self._run, self._settings = recipe, run, options.settings()
        self._engine = Engine(options.runner, options.runner_options)
        self._progress = Progress(quiet=options.quiet)
        self._worked: list[str] = []

    def run(self) -> tuple[Manifest, list[str]]:
        recipe, run, settings = self._recipe, self._run, self._settings
        collected = self._stage(collect_stage(recipe, run, settings))
        self._check_quarantine(collected)
        cleaned = self._stage(clean_stage(recipe, run, settings, collected))
        decided = self._stage(decide_stage(recipe, run, settings, cleaned))
        self._check_drops(decided)
        ledgers, worked = run_dedup(recipe, run, self._engine, self._progress, settings, cleaned, decided)
        self._worked += ["dedup"] if worked else []
        split = self._stage(split_stage(recipe, run, settings, cleaned, decided, ledgers))
        augmented = self._stage(augment_stage(recipe, run, settings, cleaned, split))
        placement = place(recipe, run, cleaned, split, augmented)
        sharding = shard_stage(run, settings, placement)
        sharded = self._stage(sharding)
        ledger = self._stage(ledger_stage(recipe, run, settings, placement, cleaned, decided))
        facts = card_facts(recipe, run, collected, split, augmented, placement, ledger)
        return finish_dataset(run, sharding, sharded, facts), self._worked

    def _stage(self, stage: Stage) -> Manifest:
        manifest, worked = run_stage(stage, self._run, self._engine, self._progress)
        if worked:
            self._worked.append(stage.name)
        return manifest

    def _check_quarantine(self, collected: Manifest) -> None:
        bad, good = collected.counts.get("quarantined", 0), collected.counts.get("documents", 0)
        _within("quarantined", bad, good + bad, self._recipe.limits.max_quarantined_share)

    def _check_drops(self, decided: Manifest) -> None:
        counts = decided.counts
        _within("dropped", counts.get("dropped", 0), counts.get("documents", 0), self._recipe.limits.max_dropped_share)


def _within(what: str, part: int, whole: int, limit: float | None) -> None:
    if limit is not None and part > limit * whole:
        found = f"{part} of {whole} records {what}"
        do = f"look at {'quarantine/' if what == 'quarantined' else 'decide/'} in the run, or raise max_{what}_share"
        raise GristmillError("limits", found, f"at most {limit:.1%}", do)
