"""What a whole run would take, from a small sample of its documents."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.collect.inputs import is_compressed, packed_ratio
from curation.collect.source import FileSource, Piece, Source
from curation.decisions import KEPT, decide_batch
from curation.errors import LimitError
from curation.recipe import Recipe
from pipelines.budget import memory_of
from pipelines.tasks.clean import clean_batch, scores_schema
from pipelines.tasks.components import pack_part, parts_of
from pipelines.tasks.decide import gates_before_rules

__all__ = ["Estimate", "estimate_recipe"]

# Imports, workers, and a Beam pipeline for each step: 5.1 to 6.4 CPU seconds in benchmarks/results (AMD EPYC).
_START_SECONDS = 6.0
# Files beside documents and twice their scores, for each document: decisions, outcomes, the rest of the ledger. Whole
# runs had 330 (9,327 documents of the demo) and 334 (20,000 of `practice`).
_LEDGER_BYTES = 340
# Files of a grouping: `exact` had 105 and 115 in these runs, `minhash` 536 in one of 60; others are guessed.
_KEYS, _KEY_BYTES = {"exact": 110, "minhash": 500}, 200
_WRITES = 300 << 20
_UNITS = 4
# Unreadable records of a sample from which on it can stop a run.
_CERTAIN = 20


@dataclass(frozen=True)
class Estimate:
    """From a sample: what the whole would take. Bytes, seconds, shares between 0 and 1.

    `quarantined` are records of the sample that could not be read, `sources` documents and bytes that would be kept of
    each.
    """

    sampled: int
    quarantined: int
    input_bytes: int
    documents: int
    kept_share: float
    seconds: float
    disk_bytes: int
    memory_bytes: int
    sources: dict[str, tuple[float, float]]


def estimate_recipe(
    recipe: Recipe, workers: int, size: int, *, least_bytes: int = 0, hold: bool = False
) -> Estimate | None:
    """From about `size` documents. None where no document could be read, or there are fewer bytes than asked for.

    With `hold`, raises LimitError where every part of the sample has more unreadable records than the recipe allows.
    """
    sources = [(source, source.pieces()) for source in recipe.sources]
    weights = [_weight(source, units) for source, units in sources]
    if sum(weights) < least_bytes:
        return None
    samples = []
    for (source, units), weight in zip(sources, weights, strict=True):
        sample = _Sample(source, max(1, round(size * weight / (sum(weights) or 1))))
        sample.take(units[:: max(1, len(units) // _UNITS)][:_UNITS])
        samples.append(sample)
    if hold:
        _hold([part for sample in samples for part in sample.quarantined], recipe.limits.max_quarantined_share)
    return _extrapolated(recipe, samples, weights, workers)


def _weight(source: Source, units: Sequence[Sequence[Piece]]) -> int:
    """About how many bytes of text a source holds; how well packed files are packed, a few of them tell."""
    pieces = [piece for unit in units for piece in unit]
    packed = [piece.file for piece in pieces if isinstance(source, FileSource) and is_compressed(piece.file.path)]
    some = packed[:: max(1, len(packed) // _UNITS)][:_UNITS]
    ratio = sum(packed_ratio(file) for file in some) / (len(some) or 1)
    whole = sum(round(file.bytes * ratio) for file in packed)
    others = [piece for piece in pieces if not packed or not is_compressed(piece.file.path)]
    return whole + sum(source.weight(each) if isinstance(source, FileSource) else each.file.bytes for each in others)


class _Enough(Exception):  # noqa: N818  not an error
    """The sample is full."""


@dataclass
class _Sample:
    """Up to `size` documents from a few units of a source; `seconds` of CPU were spent on `read_bytes` of records."""

    source: Source
    size: int
    batches: list[pa.RecordBatch] = field(default_factory=list)
    seconds: float = 0.0
    read_bytes: int = 0
    quarantined: list[tuple[int, int]] = field(default_factory=list)

    def take(self, units: Sequence[Sequence[Piece]]) -> None:
        for unit in units:
            began = time.process_time()
            self._take(unit, -(-self.size // len(units)))
            self.seconds += time.process_time() - began

    def _take(self, unit: Sequence[Piece], size: int) -> None:
        taken = refused = 0

        def keep(batch: pa.RecordBatch) -> None:
            nonlocal taken
            self.read_bytes += _record_bytes(batch)
            self.batches.append(batch.slice(0, size - taken))
            taken += len(self.batches[-1])
            if taken >= size:
                raise _Enough

        def refuse(rows: pa.RecordBatch) -> None:
            nonlocal refused
            refused += rows.num_rows
            if refused >= size:
                raise _Enough

        sink = self.source.sink(keep, refuse)
        try:
            for piece in unit:
                self.source.read(piece, sink)
            sink.flush()
        except _Enough:
            pass
        self.quarantined.append((refused, taken + refused))


def _record_bytes(batch: pa.RecordBatch) -> int:
    """About what the records weigh in their file: their text, address and metadata."""
    columns = (batch.column(name) for name in ("text", "url", "meta"))
    return sum(pc.sum(pc.binary_length(column)).as_py() or 0 for column in columns)


def _hold(parts: Sequence[tuple[int, int]], share: float | None) -> None:
    """A sample proves nothing, so it stops a run only where it says the same everywhere."""
    refused, seen = (sum(counts) for counts in zip(*parts, strict=True))
    if share is not None and refused >= _CERTAIN and all(bad > share * whole for bad, whole in parts):
        found = f"{refused:,} of {seen:,} records of a sample that cannot be read"
        do = "look at the source's parameters, raise limits.max_quarantined_share, or go on with --no-estimate"
        raise LimitError("limits", found, f"at most {share:.1%}", do)


def _extrapolated(recipe: Recipe, samples: Sequence[_Sample], weights: Sequence[int], workers: int) -> Estimate | None:
    pairs = zip(samples, weights, strict=True)
    found = [(sample, weight, pa.concat_batches(sample.batches)) for sample, weight in pairs if sample.batches]
    if not found:
        return None
    documents = sum(round(weight / (_record_bytes(batch) or 1) * batch.num_rows) for _, weight, batch in found)
    reading = sum(sample.seconds / (sample.read_bytes or 1) * weight for sample, weight, _ in found)
    batch = pa.concat_batches([batch for *_, batch in found])
    factor = documents / batch.num_rows
    whole, seconds = _cleaned(recipe, batch)
    state, _ = decide_batch(whole, recipe.all_rules(), gates_before_rules(recipe.clean, recipe.rules))
    kept = state == KEPT
    written = round(_written(recipe, batch, whole, kept) * factor)
    return Estimate(
        sampled=batch.num_rows,
        quarantined=sum(refused for sample in samples for refused, _ in sample.quarantined),
        input_bytes=sum(weights),
        documents=documents,
        kept_share=float(kept.mean()),
        seconds=_START_SECONDS + (reading + seconds * factor + written / _WRITES) / workers,
        disk_bytes=written,
        sources=_kept_by_source(batch, kept, documents),
        memory_bytes=memory_of(workers, documents if recipe.dedup else 0),
    )


def _cleaned(recipe: Recipe, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, float]:
    """Documents and scores side by side, and CPU seconds once everything is compiled and loaded."""
    parts = parts_of([pack_part(part) for part in recipe.clean])
    schema = scores_schema(parts)
    clean_batch(batch, parts, schema)
    began = time.process_time()
    whole, _ = clean_batch(batch, parts, schema)
    return whole, time.process_time() - began


def _written(recipe: Recipe, batch: pa.RecordBatch, whole: pa.RecordBatch, kept: npt.NDArray[np.bool_]) -> int:
    """Bytes that all stages leave of the sample: as read, cleaned, and kept; scores twice; groupings and the ledger."""
    documents = whole.select([name for name in batch.schema.names if name in whole.schema.names])
    scores = whole.nbytes - documents.nbytes
    keys = sum(_KEYS.get(group.grouping.contract.name, _KEY_BYTES) for group in recipe.dedup)
    rows = batch.num_rows * (_LEDGER_BYTES + keys)
    return batch.nbytes + documents.nbytes + documents.filter(pa.array(kept)).nbytes + 2 * scores + rows


def _kept_by_source(
    batch: pa.RecordBatch, kept: npt.NDArray[np.bool_], documents: int
) -> dict[str, tuple[float, float]]:
    sizes = pc.binary_length(batch.column("text")).fill_null(0).to_numpy(zero_copy_only=False)
    names, factor = np.array(batch.column("source").to_pylist(), object), documents / batch.num_rows
    own = {name: kept & (names == name) for name in sorted(set(names.tolist()))}
    return {name: (float(mask.sum()) * factor, float(sizes[mask].sum()) * factor) for name, mask in own.items()}
