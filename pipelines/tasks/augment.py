"""Augment: new documents from those that were kept, and the last word on each of them.

make     documents of a shard and their outcomes -> new documents
decide   new documents before and after cleaning, and their scores -> states, as for documents that were read
fates    what rules and groupings said of new documents, and the outcomes of their parents -> outcomes
capped   outcomes -> outcomes with no more new documents than the recipe allows
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.augment.expansion import Expansion
from curation.augment.rewording.answers import OVER_BUDGET, Desk, desk
from curation.decisions import DROPPED, KEPT, decide_batch
from curation.errors import GristmillError, IntegrityError
from curation.manifest import Receipt, Unit
from curation.operator import Failure, run_safely
from curation.recipe import Step
from curation.rules import pack
from curation.schema import DOCUMENT, child_id, id_words, with_columns
from curation.shards import FileRecord, ShardWriter, aligned, read_shard
from pipelines.endpoint import Connection
from pipelines.tasks.clean import quarantined, slices_of
from pipelines.tasks.components import parts_of, rules_of
from pipelines.tasks.decide import Tally, decision_schema
from pipelines.tasks.families import made_by
from pipelines.tasks.packed import write_table
from pipelines.tasks.quarantine import QuarantineWriter
from pipelines.tasks.split import OUTCOME, count_outcomes, outcomes

__all__ = ["CHANGED", "OVER_SHARE", "WEIGHT", "capped_unit", "count_kept", "decide_unit", "fates_unit", "make_unit"]

# Reasons for which only new documents are dropped.
CHANGED, OVER_SHARE = "changed_by_cleaning", "over_max_share"
WEIGHT = np.dtype([("id", "<u8"), ("weight", "<u8"), ("split", "<u2")])


def make_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    shard = ShardWriter(root, f"{unit.stage}/shard-{unit.index:05d}.arrow", DOCUMENT)
    counts: Counter[str] = Counter(documents=0, failed=0, tried=0)
    here = Desk(root / "answers", Connection(), unit.payload["share"])
    with shard, QuarantineWriter(root, unit.stage, unit.index) as quarantine, desk(here):
        for step, parents in _work(root, unit.payload, settings):
            new, failures = run_safely(step.operator, parents)
            shard.write(_labelled(new, step))
            _count(counts, step, parents, new, failures)
            failures = [failure for failure in failures if failure.reason != OVER_BUDGET]
            if failures:
                quarantine.write(quarantined(unit.stage, parents, failures))
            _within(counts, unit.payload)
    files = (shard.record, *quarantine.records)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=dict(counts))


def _work(root: Path, payload: dict[str, Any], settings: dict[str, Any]) -> Iterator[tuple[Step, pa.RecordBatch]]:
    """Every step with its documents in the splits that are augmented, in an order that batches do not change."""
    splits = pa.array(payload["splits"], pa.string())
    files = [payload[name] for name in ("shard", "outcome", "scores") if name in payload]
    for documents, outcome, *scores in aligned(*(_open(root, file) for file in files)):
        inside = pc.is_in(outcome.column("split"), value_set=splits)
        for step in parts_of(payload["parts"]):
            assert isinstance(step, Step)
            assert isinstance(step.operator, Expansion)
            parents = documents.filter(_wanted(step.operator, inside, scores))
            yield from ((step, part) for part in slices_of(parents, settings))


def _wanted(operator: Expansion, inside: pa.Array, scores: list[pa.RecordBatch]) -> pa.Array:
    for attribute, words in operator.where.items():
        found = pc.is_in(scores[0].column(attribute), value_set=pa.array(words, pa.string()))
        inside = pc.and_(inside, found)
    return inside


def _labelled(new: pa.RecordBatch, step: Step) -> pa.RecordBatch:
    """Rows with the step's label in `key`, and ids that no other step with the same operator gives."""
    name = step.operator.contract.name
    if step.label == name:
        return new
    numbers = [int(key.rpartition(":")[2]) for key in new.column("key").to_pylist()]
    ids = [
        child_id(parent, step.label, n) for parent, n in zip(new.column("parent_id").to_pylist(), numbers, strict=True)
    ]
    keys = [f"{step.label}:{number}" for number in numbers]
    return with_columns(new, {"id": pa.array(ids, pa.string()), "key": pa.array(keys, pa.string())}).cast(DOCUMENT)


