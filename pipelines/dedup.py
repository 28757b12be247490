"""The dedup stage: what documents have in common is found by key ranges, through the engine's own GroupByKey.

    equal    keys by shard ─▶ groups by key range ─▶ sidecars by shard
    linked   bands by shard ─▶ pairs by key range ─▶ edges by shard ─▶ stars ─▶ unseen by component ─▶ edges again
             ─▶ groups by component ─▶ sidecars by shard
    units    units by shard ─▶ lost by key range ─▶ text by shard: documents without them, and sidecars
    passages anchors by shard ─▶ repeated by key range ─▶ runs by shard ─▶ lost by key range ─▶ text by shard

Against earlier releases (`previous` of the recipe), a step `released` copies the keys of what they kept; their shards
take the numbers after those of the run. They win every election and are not written again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from curation.files import digest_of
from curation.manifest import Manifest
from curation.recipe import Group, Recipe
from curation.shards import FileRecord
from pipelines.grouped import Feed, grouped_stage, ranges
from pipelines.releases import Kept, releases_of
from pipelines.rounds import settle
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, content_of
from pipelines.stages import VERSIONS, packed, stage_of
from pipelines.tasks.components import pack_group

__all__ = ["Corpus", "Deduplicated", "dedup_stages", "deduplicate", "keys_stage", "steps_of"]

_TASKS = "pipelines.tasks."
_VERSION = VERSIONS["dedup"]

Do = Callable[[Stage], Manifest]

_STEPS = {
    "equal": ("keys", "groups", "ledger"),
    "linked": ("bands", "pairs", "edges", "stars", "unseen", "edges-again", "groups", "ledger"),
    "units": ("units", "lost", "text"),
    "passages": ("anchors", "repeated", "runs", "lost", "text"),
}
# The step whose files a later run can be compared with.
_KEYS = {"equal": "keys", "linked": "bands", "units": "units"}


@dataclass(frozen=True)
class Corpus:
    """Documents with their scores and states, and what they are compared with besides each other.

    `unlike_parent` are steps of augmentation whose new documents are not compared with their parents and siblings;
    stages are written under `room`.
    """

    documents: Manifest
    scores: Manifest
    states: Manifest
    releases: Sequence[Kept] = ()
    unlike_parent: tuple[str, ...] = ()
    room: str = "dedup"


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
    releases = releases_of(recipe)
    for group in recipe.dedup:
        corpus = Corpus(state.documents, cleaned, decided, releases)
        ledger = deduplicate(group, run, settings, corpus, state.ledgers, do)
        documents = ledger if ledger.shards("shard-") else state.documents
        state = Deduplicated(documents, (*state.ledgers, ledger))
    return state


def deduplicate(
    group: Group, run: RunDirectory, settings: dict[str, Any], corpus: Corpus, earlier: Sequence[Manifest], do: Do
) -> Manifest:
    """The sidecars of one grouping, for what `earlier` ones left."""
    ledger: Manifest = getattr(_Dedup(group, run, settings, corpus, earlier), group.grouping.method)(do)
    return ledger


def keys_stage(group: Group, run: RunDirectory, settings: dict[str, Any], corpus: Corpus) -> Stage:
    """The first step of a grouping of equal documents, alone."""
    return _Dedup(group, run, settings, corpus, ()).keys()


def steps_of(group: Group) -> tuple[str, ...]:
    """Names of the steps of a grouping, in order; rounds of `stars` and the step `released` come when needed."""
    return _STEPS[group.grouping.method]


class _Dedup:
    """The steps of one grouping, each a stage."""

    def __init__(
        self, group: Group, run: RunDirectory, settings: dict[str, Any], corpus: Corpus, earlier: Sequence[Manifest]
    ) -> None:
        self._group, self._run, self._settings = group, run, settings
        self._cleaned, self._decided = corpus.scores, corpus.states
        self._documents, self._earlier, self._room = corpus.documents, earlier, corpus.room
        self._packed = pack_group(group)
        self._releases, self._unlike_parent = corpus.releases, corpus.unlike_parent
        self._shards = len(self._documents.shards("shard-"))
        self._common = {"documents": self._documents.stage, "shards": self._shards, "released": self._name("released")}
        self._common["releases"] = [each.texts_for(group) for each in corpus.releases] if self._is("linked") else []

    def keys(self) -> Stage:
        return self._by_shard("keys", "dedup:keys_unit")

    def equal(self, do: Do) -> Manifest:
        keys = do(self.keys())
        files = (*keys.files, *self._released(do, "keys-"))
        groups = do(self._by_range("groups", files, "dedup:group_range"))
        return do(self._ledger(groups))

    def linked(self, do: Do) -> Manifest:
        bands = do(self._by_shard("bands", "near:bands_unit"))
        self._common["bands"] = bands.stage
        files = (*bands.shards("bands-"), *self._released(do, "bands-"))
        pairs = do(self._by_range("pairs", files, "near:pairs_range"))
        edges = do(self._edges("edges", pairs))
        stars = self._stars(edges, do)
        unseen = do(self._components("unseen", stars, edges.files, "linked:unseen_range"))
        more = do(self._edges("edges-again", unseen))
        groups = do(self._components("groups", stars, (*edges.files, *more.files), "linked:groups_range"))
        return do(self._ledger(groups))

    def units(self, do: Do) -> Manifest:
        units = do(self._by_shard("units", "rewriting:units_unit"))
        return self._without_lost((*units.files, *self._released(do, "keys-")), do)

    def passages(self, do: Do) -> Manifest:
        anchors = do(self._by_shard("anchors", "rewriting:anchors_unit"))
        repeated = do(self._by_range("repeated", anchors.files, "rewriting:repeated_range"))
        return self._without_lost(do(self._by_place("runs", repeated, "rewriting:runs_unit")).files, do)

    def _without_lost(self, files: Sequence[FileRecord], do: Do) -> Manifest:
        lost = do(self._by_range("lost", files, "rewriting:lost_range"))
        return do(self._by_place("text", lost, "rewriting:text_unit"))

    def _stars(self, edges: Manifest, do: Do) -> Manifest:
        """Every linked node with the smallest of its component."""
        count = ranges(edges.counts.get("linked", 0))

        def step(name: str, files: Sequence[FileRecord], emit: str, task: str) -> Manifest:
            return do(self._by_node(name, count, files, emit, task))

        return settle(edges.files, count, step)

    def _name(self, step: str) -> str:
        return f"{self._room}/{self._group.label}/{step}"

    def _is(self, method: str) -> bool:
        return bool(self._group.grouping.method == method)

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
        definition = [_VERSION, self._group.identity()]
        return stage_of(self._name(step), self._run, _TASKS + task, self._settings, definition, payloads)

    def _released(self, do: Do, prefix: str) -> tuple[FileRecord, ...]:
        """Keys of the documents that earlier releases kept, a file for each of their shards."""
        step = _KEYS[self._group.grouping.method]
        units = [unit for release in self._releases for unit in release.units(self._group, step)]
        if not units:
            return ()
        identities = [content_of({name: unit[name] for name in unit if name != "root"}) for unit in units]
        task = _TASKS + "released:released_unit"
        stage = stage_of(self._name("released"), self._run, task, self._settings, _VERSION, units, identities)
        return do(stage).shards(prefix)

    def _by_range(self, step: str, files: Sequence[FileRecord], task: str) -> Stage:
        """A unit for each range of keys, fed from slices of `files`, one for each shard in order."""
        count = ranges(sum(file.rows for file in files))
        feed = [{"file": packed(file), "shard": shard, "ranges": count} for shard, file in enumerate(files)]
        payload = {"read": digest_of([file.sha256 for file in files]), "ranges": count, "shards": self._shards}
        return self._stage(step, "packed:emit_ranges", feed, task, [payload] * count)

    def _by_place(self, step: str, places: Manifest, task: str) -> Stage:
        """A unit for each shard of documents, fed with the places that lie in it."""
        payloads = [{"read": places.digest, "shard": packed(shard)} for shard in self._documents.shards("shard-")]
        feed = [{"file": packed(file)} for file in places.files]
        return self._stage(step, "packed:emit_shards", feed, task, payloads)

    def _edges(self, step: str, pairs: Manifest) -> Stage:
        """A unit for each shard, fed with the pairs that begin in it."""
        payload: dict[str, Any] = {"read": pairs.digest, "texts": self._documents.digest}
        payload["unlike_parent"] = self._unlike_parent
        feed = [{"file": packed(file)} for file in pairs.files]
        return self._stage(step, "packed:emit_shards", feed, "linked:edges_unit", [payload] * self._shards)

    def _by_node(self, step: str, count: int, files: Sequence[FileRecord], emit: str, task: str) -> Stage:
        """A unit for each range of nodes."""
        payload = {"read": digest_of([file.sha256 for file in files]), "ranges": count}
        common = {"ranges": count, "threshold": self._group.grouping.threshold}
        feed = [{**common, "file": packed(file)} for file in files]
        return self._stage(step, f"stars:emit_{emit}", feed, f"stars:{task}_range", [payload] * count, files)

    def _components(self, step: str, stars: Manifest, edges: Sequence[FileRecord], task: str) -> Stage:
        """A unit for each range of components, fed with all their links."""
        count = ranges(stars.counts["edges"])
        payload = {"stars": stars.digest, "read": digest_of([file.sha256 for file in edges]), "ranges": count}
        common = {"stars": [file.path for file in stars.files], "threshold": self._group.grouping.threshold}
        feed = [{**common, "ranges": count, "file": packed(file)} for file in edges]
        return self._stage(step, "linked:emit_edges", feed, task, [payload] * count, edges)

    def _ledger(self, groups: Manifest) -> Stage:
        payloads = [
            {"groups": groups.digest, "decisions": packed(decisions)} for decisions in self._decided.shards("ledger-")
        ]
        feed = [{"file": packed(file)} for file in groups.files]
        return self._stage("ledger", "packed:emit_shards", feed, "dedup:ledger_unit", payloads)

    def _stage(
        self,
        step: str,
        emit: str,
        feed: Sequence[dict[str, Any]],
        task: str,
        payloads: Sequence[dict[str, Any]],
        carried: Sequence[FileRecord] = (),
    ) -> Stage:
        """`carried` are files whose rows go through the engine themselves, not their places alone."""
        source = Feed(_TASKS + emit, feed, sum(file.bytes for file in carried))
        payloads = [{"group": self._packed, **payload} for payload in payloads]
        arguments = self._run, self._settings, source, _TASKS + task, payloads, self._common
        return grouped_stage(self._name(step), [_VERSION, self._group.identity()], *arguments)
