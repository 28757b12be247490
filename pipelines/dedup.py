"""The dedup stage: keys by shard, groups by key range through the engine's GroupByKey, and sidecars by shard again.

On one machine, ranges go through in waves, so that the keys in flight fit the memory budget; on a cluster in one wave.
How many ranges there are depends on the number of documents alone, so every machine leaves the same files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from curation.files import digest_of
from curation.manifest import Manifest, Unit
from curation.recipe import Group, Recipe
from pipelines.engine import Engine, Grouping, Work
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, units_of
from pipelines.stages import VERSIONS, packed, stage_of
from pipelines.tasks.components import pack_group

__all__ = ["dedup_stages"]

_TASKS = "pipelines.tasks.dedup:"
_DOCUMENTS_PER_RANGE = 1_000_000
# Measured for packed arrays through the in-process GroupByKey: about 1.5 times their bytes, and the sorted copy.
_BYTES_PER_DOCUMENT = 200


def dedup_stages(
    recipe: Recipe,
    run: RunDirectory,
    settings: dict[str, Any],
    cleaned: Manifest,
    decided: Manifest,
    do: Callable[[Stage], Manifest],
) -> list[Manifest]:
    """The sidecars of every grouping in order; each sees only the documents that the ones before it left."""
    ledgers: list[Manifest] = []
    for group in recipe.dedup:
        dedup = _Dedup(group, run, settings, cleaned, decided, tuple(ledgers))
        ledgers.append(do(dedup.ledger(do(dedup.groups(do(dedup.keys()))))))
    return ledgers


class _Dedup:
    """The three steps of one grouping."""

    def __init__(
        self,
        group: Group,
        run: RunDirectory,
        settings: dict[str, Any],
        cleaned: Manifest,
        decided: Manifest,
        earlier: Sequence[Manifest],
    ) -> None:
        self._group, self._run, self._settings = group, run, settings
        self._cleaned, self._decided, self._earlier = cleaned, decided, earlier
        self._name = f"dedup/{group.label}"

    def keys(self) -> Stage:
        sidecars = zip(
            self._cleaned.shards("shard-"),
            self._cleaned.shards("scores-"),
            self._decided.shards("ledger-"),
            *(manifest.shards("ledger-") for manifest in self._earlier),
            strict=True,
        )
        payloads = [
            {
                "group": pack_group(self._group),
                "shard": packed(shard),
                "scores": packed(scores),
                "decisions": packed(decisions),
                "earlier": [packed(each) for each in earlier],
            }
            for shard, scores, decisions, *earlier in sidecars
        ]
        definition = [VERSIONS["dedup"], self._group.identity()]
        return stage_of(f"{self._name}/keys", self._run, _TASKS + "keys_unit", self._settings, definition, payloads)

    def groups(self, keys: Manifest) -> Stage:
        ranges = max(1, -(-keys.counts.get("documents", 0) // _DOCUMENTS_PER_RANGE))
        payload = {"keys": keys.digest, "ranges": ranges}
        name = f"{self._name}/groups"
        units = units_of(name, VERSIONS["dedup"], [payload] * ranges, [payload] * ranges)
        emitters = [
            Unit(
                stage=f"{self._name}/emit",
                index=index,
                fingerprint="",
                payload={"keys": packed(file), "ranges": ranges},
            )
            for index, file in enumerate(keys.files)
        ]
        return self._grouped(name, units, emitters, "emit_range", "group_range")

    def ledger(self, groups: Manifest) -> Stage:
        name = f"{self._name}/ledger"
        payloads = [
            {"groups": groups.digest, "decisions": packed(decisions)} for decisions in self._decided.shards("ledger-")
        ]
        units = units_of(name, VERSIONS["dedup"], payloads, payloads)
        emitters = [
            Unit(stage=f"{self._name}/route", index=index, fingerprint="", payload={"groups": packed(file)})
            for index, file in enumerate(groups.files)
        ]
        return self._grouped(name, units, emitters, "emit_members", "ledger_unit")

    def _grouped(self, name: str, units: Sequence[Unit], emitters: Sequence[Unit], emit: str, task: str) -> Stage:
        work = Work(str(self._run.root), _TASKS + task, self._settings)

        def run(engine: Engine, todo: Sequence[Unit]) -> None:
            for wave in _waves(todo, self._settings["memory_bytes"], engine):
                first, last = min(wave), max(wave) + 1
                engine.group(emitters, Grouping(_TASKS + emit, work, first, last, wave))

        fingerprint = digest_of([name, [unit.fingerprint for unit in units]])
        return Stage(name, fingerprint, tuple(units), run)


def _waves(todo: Sequence[Unit], memory_bytes: int, engine: Engine) -> Iterator[dict[int, Unit]]:
    """Units to do, as many at a time as the memory budget holds; all at once on a cluster."""
    size = len(todo)
    if engine.is_local:
        size = max(1, memory_bytes // (_DOCUMENTS_PER_RANGE * _BYTES_PER_DOCUMENT))
    for start in range(0, len(todo), size):
        yield {unit.index: unit for unit in todo[start : start + size]}