def _count(
    counts: Counter[str], step: Step, parents: pa.RecordBatch, new: pa.RecordBatch, failures: list[Failure]
) -> None:
    counts["tried"] += parents.num_rows
    counts["documents"] += new.num_rows
    counts[f"made.{step.label}"] += new.num_rows
    counts["failed"] += sum(failure.reason != OVER_BUDGET for failure in failures)
    counts.update(f"failed.{step.label}.{failure.reason}" for failure in failures)


def _within(counts: Counter[str], payload: dict[str, Any]) -> None:
    """Stop early where this unit alone failed on more documents than the whole stage may."""
    if payload["max_failed"] is not None and counts["failed"] > payload["max_failed"]:
        raise too_many_failed(counts, payload["max_failed"])


def too_many_failed(counts: Counter[str], most: int) -> GristmillError:
    reasons = sorted(name.removeprefix("failed.") for name in counts if name.startswith("failed."))
    found = f"{counts['failed']:,} documents that could not be augmented ({', '.join(reasons)})"
    do = "look at quarantine/augment in the run, or raise augmentation.max_failed_share"
    return GristmillError("stage augment", found, f"at most {most:,}", do)


def decide_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    rules = rules_of(unit.payload["rules"])
    schema = decision_schema(len(rules))
    writer = ShardWriter(root, f"{unit.stage}/ledger-{unit.index:05d}.arrow", schema)
    tally = Tally(rules)
    with writer:
        for scores, made, cleaned in aligned(*(_open(root, unit.payload[n]) for n in ("scores", "made", "shard"))):
            state, failed = decide_batch(scores, rules, unit.payload["gates"])
            state[(state == KEPT) & _broken(made, cleaned, unit.payload["formats"])] = DROPPED
            tally.add(scores, state, failed)
            columns = [scores.column("id"), pa.array(state, pa.string()), pack(failed)]
            writer.write(pa.RecordBatch.from_arrays(columns, schema=schema))
    files, counts = (writer.record,), tally.counts()
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def _broken(made: pa.RecordBatch, cleaned: pa.RecordBatch, formats: list[str]) -> npt.NDArray[np.bool_]:
    """Rows of a format, of use only as they were made, that cleaning changed."""
    changed = pc.not_equal(made.column("text"), cleaned.column("text")).fill_null(False)
    of_format = pc.is_in(made_by(made.column("key")), value_set=pa.array(formats, pa.string()))
    return np.asarray(pc.and_(changed, of_format).to_numpy(zero_copy_only=False), np.bool_)


def fates_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    """Outcomes as for documents that were read, in the cluster and the split of the parents."""
    payload = unit.payload
    writer = ShardWriter(root, f"{unit.stage}/ledger-{unit.index:05d}.arrow", OUTCOME)
    parents = parents_of(root, payload["parents"])
    counts: dict[str, int] = {}
    weights = [np.zeros(0, WEIGHT)]
    sidecars = (payload["made"], payload["scores"], payload["decisions"], *payload["ledgers"])
    with writer:
        for made, scores, decided, *ledgers in aligned(*(_open(root, record) for record in sidecars)):
            batch = _inherited(outcomes(scores, decided, ledgers, payload), made.column("parent_id"), parents)
            writer.write(batch)
            weights.append(_weights(batch, payload))
            count_kept(batch, made, counts)
    table = np.concatenate(weights)
    files = (writer.record, write_table(root, f"{unit.stage}/weights-{unit.index:05d}.npy", table))
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def parents_of(root: Path, outcome: dict[str, Any]) -> pa.Table:
    """`id`, `cluster` and `split` of the documents of a shard."""
    names = ["id", "cluster", "split"]
    batches = [batch.select(names) for batch in _open(root, outcome)]
    return pa.Table.from_batches(batches, pa.schema([OUTCOME.field(name) for name in names])).combine_chunks()


