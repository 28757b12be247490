"""What a run would do, said before a byte moves: stages to run or skip, and estimates from a small sample."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.table import Table

from curation.collect.source import FileSource, Piece, Source
from curation.decisions import KEPT, decide_batch
from curation.manifest import MANIFEST, Manifest, Receipt
from curation.mix.mixture import Mixture
from curation.recipe import Recipe
from pipelines.chain import follow, stage_names
from pipelines.mixture_table import MixtureTable, estimated_table, exact_table, print_table
from pipelines.run_directory import RunDirectory
from pipelines.sizes import show_size
from pipelines.stage import Stage
from pipelines.tasks.clean import clean_batch, scores_schema
from pipelines.tasks.components import pack_part, parts_of
from pipelines.tasks.decide import gates_before_rules

__all__ = ["Estimate", "Plan", "StagePlan", "plan_run", "print_plan"]

_DONE = "up to date"
# Measured on the benchmark `benchmarks/memory.py`: a driver with Beam, and a worker with its operators' tables.
_DRIVER_BYTES, _WORKER_BYTES = 260 << 20, 420 << 20
# A worker and its compiled kernels, and one Beam pipeline for each of about ten stages.
_START_SECONDS = 12.0


@dataclass(frozen=True)
class StagePlan:
    """`state` is "up to date", "n of m units to do", or what it waits for."""

    name: str
    state: str


@dataclass(frozen=True)
class Estimate:
    """From a sample: what the whole would take. Bytes, seconds, shares between 0 and 1. `sources` are documents and
    bytes that would be kept of each.
    """

    sampled: int
    input_bytes: int
    documents: int
    kept_share: float
    seconds: float
    disk_bytes: int
    memory_bytes: int
    sources: dict[str, tuple[float, float]]


@dataclass(frozen=True)
class Plan:
    stages: tuple[StagePlan, ...]
    estimate: Estimate | None
    mixture: tuple[Mixture, MixtureTable] | None = None


def plan_run(recipe: Recipe, root: Path, workers: int | None, sample: int) -> Plan:
    """Writes nothing. The share kept is before duplicates, which a sample cannot show."""
    run = RunDirectory(Path(root).absolute())
    estimate = _estimate(recipe, workers or len(os.sched_getaffinity(0)), sample)
    stages = tuple(_stages(recipe, run))
    return Plan(stages, estimate, _mixture(recipe, run, stages, estimate))


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


def _estimate(recipe: Recipe, workers: int, sample: int) -> Estimate | None:
    sources = [(source, source.pieces()) for source in recipe.sources]
    weights = [_weight(source, units) for source, units in sources]
    batches: list[pa.RecordBatch] = []
    documents, read_seconds = 0, 0.0
    for (source, units), weight in zip(sources, weights, strict=True):
        share = max(1, round(sample * weight / (sum(weights) or 1)))
        batch, seconds = _sample(source, units, share)
        if batch is not None:
            text = pc.sum(pc.binary_length(batch.column("text"))).as_py() or 1
            documents += round(weight / text * batch.num_rows)
            read_seconds += seconds / text * weight
            batches.append(batch)
    if not batches:
        return None
    return _extrapolate(recipe, pa.concat_batches(batches), documents, sum(weights), read_seconds, workers)


def _weight(source: Source, units: Sequence[Sequence[Piece]]) -> int:
    """About how many bytes of text a source holds."""
    pieces = [piece for unit in units for piece in unit]
    return sum(source.weight(piece) if isinstance(source, FileSource) else piece.file.bytes for piece in pieces)


class _Enough(Exception):  # noqa: N818  not an error
    """The sample is full."""


def _sample(source: Source, units: Sequence[Sequence[Piece]], size: int) -> tuple[pa.RecordBatch | None, float]:
    """Up to `size` documents from a few units spread over the source, and the CPU seconds that reading them took."""
    chosen = units[:: max(1, len(units) // 4)][:4]
    taken: list[pa.RecordBatch] = []
    began = time.process_time()
    for unit in chosen:
        taken += _first_documents(source, unit, -(-size // len(chosen)))
    return (pa.concat_batches(taken) if taken else None), time.process_time() - began


def _first_documents(source: Source, unit: Sequence[Piece], size: int) -> list[pa.RecordBatch]:
    taken: list[pa.RecordBatch] = []

    def keep(batch: pa.RecordBatch) -> None:
        taken.append(batch.slice(0, size - sum(len(each) for each in taken)))
        if sum(len(each) for each in taken) >= size:
            raise _Enough

    sink = source.sink(keep, lambda rejected: None)
    try:
        for piece in unit:
            source.read(piece, sink)
        sink.flush()
    except _Enough:
        pass
    return taken


def _extrapolate(
    recipe: Recipe, batch: pa.RecordBatch, documents: int, input_bytes: int, read_seconds: float, workers: int
) -> Estimate:
    parts = parts_of([pack_part(part) for part in recipe.clean])
    schema = scores_schema(parts)
    clean_batch(batch, parts, schema)  # compiles, and loads tables
    began = time.process_time()
    whole, _ = clean_batch(batch, parts, schema)
    factor = documents / batch.num_rows
    clean_seconds = (time.process_time() - began) * factor
    state, _ = decide_batch(whole, recipe.all_rules(), gates_before_rules(recipe.clean, recipe.rules))
    kept = state == KEPT
    written = (batch.nbytes * 2 + whole.select(schema.names).nbytes * 2 + batch.filter(pa.array(kept)).nbytes) * factor
    keys = min(documents * 200, 1 << 30) if recipe.dedup else 0
    return Estimate(
        sampled=batch.num_rows,
        input_bytes=input_bytes,
        documents=documents,
        kept_share=float(kept.mean()),
        seconds=_START_SECONDS + (read_seconds + clean_seconds + written / (300 << 20)) / workers,
        disk_bytes=round(written),
        sources=_kept_by_source(batch, kept, documents),
        memory_bytes=_DRIVER_BYTES + workers * _WORKER_BYTES + keys,
    )


def _kept_by_source(
    batch: pa.RecordBatch, kept: npt.NDArray[np.bool_], documents: int
) -> dict[str, tuple[float, float]]:
    sizes = pc.binary_length(batch.column("text")).fill_null(0).to_numpy(zero_copy_only=False)
    names, factor = np.array(batch.column("source").to_pylist(), object), documents / batch.num_rows
    own = {name: kept & (names == name) for name in sorted(set(names.tolist()))}
    return {name: (float(mask.sum()) * factor, float(sizes[mask].sum()) * factor) for name, mask in own.items()}


def print_plan(plan: Plan) -> None:
    console = Console()
    table = Table("stage", "what would happen")
    for stage in plan.stages:
        table.add_row(stage.name, stage.state)
    console.print(table)
    if plan.mixture is not None:
        print_table(console, *plan.mixture)
    estimate = plan.estimate
    if estimate is None:
        console.print("no document could be read for a sample")
        return
    console.print(f"From {estimate.sampled:,} sampled documents, for a whole run from nothing:", highlight=False)
    for name, value in (
        ("documents", f"about {estimate.documents:,} in {show_size(estimate.input_bytes)}"),
        ("kept", f"about {estimate.kept_share:.0%}, before duplicates"),
        ("time", f"about {_duration(estimate.seconds)}"),
        ("disk", f"about {show_size(estimate.disk_bytes)}"),
        ("memory", f"about {show_size(estimate.memory_bytes)}"),
    ):
        console.print(f"  {name:<10} {value}", highlight=False)


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
