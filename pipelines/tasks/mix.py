"""Mix: what of the training split the mixture takes, how often and in which phase. Three steps, each a stage.

census    a sidecar for each shard: group, place in the group's order and amount of every training document
plan      one file: amounts of each group and phase, and where phases cut the orders
outcome   a sidecar for each shard: the outcome so far, with those that are not taken dropped, and times by phase
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

from curation.files import checksum, read_json, write_json
from curation.manifest import Receipt, Unit
from curation.mix.cutting import Census, Cut, find_cuts, order_hashes, times_taken
from curation.mix.mixture import Mixture, demands
from curation.schema import id_words, seed_for
from curation.shards import FileRecord, ShardWriter, aligned, read_shard
from pipelines.tasks.augment import count_kept
from pipelines.tasks.decide import DROPPED
from pipelines.tasks.split import OUTCOME, count_outcomes
from pipelines.tasks.tokens import open_encoder

__all__ = ["LEFT_OUT", "census_unit", "outcome_unit", "phase_columns", "plan_unit"]

LEFT_OUT = "mixture.left_out"
CENSUS = pa.schema([("id", pa.string()), ("group", pa.string()), ("amount", pa.int64()), ("times", pa.int32())])
_LANGUAGE = "language.label"


def census_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    mixture, split = Mixture.model_validate_json(unit.payload["mixture"]), unit.payload["split"]
    writer = ShardWriter(root, f"{unit.stage}/census-{unit.index:05d}.arrow", CENSUS)
    languages = _Languages(root, unit.payload)
    counts: Counter[str] = Counter()
    with writer:
        for documents, outcome in aligned(_open(root, unit.payload["shard"]), _open(root, unit.payload["outcome"])):
            mask = pc.equal(outcome.column("split"), split).fill_null(False)
            chosen, fates = documents.filter(mask), outcome.filter(mask)
            groups = _groups(mixture, chosen, languages.of(chosen))
            times = _times(mixture, fates)
            writer.write(
                pa.RecordBatch.from_arrays(
                    [
                        chosen.column("id"),
                        pa.array(groups, pa.string()),
                        pa.array(times * _sizes(root, mixture, chosen, unit.payload)),
                        pa.array(times.astype(np.int32)),
                    ],
                    schema=CENSUS,
                )
            )
            counts.update(Counter(groups))
    return _receipt(unit, writer.record, {f"group.{name}": count for name, count in counts.items()})


class _Languages:
    """Detected language of the documents of a shard."""

    def __init__(self, root: Path, payload: dict[str, Any]) -> None:
        self._known: dict[str, str | None] = {}
        if "scores" in payload:
            for batch in _open(root, payload["scores"]):
                if _LANGUAGE in batch.schema.names:
                    ids, labels = batch.column("id").to_pylist(), batch.column(_LANGUAGE).to_pylist()
                    self._known.update(zip(ids, labels, strict=True))

    def of(self, documents: pa.RecordBatch) -> list[str]:
        return [self._known.get(each) or "unknown" for each in documents.column("id").to_pylist()]


def _groups(mixture: Mixture, documents: pa.RecordBatch, languages: list[str]) -> list[str]:
    names = {"source": documents.column("source").to_pylist(), "language": languages}
    return ["/".join(parts) for parts in zip(*(names[each] for each in mixture.by), strict=True)]


def _times(mixture: Mixture, fates: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """How often an epoch of its group holds a document: more often where it stands for many copies."""
    copies = fates.column("copies").fill_null(1).to_numpy(zero_copy_only=False)
    times = np.ones(fates.num_rows, np.int64)
    for least, factor in sorted(mixture.copies.items()):
        times[copies >= least] = factor
    return times


def _sizes(root: Path, mixture: Mixture, documents: pa.RecordBatch, payload: dict[str, Any]) -> npt.NDArray[np.int64]:
    """A document in the mixture's unit; tokens count its end token."""
    if mixture.unit == "documents":
        return np.ones(documents.num_rows, np.int64)
    if mixture.unit == "tokens":
        tokenizer = payload["tokenizer"]
        encoder = open_encoder(root / tokenizer["folder"], tokenizer["sha256"], tokenizer["special_tokens"])
        return np.diff(encoder.encode(documents.column("text"), tokenizer["eos_id"]).offsets)
    return np.asarray(pc.fill_null(pc.binary_length(documents.column("text")), 0).to_numpy(), np.int64)


def plan_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    mixture = Mixture.model_validate_json(unit.payload["mixture"])
    files = [FileRecord.model_validate(record) for record in unit.payload["census"]]
    available, documents, most = _available(root, files)
    caps = {group: mixture.max_repeats / most[group] for group in available}
    wanted = demands(mixture, available, caps)
    ends: dict[str, list[int]] = {group: [0] for group in available}
    for amounts in wanted.values():
        for group in available:
            ends[group].append(ends[group][-1] + amounts[group])
    key = seed_for("mixture", mixture.seed)
    cuts = find_cuts(_census(root, files, key), _census(root, files, key), ends)
    path = f"{unit.stage}/plan.json"
    rows = _table(available, documents, wanted, cuts)
    write_json(root / path, {"phases": list(wanted), "unit": mixture.unit, "key": key, "cuts": cuts, "rows": rows})
    record = FileRecord(path=path, bytes=(root / path).stat().st_size, sha256=checksum(root / path))
    return _receipt(unit, record, {"groups": len(available)})