def _inherited(batch: pa.RecordBatch, parent_ids: pa.Array, parents: pa.Table) -> pa.RecordBatch:
    place = pc.index_in(parent_ids, value_set=parents.column("id").combine_chunks())
    if place.null_count:
        raise IntegrityError(
            "stage augment", "a new document without parent", "a parent for each", "run the stage again"
        )
    kept = pc.equal(batch.column("state"), KEPT)
    split = pc.if_else(kept, _taken(parents, "split", place), pa.scalar(None, pa.string()))
    dropped = pc.equal(batch.column("state"), DROPPED)
    # What the rules kept and no grouping removed, and was dropped all the same.
    changed = pc.and_(dropped, batch.column("reason").is_null())
    reason = pc.if_else(changed, CHANGED, batch.column("reason"))
    cluster = pc.if_else(kept, _taken(parents, "cluster", place), batch.column("cluster"))
    return with_columns(batch, {"split": split, "reason": reason, "cluster": cluster}).cast(OUTCOME)


def _taken(parents: pa.Table, name: str, place: pa.Array) -> pa.Array:
    return parents.column(name).take(place).combine_chunks()


def _weights(batch: pa.RecordBatch, payload: dict[str, Any]) -> npt.NDArray[Any]:
    kept = batch.filter(batch.column("split").is_valid())
    table = np.zeros(kept.num_rows, WEIGHT)
    table["id"] = id_words(kept.column("id"))[:, 0]
    table["weight"] = kept.column("bytes").to_numpy() if payload["share_of"] == "bytes" else 1
    splits = pa.array(list(payload["splits"]), pa.string())
    table["split"] = pc.index_in(kept.column("split"), value_set=splits).to_numpy()
    return table


def capped_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    """Kept documents whose id stands behind the last one that fits into their split are dropped."""
    writer = ShardWriter(root, f"{unit.stage}/ledger-{unit.index:05d}.arrow", OUTCOME)
    counts: dict[str, int] = {}
    with writer:
        for made, batch in aligned(_open(root, unit.payload["made"]), _open(root, unit.payload["fates"])):
            batch = _without(batch, _behind(batch, unit.payload["ends"]))
            writer.write(batch)
            count_kept(batch, made, counts)
    files = (writer.record,)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=counts)


def _behind(batch: pa.RecordBatch, ends: dict[str, int]) -> pa.Array:
    ids = id_words(batch.column("id"))[:, 0] if batch.num_rows else np.zeros(0, np.uint64)
    over = np.zeros(batch.num_rows, np.bool_)
    for split, end in ends.items():
        inside = pc.equal(batch.column("split"), split).fill_null(False).to_numpy(zero_copy_only=False)
        over |= inside & (ids >= np.uint64(end)) if end < 1 << 64 else False
    return pa.array(over)


def _without(batch: pa.RecordBatch, over: pa.Array) -> pa.RecordBatch:
    nothing = pa.scalar(None, pa.string())
    columns = {
        "state": pc.if_else(over, DROPPED, batch.column("state")),
        "reason": pc.if_else(over, OVER_SHARE, batch.column("reason")),
        "split": pc.if_else(over, nothing, batch.column("split")),
        "copies": pc.if_else(over, pa.scalar(None, pa.int32()), batch.column("copies")),
    }
    return with_columns(batch, columns).cast(OUTCOME)


def count_kept(batch: pa.RecordBatch, made: pa.RecordBatch, counts: dict[str, int]) -> None:
    """As for documents that were read, and kept ones by the step that made them."""
    count_outcomes(batch, counts)
    kept = made_by(made.column("key")).filter(batch.column("split").is_valid())
    for each in kept.value_counts().to_pylist():
        counts[f"step.{each['values']}"] = counts.get(f"step.{each['values']}", 0) + each["counts"]


def _open(root: Path, record: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    return read_shard(root, FileRecord.model_validate(record))
