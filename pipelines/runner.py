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
from curation.shards import BATCH_BYTES
from pipelines import pool
from pipelines.budget import check_estimate, within_memory
from pipelines.chain import follow
from pipelines.dataset import finish_dataset
from pipelines.engine import Engine
from pipelines.engines.opening import EngineChoice, opened
from pipelines.estimate import estimate_recipe
from pipelines.facts import card_facts
from pipelines.forget.journal import finish_first
from pipelines.progress import Progress
from pipelines.rehearsal import rehearse_recipe
from pipelines.resources import Resources
from pipelines.run_directory import RunDirectory
from pipelines.sessions import keep_estimate, session
from pipelines.stage import Stage, run_stage
from pipelines.tokens import FOLDER
from pipelines.watch import Watch

__all__ = ["Options", "Outcome", "run_recipe"]

_LOOK_EVERY = 0.25
# A sample takes a second or two of reading and cleaning; below this much input a whole run takes little longer.
_SAMPLE, _WORTH_A_SAMPLE = 400, 256 << 20


@dataclass(frozen=True)
class Options:
    """How a run is done; nothing here changes a byte of what it leaves.

    `workers` defaults to the cores of this process, `memory_bytes` bounds the keys in flight of a global step,
    `batch_size` and `batch_bytes` the documents an operator sees at once. `estimate` says whether a sample is taken
    first, to see if there is room; None means where there is much to do.
    """

    workers: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    batch_size: int = 1000
    batch_bytes: int = BATCH_BYTES
    memory_bytes: int = 1 << 30
    engine: EngineChoice = field(default_factory=EngineChoice)
    quiet: bool = False
    estimate: bool | None = None

    @property
    def is_local(self) -> bool:
        return self.engine.is_local

    def settings(self) -> dict[str, Any]:
        names = ("batch_size", "batch_bytes", "memory_bytes")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class Outcome:
    """The dataset's manifest, the stages that had something to do, and seconds of wall time."""

    manifest: Manifest
    worked: tuple[str, ...]
    seconds: float


def run_recipe(recipe: Recipe, root: Path, options: Options | None = None) -> Outcome:
    """Run a recipe into a directory, or what is left to do of it. Raises GristmillError for whatever stops it."""
    options = within_memory(options or Options(), recipe.limits)
    run = RunDirectory(Path(root).absolute())
    began, resources = time.perf_counter(), Resources(run.root, recipe.limits)
    finish_first(run.root)
    with run.locked(), session(run.root, options.workers, resources), Watch(resources.look, _LOOK_EVERY):
        resources.look()
        with (
            opened(options.engine, options.workers, run.root / "logs" / "engine.log") as engine,
            pool.use(options.workers if options.is_local else 1),
        ):
            _remember(recipe, run)
            if not _has_begun(run):
                rehearse_recipe(recipe, Progress(quiet=options.quiet))
            _estimate(recipe, run, options)
            manifest, worked = _run_chain(recipe, run, options, resources, engine)
    return Outcome(manifest, worked, time.perf_counter() - began)


def _estimate(recipe: Recipe, run: RunDirectory, options: Options) -> None:
    """Before the first unit of a run: what it would take, and whether there is room for it."""
    if options.estimate is False or _has_begun(run):
        return
    for source in recipe.sources:
        source.check()
    least = 0 if options.estimate else _WORTH_A_SAMPLE
    estimate = pool.call(estimate_recipe, recipe, options.workers, _SAMPLE, least_bytes=least, hold=True)
    if estimate is not None:
        keep_estimate(run.root, estimate)
        check_estimate(run.root, estimate, recipe.limits)


def _has_begun(run: RunDirectory) -> bool:
    return (run.root / "receipts").is_dir()


def _remember(recipe: Recipe, run: RunDirectory) -> None:
    with whole_file(run.recipe) as file:
        file.write(dump_recipe(recipe).encode())


def _run_chain(
    recipe: Recipe, run: RunDirectory, options: Options, resources: Resources, engine: Engine
) -> tuple[Manifest, tuple[str, ...]]:
    progress = Progress(quiet=options.quiet)
    stages: list[str] = []
    worked: list[str] = []

    def do(stage: Stage) -> Manifest:
        manifest, was_run = run_stage(stage, run, engine, progress)
        stages.append(stage.name)
        worked.extend([stage.name] if was_run else [])
        resources.look_again()
        return manifest

    end = follow(recipe, run, options.settings(), do)
    run.keep_only(stages)
    tokens = None
    if end.tokens is not None:
        # No stage looks after it once the tokens are there.
        end.tokens.tokenizer.copy(run.dataset / FOLDER / "tokenizer")
        tokens = end.tokens.manifest
    return finish_dataset(run, end.sharding, end.sharded, card_facts(recipe, run, end), tokens), tuple(worked)
