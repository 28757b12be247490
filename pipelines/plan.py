"""What a run would do, said before a byte moves: stages to run or skip, and estimates from a small sample."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from curation.manifest import MANIFEST, Manifest, Receipt
from curation.mix.mixture import Mixture
from curation.recipe import Recipe
from pipelines.chain import follow, stage_names
from pipelines.estimate import Estimate, estimate_recipe
from pipelines.mixture_table import MixtureTable, estimated_table, exact_table, print_table
from pipelines.run_directory import RunDirectory
from pipelines.sizes import show_duration, show_size
from pipelines.stage import Stage

__all__ = ["Plan", "StagePlan", "plan_run", "print_plan"]

_DONE = "up to date"


@dataclass(frozen=True)
class StagePlan:
    """`state` is "up to date", "n of m units to do", or what it waits for."""

    name: str
    state: str


@dataclass(frozen=True)
class Plan:
    stages: tuple[StagePlan, ...]
    estimate: Estimate | None
    mixture: tuple[Mixture, MixtureTable] | None = None
    curves: tuple[tuple[str, float, str], ...] = ()  # of near duplicates: label, threshold, chances of being compared


def plan_run(recipe: Recipe, root: Path, workers: int | None, sample: int) -> Plan:
    """Writes nothing. The share kept is before duplicates, which a sample cannot show."""
    run = RunDirectory(Path(root).absolute())
    estimate = estimate_recipe(recipe, workers or len(os.sched_getaffinity(0)), sample)
    stages = tuple(_stages(recipe, run))
    return Plan(stages, estimate, _mixture(recipe, run, stages, estimate), tuple(_curves(recipe)))


def _curves(recipe: Recipe) -> Iterator[tuple[str, float, str]]:
    for group in recipe.dedup:
        if group.grouping.method == "linked":
            yield group.label, group.grouping.threshold, group.grouping.told_curve()


def _mixture(
    recipe: Recipe, run: RunDirectory, stages: Sequence[StagePlan], estimate: Estimate | None
) -> tuple[Mixture, MixtureTable] | None:
    if recipe.mixture is None:
        return None
    if any(stage.name == "mix/plan" and stage.state == _DONE for stage in stages):
        return recipe.mixture, exact_table(run)
    return recipe.mixture, estimated_table(recipe.mixture, estimate.sources if estimate is not None else {})


def _stages(recipe: Recipe, run: RunDirectory) -> Iterator[StagePlan]:
    """Each stage as far as the ones before it are finished; what lies behind the first unfinished one depends on it."""
    seen: dict[str, str] = {}

    def look(stage: Stage) -> Manifest:
        manifest = _up_to_date(stage, run)
        seen[stage.name] = _DONE if manifest is not None else _to_do(stage, run)
        if manifest is None:
            raise _Unfinished
        return manifest

    with contextlib.suppress(_Unfinished):
        follow(recipe, run, {"memory_bytes": 0}, look, remember=False)
    last = next(reversed(seen))
    for name in stage_names(recipe):
        yield StagePlan(name, seen.get(name, f"after {last}, as far as that changes what it reads"))


class _Unfinished(Exception):  # noqa: N818  not an error
    """The first stage that is not up to date."""


def _up_to_date(stage: Stage, run: RunDirectory) -> Manifest | None:
    if not (run.root / stage.name / MANIFEST).is_file():
        return None
    manifest = run.manifest(stage.name)
    return manifest if manifest.fingerprint == stage.fingerprint else None


def _to_do(stage: Stage, run: RunDirectory) -> str:
    todo = sum(Receipt.read(run.root, unit) is None for unit in stage.units)
    return f"{todo:,} of {len(stage.units):,} units to do"


def print_plan(plan: Plan) -> None:
    console = Console()
    table = Table("stage", "what would happen")
    for stage in plan.stages:
        table.add_row(stage.name, stage.state)
    console.print(table)
    if plan.mixture is not None:
        print_table(console, *plan.mixture)
    for label, threshold, curve in plan.curves:
        console.print(
            f"{label}, threshold {threshold:g}; chance that a pair is compared, by its similarity:", highlight=False
        )
        console.print(f"  {curve}", highlight=False, soft_wrap=True)
    estimate = plan.estimate
    if estimate is None:
        console.print("no document could be read for a sample")
        return
    console.print(f"From {estimate.sampled:,} sampled documents, for a whole run from nothing:", highlight=False)
    for name, value in (
        ("documents", f"about {estimate.documents:,} in {show_size(estimate.input_bytes)}"),
        ("unreadable", f"{estimate.quarantined:,} records of the sample" if estimate.quarantined else ""),
        ("kept", f"about {estimate.kept_share:.0%}, before duplicates"),
        ("time", f"about {show_duration(estimate.seconds)}"),
        ("disk", f"about {show_size(estimate.disk_bytes)}"),
        ("memory", f"about {show_size(estimate.memory_bytes)}"),
    ):
        if value:
            console.print(f"  {name:<10} {value}", highlight=False)