def _available(root: Path, files: list[FileRecord]) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """One epoch of each group, its documents, and how often an epoch holds one of them at most; groups by name."""
    amounts, documents, most = Counter[str](), Counter[str](), Counter[str]()
    for file in files:
        for batch in read_shard(root, file):
            table = pa.Table.from_batches([batch]).group_by("group")
            for row in table.aggregate([("amount", "sum"), ("amount", "count"), ("times", "max")]).to_pylist():
                amounts[row["group"]] += row["amount_sum"]
                documents[row["group"]] += row["amount_count"]
                most[row["group"]] = max(most[row["group"]], row["times_max"])
    return {name: amounts[name] for name in sorted(amounts)}, dict(documents), dict(most)


def _census(root: Path, files: list[FileRecord], key: int) -> Iterator[Census]:
    for file in files:
        for batch in read_shard(root, file):
            groups = np.array(batch.column("group").to_pylist(), object)
            hashes, amounts = order_hashes(id_words(batch.column("id")), key), batch.column("amount").to_numpy()
            yield [(name, hashes[groups == name], amounts[groups == name]) for name in sorted(set(groups.tolist()))]


def _table(
    available: dict[str, int], documents: dict[str, int], wanted: dict[str, dict[str, int]], cuts: dict[str, list[Cut]]
) -> list[dict[str, Any]]:
    """What `gristmill plan` and the card show; `repeats` are epochs of the group that the phase takes."""
    return [
        {
            "phase": phase,
            "group": group,
            "documents": documents[group],
            "available": available[group],
            "target": amounts[group],
            "taken": cuts[group][number + 1].amount - cuts[group][number].amount,
            "repeats": amounts[group] / available[group] if available[group] else 0.0,
        }
        for number, (phase, amounts) in enumerate(wanted.items())
        for group in available
    ]


def phase_columns(phases: list[str]) -> list[pa.Field]:
    return [pa.field(f"times.{phase}", pa.int32()) for phase in phases]


def outcome_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    plan = read_json(root / unit.payload["plan"]["path"])
    schema = pa.schema([*OUTCOME, *phase_columns(plan["phases"])])
    writer = ShardWriter(root, f"{unit.stage}/ledger-{unit.index:05d}.arrow", schema)
    census = _Census(root, unit.payload["census"], plan)
    counts: dict[str, int] = {}
    with writer:
        made = [_open(root, unit.payload["made"])] if "made" in unit.payload else []
        for outcome, *documents in aligned(_open(root, unit.payload["outcome"]), *made):
            batch = _mixed(outcome, census, unit.payload["split"], schema)
            if documents:
                count_kept(batch, documents[0], counts)
            else:
                count_outcomes(batch, counts)
            writer.write(batch)
    return _receipt(unit, writer.record, counts)


class _Census:
    """How often each phase takes the documents of one shard, by their order there."""

    def __init__(self, root: Path, record: dict[str, Any], plan: dict[str, Any]) -> None:
        self._cuts = {group: [Cut(*cut) for cut in cuts] for group, cuts in plan["cuts"].items()}
        self._batches, self._key, self._phases = _open(root, record), plan["key"], len(plan["phases"])
        self._left: npt.NDArray[np.int64] = np.zeros((0, self._phases), np.int64)

    def take(self, rows: int) -> npt.NDArray[np.int64]:
        while len(self._left) < rows:
            self._left = np.concatenate([self._left, self._times(next(self._batches))])
        taken, self._left = self._left[:rows], self._left[rows:]
        return taken

    def _times(self, batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
        groups = np.array(batch.column("group").to_pylist(), object)
        hashes = order_hashes(id_words(batch.column("id")), self._key)
        times = np.zeros((batch.num_rows, self._phases), np.int64)
        for group in set(groups.tolist()):
            mine, cuts = groups == group, self._cuts[group]
            for phase in range(self._phases):
                times[mine, phase] = times_taken(hashes[mine], cuts[phase], cuts[phase + 1])
        return times * batch.column("times").to_numpy()[:, None]


def _mixed(outcome: pa.RecordBatch, census: _Census, split: str, schema: pa.Schema) -> pa.RecordBatch:
    mine = pc.equal(outcome.column("split"), split).fill_null(False).to_numpy(zero_copy_only=False)
    phases = len(schema) - len(OUTCOME)
    times = np.zeros((outcome.num_rows, phases), np.int64)
    times[mine] = census.take(int(mine.sum()))
    left = pa.array(mine & ~times.any(axis=1))
    columns = dict(zip(outcome.schema.names, outcome.columns, strict=True))
    columns["state"] = pc.if_else(left, DROPPED, columns["state"])
    columns["reason"] = pc.if_else(left, LEFT_OUT, columns["reason"])
    columns["split"] = pc.if_else(left, pa.scalar(None, pa.string()), columns["split"])
    columns["copies"] = pc.if_else(left, pa.scalar(None, pa.int32()), columns["copies"])
    arrays = [columns[field.name] for field in OUTCOME]
    arrays += [pa.array(times[:, phase], pa.int32(), mask=~mine) for phase in range(phases)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _open(root: Path, record: dict[str, Any]) -> Iterator[pa.RecordBatch]:
    return read_shard(root, FileRecord.model_validate(record))


def _receipt(unit: Unit, record: FileRecord, counts: dict[str, int]) -> Receipt:
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=(record,), counts=counts)
