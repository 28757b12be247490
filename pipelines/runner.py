"""From a recipe to a dataset: every stage in order, each skipped when nothing it depends on has changed."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from curation.files import whole_file
from curation.manifest import Manifest
from curation.recipe import Recipe
from curation.recipe_file import dump_recipe
from pipelines import pool
from pipelines.chain import follow
from pipelines.dataset import finish_dataset
from pipelines.engine import LOCAL, Engine
from pipelines.facts import card_facts
from pipelines.progress import Progress
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, run_stage

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
        manifest, worked = _run_chain(recipe, run, options)
    return Outcome(manifest, worked, time.perf_counter() - began)


def _remember(recipe: Recipe, run: RunDirectory) -> None:
    with whole_file(run.recipe) as file:
        file.write(dump_recipe(recipe).encode())


def _run_chain(recipe: Recipe, run: RunDirectory, options: Options) -> tuple[Manifest, tuple[str, ...]]:
    engine, progress = Engine(options.runner, options.runner_options), Progress(quiet=options.quiet)
    stages: list[str] = []
    worked: list[str] = []

    def do(stage: Stage) -> Manifest:
        manifest, was_run = run_stage(stage, run, engine, progress)
        stages.append(stage.name)
        worked.extend([stage.name] if was_run else [])
        return manifest

    end = follow(recipe, run, options.settings(), do)
    run.keep_only(stages)
    tokens = end.tokens.manifest if end.tokens is not None else None
    return finish_dataset(run, end.sharding, end.sharded, card_facts(recipe, run, end), tokens), tuple(worked)
