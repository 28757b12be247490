"""The dedup stage: what documents have in common is found by key ranges, through the engine's own GroupByKey.

    equal    keys by shard ─▶ groups by key range ─▶ sidecars by shard
    linked   bands by shard ─▶ pairs by key range ─▶ edges by shard ─▶ labels ─▶ unseen by component ─▶ edges again
             ─▶ groups by component ─▶ sidecars by shard
    units    units by shard ─▶ lost by key range ─▶ text by shard: documents without them, and sidecars
    passages anchors by shard ─▶ repeated by key range ─▶ runs by shard ─▶ lost by key range ─▶ text by shard

On one machine, ranges go through in waves, so that what is in flight fits the memory budget; on a cluster in one wave.
How many ranges there are depends on the data alone, so every machine leaves the same files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from curation.files import digest_of
from curation.manifest import Manifest, Unit
from curation.recipe import Group, Recipe
from curation.shards import FileRecord
from pipelines.engine import Engine, Grouping, Work
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, content_of, units_of
from pipelines.stages import VERSIONS, packed, stage_of
from pipelines.tasks.components import pack_group

__all__ = ["Deduplicated", "dedup_stages", "steps_of"]

_EQUAL, _NEAR, _TEXT = "pipelines.tasks.dedup:", "pipelines.tasks.near:", "pipelines.tasks.rewriting:"
_ROWS_PER_RANGE = 2_000_000
# Packed rows in the engine, on their way to a worker, and sorted there; measured on `benchmarks/dedup.py`.
_COPIES = 5

Do = Callable[[Stage], Manifest]

_STEPS = {
    "equal": ("keys", "groups", "ledger"),
    "linked": ("bands", "pairs", "edges", "labels", "unseen", "edges-again", "groups", "ledger"),
    "units": ("units", "lost", "text"),
    "passages": ("anchors", "repeated", "runs", "lost", "text"),
}


@dataclass(frozen=True)
class Deduplicated:
    """The documents with the text they have after all groupings, and the sidecars of every grouping in order."""

    documents: Manifest
    ledgers: tuple[Manifest, ...]


def dedup_stages(
    recipe: Recipe, run: RunDirectory, settings: dict[str, Any], cleaned: Manifest, decided: Manifest, do: Do
) -> Deduplicated:
    """Every grouping in order; each sees only the documents, and the text, that the ones before it left."""
    state = Deduplicated(cleaned, ())
    for group in recipe.dedup:
        dedup = _Dedup(group, run, settings, cleaned, decided, state)
        ledger = getattr(dedup, group.grouping.method)(do)
        documents = ledger if ledger.shards("shard-") else state.documents
        state = Deduplicated(documents, (*state.ledgers, ledger))
    return state


def steps_of(group: Group) -> tuple[str, ...]:
    """Names of the steps of a grouping, in order."""
    return _STEPS[group.grouping.method]


class _Dedup:
    """The steps of one grouping, each a stage."""

    def __init__(
        self,
        group: Group,
        run: RunDirectory,
        settings: dict[str, Any],
        cleaned: Manifest,
        decided: Manifest,
        before: Deduplicated,
    ) -> None:
        self._group, self._run, self._settings = group, run, settings
        self._cleaned, self._decided = cleaned, decided
        self._documents, self._earlier = before.documents, before.ledgers
        self._packed = pack_group(group)

    def equal(self, do: Do) -> Manifest:
        keys = do(self._by_shard("keys", _EQUAL + "keys_unit"))
        ranges = _ranges(keys.counts.get("documents", 0))
        groups = do(self._by_key("groups", ranges, keys.files, (_EQUAL, "emit_range", "group_range")))
        return do(self._ledger(groups))

    def linked(self, do: Do) -> Manifest:
        bands = do(self._by_shard("bands", _NEAR + "bands_unit"))
        entries = bands.shards("bands-")
        ranges = _ranges(bands.counts.get("entries", 0))
        pairs = do(self._by_key("pairs", ranges, entries, (_NEAR, "emit_bands", "pairs_range")))
        edges = do(self._edges("edges", pairs))
        labels = do(self._labels(edges))
        unseen = do(self._components("unseen", labels, edges.files, "unseen_range"))
        more = do(self._edges("edges-again", unseen))
        groups = do(self._components("groups", labels, (*edges.files, *more.files), "groups_range"))
        return do(self._ledger(groups))

    def units(self, do: Do) -> Manifest:
        units = do(self._by_shard("units", _TEXT + "units_unit"))
        return self._without_lost(units, do)

    def passages(self, do: Do) -> Manifest:
        anchors = do(self._by_shard("anchors", _TEXT + "anchors_unit"))
        ranges = _ranges(anchors.counts.get("entries", 0))
        repeated = do(self._by_key("repeated", ranges, anchors.files, (_TEXT, "emit_keys", "repeated_range")))
        return self._without_lost(do(self._by_place("runs", repeated, "runs_unit")), do)

    def _without_lost(self, units: Manifest, do: Do) -> Manifest:
        ranges = _ranges(units.counts.get("entries", 0))
        lost = do(self._by_key("lost", ranges, units.files, (_TEXT, "emit_keys", "lost_range")))
        return do(self._by_place("text", lost, "text_unit"))

    def _by_place(self, step: str, places: Manifest, task: str) -> Stage:
        """A unit for each shard of documents, fed with the places that lie in it."""
        payloads = [
            {"group": self._packed, "read": places.digest, "shard": packed(shard)}
            for shard in self._documents.shards("shard-")
        ]
        feeds = [{"file": file.path} for file in places.files]
        size = sum(file.bytes for file in places.files)
        return self._grouped(step, payloads, feeds, (_TEXT, "emit_places", task), size)

    def _name(self, step: str) -> str:
        return f"dedup/{self._group.label}/{step}"

    def _by_shard(self, step: str, task: str) -> Stage:
        """A unit for each cleaned shard, with all that says which of its documents are still in the run."""
        sidecars = zip(
            self._documents.shards("shard-"),
            self._cleaned.shards("scores-"),
            self._decided.shards("ledger-"),
            *(manifest.shards("ledger-") for manifest in self._earlier),
            strict=True,
        )
        payloads = [
            {
                "group": self._packed,
                "shard": packed(shard),
                "scores": packed(scores),
                "decisions": packed(decisions),
                "earlier": [packed(each) for each in earlier],
            }
            for shard, scores, decisions, *earlier in sidecars
        ]
        definition = [VERSIONS["dedup"], self._group.identity()]
        return stage_of(self._name(step), self._run, task, self._settings, definition, payloads)

    def _by_key(self, step: str, count: int, files: Sequence[FileRecord], tasks: tuple[str, str, str]) -> Stage:
        """A unit for each of `count` key ranges, fed from slices of `files`, one for each shard in order."""
        payload = {"read": [file.sha256 for file in files], "ranges": count, "group": self._packed}
        payload["bands"] = self._name("bands")
        feeds = [{"file": file.path, "shard": shard, "ranges": count} for shard, file in enumerate(files)]
        return self._grouped(step, [payload] * count, feeds, tasks, sum(file.bytes for file in files))

    def _edges(self, step: str, pairs: Manifest) -> Stage:
        """A unit for each shard, fed with the pairs that begin in it."""
        documents = {"documents": self._documents.stage, "documents_digest": self._documents.digest}
        common = {"read": pairs.digest, "group": self._packed, **documents}
        payloads = [common] * len(self._documents.shards("shard-"))
        feeds = [{"file": file.path} for file in pairs.files]
        tasks = (_NEAR, "emit_pairs", "edges_unit")
        return self._grouped(step, payloads, feeds, tasks, sum(file.bytes for file in pairs.files))

    def _labels(self, edges: Manifest) -> Stage:
        payload = {"group": self._packed, "edges": [file.path for file in edges.files], "read": edges.digest}
        task = _NEAR + "labels_unit"
        return stage_of(self._name("labels"), self._run, task, self._settings, VERSIONS["dedup"], [payload])

    def _components(self, step: str, labels: Manifest, edges: Sequence[FileRecord], task: str) -> Stage:
        """A unit for each range of components, fed with all their links."""
        count = _ranges(labels.counts.get("nodes", 0))
        payload = {"group": self._packed, "ranges": count, "bands": self._name("bands"), "labels": labels.digest}
        payload["read"] = [file.sha256 for file in edges]
        threshold = self._group.grouping.threshold
        common = {"labels": labels.files[0].path, "threshold": threshold, "ranges": count}
        feeds = [{**common, "file": file.path} for file in edges]
        size = sum(file.bytes for file in edges)
        return self._grouped(step, [payload] * count, feeds, (_NEAR, "emit_edges", task), size)

    def _ledger(self, groups: Manifest) -> Stage:
        payloads = [
            {"groups": groups.digest, "decisions": packed(decisions)} for decisions in self._decided.shards("ledger-")
        ]
        feeds = [{"groups": packed(file)} for file in groups.files]
        tasks = (_EQUAL, "emit_members", "ledger_unit")
        return self._grouped("ledger", payloads, feeds, tasks, sum(file.bytes for file in groups.files))

    def _grouped(
        self,
        step: str,
        payloads: Sequence[dict[str, Any]],
        feeds: Sequence[dict[str, Any]],
        tasks: tuple[str, str, str],
        size: int,
    ) -> Stage:
        """A stage whose units get values by key; `size` is about how many bytes travel in all."""
        module, emit, task = tasks
        name = self._name(step)
        # A unit gets the values of its number, so the number is part of what it is.
        identities = [[index, content_of(payload)] for index, payload in enumerate(payloads)]
        units = units_of(name, VERSIONS["dedup"], payloads, identities)
        work = Work(str(self._run.root), module + task, self._settings)
        emitters = [
            Unit(stage=f"{name}-feed", index=index, fingerprint="", payload=feed) for index, feed in enumerate(feeds)
        ]
        memory, each = self._settings["memory_bytes"], max(1, size // max(1, len(units))) * _COPIES

        def run(engine: Engine, todo: Sequence[Unit]) -> None:
            for wave in _waves(todo, max(1, memory // each) if engine.is_local else len(todo)):
                engine.group(emitters, Grouping(module + emit, work, min(wave), max(wave) + 1, wave))

        fingerprint = digest_of([name, [unit.fingerprint for unit in units]])
        return Stage(name, fingerprint, tuple(units), run)


def _ranges(rows: int) -> int:
    return max(1, -(-rows // _ROWS_PER_RANGE))


def _waves(todo: Sequence[Unit], size: int) -> Iterator[dict[int, Unit]]:
    for start in range(0, len(todo), size):
        yield {unit.index: unit for unit in todo[start : start + size]}
