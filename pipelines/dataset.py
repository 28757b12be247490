"""The dataset folder that users take away, and the ledger that says where every document went."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import IntegrityError
from curation.files import digest_of, whole_file
from curation.forgotten import FOLDER as FORGOTTEN_FOLDER
from curation.forgotten import FORGOTTEN, ForgottenList
from curation.manifest import MANIFEST, Manifest
from curation.recipe import Recipe
from curation.schema import DOCUMENT
from curation.shards import FileRecord, read_shard
from data_cards.facts import CardFacts
from data_cards.folder import dataset_texts
from pipelines.augmentation import Augmented
from pipelines.placement import Order, Part, Segment, cut, places, shuffled
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage
from pipelines.stages import VERSIONS, packed, stage_of
from pipelines.tasks.clean import scores_schema
from pipelines.tasks.ledger import REMOVED
from pipelines.tokens import FOLDER as TOKENS

__all__ = ["Placement", "certificates", "finish_dataset", "ledger_stage", "place", "shard_stage"]


class Placement:
    """All parts in order, and for each split the segments of its shards, or its order if it is shuffled.

    `rooms` are the stages that parts lie in: documents, outcomes, and those of parents or "".
    """

    def __init__(
        self,
        parts: Sequence[Part],
        shards: dict[str, list[list[Segment]]],
        orders: dict[str, Order],
        rooms: Sequence[tuple[str, str, str]],
    ) -> None:
        self.parts, self.shards, self.orders, self.rooms = parts, shards, orders, rooms

    def contents(self, split: str, number: int) -> dict[str, Any]:
        """What a shard is made from."""
        if split in self.orders:
            # The sums are what the order is applied to: other files are another shard.
            files = digest_of([[part.shard.sha256, part.outcome.sha256] for part in self.parts])
            return {"order": {**self.orders[split].of_shard(number), "rooms": self.rooms, "files": files}}
        return {"segments": [_segment(self.parts[each.part], each) for each in self.shards[split][number]]}

    def places(self, part: int) -> dict[str, Any]:
        """Where the documents of a part go, by split."""
        return {
            split: self.orders[split].of_part(part) if split in self.orders else places(shards, part)
            for split, shards in self.shards.items()
        }

    def path(self, split: str, number: int) -> str:
        return f"dataset/{split}/data-{number:05d}-of-{len(self.shards[split]):05d}.arrow"


def place(
    recipe: Recipe, run: RunDirectory, read: tuple[Manifest, Manifest, Manifest], augmented: Augmented
) -> Placement:
    """`read` are documents, their outcomes as they were split, and their last ones."""
    documents, split, fates = read
    held = ForgottenList.read(run.root).documents
    new = [
        dataclasses.replace(part, parents=parents)
        for part, parents in zip(
            _parts(run, augmented.documents, augmented.outcomes, held), split.shards("ledger-"), strict=False
        )
    ]
    parts = [*_parts(run, documents, fates, held), *new]
    size = recipe.dataset.shard_bytes
    seed, splits = recipe.dataset.shuffle, recipe.dataset.splits
    orders = {} if seed is None else {name: shuffled(parts, name, seed, size) for name in splits}
    shards = {name: [[]] * (len(order.bounds) - 1) for name, order in orders.items()}
    shards = shards or {name: cut(run.root, parts, name, size) for name in splits}
    rooms = [(documents.stage, fates.stage, "")]
    if augmented.documents.shards("shard-"):
        rooms.append((augmented.documents.stage, augmented.outcomes.stage, split.stage))
    return Placement(parts, {name: cuts for name, cuts in shards.items() if cuts}, orders, rooms)


Held = Mapping[str, tuple[str, int] | None]


def _parts(run: RunDirectory, documents: Manifest, outcomes: Manifest, held: Held) -> list[Part]:
    """`held` are documents that were forgotten, with the split they were in and their bytes there."""
    pairs = zip(documents.shards("shard-"), outcomes.shards("ledger-"), strict=True)
    return [
        Part(shard, outcome, *_totals(run.root, outcome), gaps=_gaps(run.root, outcome, held) if held else {})
        for shard, outcome in pairs
    ]


def _gaps(root: Path, outcome: FileRecord, held: Held) -> dict[str, list[tuple[int, int]]]:
    """For each split the gaps that forgotten documents left in a part, in order."""
    gaps: dict[str, list[tuple[int, int]]] = {}
    seen: Counter[str | None] = Counter()
    known = pa.array(list(held), pa.string())
    for batch in read_shard(root, outcome):
        splits, ids = batch.column("split").to_pylist(), batch.column("id").to_pylist()
        marked = pc.and_(pc.equal(batch.column("reason"), FORGOTTEN), pc.is_in(batch.column("id"), value_set=known))
        start = 0
        for row in np.flatnonzero(marked.fill_null(False).to_numpy(zero_copy_only=False)).tolist():
            seen.update(splits[start:row])
            start = row
            if (place := held[ids[row]]) is not None:
                gaps.setdefault(place[0], []).append((seen[place[0]], place[1]))
        seen.update(splits[start:])
    return gaps


def _totals(root: Path, outcome: FileRecord) -> tuple[dict[str, int], dict[str, int]]:
    """Documents and bytes by split of one sidecar."""
    batches = [batch.select(["split", "bytes"]) for batch in read_shard(root, outcome)]
    if not batches:
        return {}, {}
    sums = (
        pa.Table.from_batches(batches).group_by("split").aggregate([("bytes", "count"), ("bytes", "sum")]).to_pylist()
    )
    known = [row for row in sums if row["split"] is not None]
    return {row["split"]: row["bytes_count"] for row in known}, {row["split"]: row["bytes_sum"] for row in known}


def shard_stage(run: RunDirectory, settings: dict[str, Any], placement: Placement, phases: Sequence[str] = ()) -> Stage:
    """`phases` of a mixture are written beside the shards of the first split."""
    mixed = next(iter(placement.shards), None) if phases else None
    payloads = [
        {
            "split": split,
            "path": placement.path(split, number),
            "phases": list(phases) if split == mixed else [],
            **placement.contents(split, number),
        }
        for split, shards in placement.shards.items()
        for number in range(len(shards))
    ]
    return stage_of("shard", run, "pipelines.tasks.shard:shard_unit", settings, VERSIONS["shard"], payloads)


def _segment(part: Part, segment: Segment) -> dict[str, Any]:
    return {
        "shard": packed(part.shard),
        "outcome": packed(part.outcome),
        "start": segment.start,
        "end": segment.end,
        "parents": packed(part.parents) if part.parents is not None else None,
    }


def ledger_stage(
    recipe: Recipe,
    run: RunDirectory,
    settings: dict[str, Any],
    placement: Placement,
    cleaned: Manifest,
    decided: Manifest,
    ledgers: Sequence[Manifest],
    augmented: Augmented,
) -> Stage:
    rewritten = {
        group.label: manifest.shards("ledger-")
        for group, manifest in zip(recipe.dedup, ledgers, strict=True)
        if manifest.shards("shard-")
    }
    attributes = scores_schema(recipe.clean)
    for label in rewritten:
        attributes = pa.schema([*attributes, *(pa.field(f"{label}.{name}", kind) for name, kind in REMOVED.items())])
    common = {
        "attributes": attributes.serialize().to_pybytes().hex(),
        "rule_bytes": max(1, -(-len(recipe.all_rules()) // 8)),
    }
    read = list(zip(cleaned.shards("scores-"), decided.shards("ledger-"), strict=True))
    new = list(zip(augmented.documents.shards("scores-"), augmented.decisions.shards("ledger-"), strict=True))
    payloads = []
    for number, part in enumerate(placement.parts):
        where = placement.places(number)
        payload = {**common, "shard": packed(part.shard), "outcome": packed(part.outcome), "places": where}
        scores, decisions = [*read, *new][number]
        payload.update(scores=packed(scores), decisions=packed(decisions))
        if number < len(read):
            payload["rewritten"] = {label: packed(files[number]) for label, files in rewritten.items()}
        payloads.append(payload)
    return stage_of("ledger", run, "pipelines.tasks.ledger:ledger_unit", settings, VERSIONS["ledger"], payloads)


def finish_dataset(
    run: RunDirectory,
    stage: Stage,
    manifest: Manifest,
    facts: CardFacts,
    tokens: Callable[[str], Manifest] | None = None,
) -> Manifest:
    """Everything beside the shards: what `datasets` reads, the card, and last the dataset's own manifest.

    `tokens` gives the manifest of the tokens folder, where there is one, for the digest of the dataset.
    """
    shards = [_moved(file) for file in manifest.files]
    texts = dataset_texts(facts, [_moved(file) for file in manifest.shards("data-")], DOCUMENT)
    texts |= {path.relative_to(run.root).as_posix(): path.read_text("utf-8") for path in certificates(run.root)}
    finished = Manifest(
        stage="dataset",
        fingerprint=stage.fingerprint,
        files=(*shards, *(_record(path, text) for path, text in sorted(texts.items()))),
        counts=manifest.counts,
        facts=facts.model_dump(mode="json"),
    ).sealed()
    _replace_folder(run.dataset, finished, texts, tokens(finished.digest) if tokens is not None else None)
    return finished


def certificates(root: Path) -> list[Path]:
    """Certificates of what was taken out of a run or a dataset folder, in order."""
    return sorted((root / FORGOTTEN_FOLDER).glob("certificate-*.json"))


def _replace_folder(root: Path, finished: Manifest, texts: dict[str, str], tokens: Manifest | None) -> None:
    """Write what changed, remove what an earlier recipe left, and the manifests after all."""
    if _is_written(root, finished) and (tokens is None or _is_written(root / TOKENS, tokens)):
        return
    (root / MANIFEST).unlink(missing_ok=True)
    for path, text in texts.items():
        with whole_file(root / path) as file:
            file.write(text.encode())
    own = {file.path for file in finished.files}
    own |= {f"{TOKENS}/{file.path}" for file in tokens.files} if tokens is not None else set()
    for path in sorted(root.rglob("*"), reverse=True):
        if path.is_file() and path.relative_to(root).as_posix() not in own:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    finished.write(root / MANIFEST)
    if tokens is not None:
        tokens.write(root / TOKENS / MANIFEST)


def _is_written(root: Path, finished: Manifest) -> bool:
    try:
        for file in finished.files:
            file.check(root)
        return Manifest.read(root / MANIFEST) == finished
    except IntegrityError:
        return False


def _record(path: str, text: str) -> FileRecord:
    data = text.encode()
    return FileRecord(path=path, bytes=len(data), sha256=hashlib.sha256(data).hexdigest())


def _moved(file: FileRecord) -> FileRecord:
    return file.model_copy(update={"path": file.path.removeprefix("dataset/")})
