"""Decide: all rules over the scores of one shard. Reads no text, so a new threshold costs seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.decisions import DROPPED, KEPT, QUARANTINED, decide_batch
from curation.forgotten import FORGOTTEN
from curation.manifest import Receipt, Unit
from curation.recipe import Gate, Step
from curation.rules import Rule, pack
from curation.shards import FileRecord, ShardWriter, read_shard
from pipelines.tasks.components import rules_of

__all__ = ["Tally", "decide_unit", "decision_schema", "gates_before_rules"]


def decision_schema(rules: int) -> pa.Schema:
    width = max(1, -(-rules // 8))
    return pa.schema([("id", pa.string()), ("state", pa.string()), ("failed_rules", pa.binary(width))])


def decide_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    rules, gates = rules_of(unit.payload["rules"]), unit.payload["gates"]
    schema = decision_schema(len(rules))
    writer = ShardWriter(root, f"decide/ledger-{unit.index:05d}.arrow", schema)
    tally = Tally(rules)
    with writer:
        for scores in read_shard(root, FileRecord.model_validate(unit.payload["scores"])):
            state, failed = decide_batch(scores, rules, gates)
            tally.add(scores, state, failed)
            columns = [scores.column("id"), pa.array(state, pa.string()), pack(failed)]
            writer.write(pa.RecordBatch.from_arrays(columns, schema=schema))
    files = (writer.record,)
    return Receipt(stage=unit.stage, index=unit.index, fingerprint=unit.fingerprint, files=files, counts=tally.counts())


def gates_before_rules(parts: Sequence[Step | Gate], rules: Sequence[Rule]) -> list[int]:
    """For each rule of gates and then of the recipe: how many gates a document has passed when it can be judged.

    A document that gate g stopped has been judged by the gates up to g, and by the other rules on attributes that
    were measured before g.
    """
    passed = 0
    gates: list[int] = []
    measured_after: dict[str, int] = {}
    for part in parts:
        if isinstance(part, Gate):
            gates += [passed] * len(part.rules)
            passed += 1
        else:
            measured_after.update(dict.fromkeys(part.adds(), passed))
    return [*gates, *(max(measured_after.get(name, 0) for name in _names(rule)) for rule in rules)]


def _names(rule: Rule) -> list[str]:
    return [rule.attribute, *rule.conditions()]


class Tally:
    """Counts of one shard: documents and bytes by state; for each rule how many it failed and how many alone."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = rules
        self._totals = dict.fromkeys((KEPT, DROPPED, QUARANTINED), 0)
        self._bytes = dict.fromkeys(self._totals, 0)
        self._forgotten = 0
        self._failed = np.zeros(len(rules), np.int64)
        self._alone = np.zeros(len(rules), np.int64)

    def add(self, scores: pa.RecordBatch, state: npt.NDArray[np.object_], failed: npt.NDArray[np.bool_]) -> None:
        sizes = scores.column("text.bytes").fill_null(0).to_numpy(zero_copy_only=False)
        for name in self._totals:
            chosen = state == name
            self._totals[name] += int(chosen.sum())
            self._bytes[name] += int(sizes[chosen].sum())
        self._forgotten += pc.equal(scores.column("failure"), FORGOTTEN).true_count
        self._failed += failed.sum(axis=1)
        self._alone += (failed & (failed.sum(axis=0) == 1)).sum(axis=1)

    def counts(self) -> dict[str, int]:
        counts = {"documents": sum(self._totals.values()), **self._totals}
        counts.update({f"bytes.{name}": size for name, size in self._bytes.items()})
        counts.update({FORGOTTEN: self._forgotten} if self._forgotten else {})
        for rule, failed, alone in zip(self._rules, self._failed, self._alone, strict=True):
            counts[f"rule.{rule.reason}"] = int(failed)
            counts[f"alone.{rule.reason}"] = int(alone)
        return counts
