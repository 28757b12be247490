"""The raw text of a study: collected once, cut by clusters of near duplicates, and canaries planted in it.

Whole clusters are held out or kept, and whole clusters are taken when only part of the text is wanted: a sample of
documents would leave the duplicates behind that the study may want to measure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.collect.tables import Arrow
from curation.dedup.minhash import MinHash
from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest
from curation.recipe import DatasetOptions, Group, Recipe
from curation.schema import DOCUMENT, document_id, seed_for
from curation.shards import read_shard
from pipelines.ablation.defects import CANARIES, text_bytes
from pipelines.ablation.documents import is_made, read_dataset, write_dataset
from pipelines.runner import Options, run_recipe
from training.ablation.measures.canaries import plan_canaries
from training.ablation.study import Study

__all__ = ["Pool", "all_documents", "make_pool", "recipe_on"]

_TRAIN, _HELD_OUT, _OOD, _UNUSED = range(4)
# Of a pool that is only part of the text: a larger cluster would be most of what its arms are told apart by.
_LARGEST = 0.05


@dataclass(frozen=True)
class Pool:
    """Folders of raw documents by source: to train on, held out from the same sources, and out of domain."""

    train: dict[str, Path]
    held_out: dict[str, Path]
    ood: dict[str, Path]
    digest: str


def make_pool(root: Path, study: Study, recipe: Recipe, options: Options) -> Pool:
    """Collect, cluster, divide and plant, or find it done."""
    run = root / "source"
    probe = Recipe(
        name=recipe.name,
        sources=recipe.sources,
        dedup=(Group(grouping=MinHash()),),
        dataset=DatasetOptions(splits={"train": 1.0}),
        limits=recipe.limits,
    )
    collected = run_recipe(probe, run, options).manifest.digest
    plan = study.held_out.model_dump(mode="json")
    canaries = study.canaries.model_dump(mode="json") if study.canaries else None
    digest = digest_of([collected, plan["share"], plan["ood"], study.pool_bytes, study.name, canaries])
    places = {name: _by_source(root / "pool" / name, recipe, study) for name in ("train", "held_out", "ood")}
    if not all(is_made(folder, digest) for parts in places.values() for folder in parts.values()):
        _divide(run, study, places, digest)
    filled = {name: {s: f for s, f in parts.items() if _documents(f)} for name, parts in places.items()}
    return Pool(**filled, digest=digest)


def recipe_on(recipe: Recipe, folders: dict[str, Path]) -> Recipe:
    """The recipe with the documents of folders for sources, all of it in one split."""
    sources = tuple(
        Arrow(name=name, path=str(folder / "*" / "*.arrow"), keep=("meta",)) for name, folder in sorted(folders.items())
    )
    return recipe.model_copy(update={"sources": sources, "dataset": DatasetOptions(splits={"train": 1.0})})


def _by_source(folder: Path, recipe: Recipe, study: Study) -> dict[str, Path]:
    names = [source.name for source in recipe.sources]
    planted = [CANARIES] if folder.name == "train" and study.canaries else []
    return {name: folder / name for name in (*names, *planted)}


def _documents(folder: Path) -> int:
    return Manifest.read(folder / MANIFEST).counts["documents"]


def _divide(run: Path, study: Study, places: dict[str, dict[str, Path]], digest: str) -> None:
    """Write every document to its place."""
    documents = _collected(run)
    clusters = _clusters(run)
    place = _placed(documents, clusters, study)
    sources = np.array(documents.column("source").to_pylist(), object)
    for number, name in enumerate(("train", "held_out", "ood")):
        for source, folder in places[name].items():
            if source == CANARIES:
                table = _planted(study)
            else:
                table = documents.take(pa.array(np.flatnonzero((place == number) & (sources == source))))
            write_dataset(folder, "raw", [table], digest)


def _collected(run: Path) -> pa.Table:
    """Raw documents with text, in the order of a hash of their ids."""
    files = Manifest.read(run / "collect" / MANIFEST).shards("shard-")
    table = pa.Table.from_batches([batch for file in files for batch in read_shard(run, file)], DOCUMENT)
    table = table.filter(pc.greater(pc.binary_length(table.column("text")).fill_null(0), 0))
    order = sorted(range(table.num_rows), key=table.column("id").to_pylist().__getitem__)
    return table.take(pa.array(order, pa.int64()))


def _clusters(run: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for file in Manifest.read(run / "ledger" / MANIFEST).files:
        for batch in read_shard(run, file):
            found.update(zip(batch.column("id").to_pylist(), batch.column("cluster").to_pylist(), strict=True))
    return found


def _placed(documents: pa.Table, clusters: dict[str, str], study: Study) -> npt.NDArray[np.int64]:
    """Where each document goes. A cluster with one document out of domain is nowhere else."""
    ids, keys = documents.column("id").to_pylist(), documents.column("key").to_pylist()
    sources, sizes = documents.column("source").to_pylist(), text_bytes(documents)
    foreign = np.array([_is_ood(s, k, study.held_out.ood) for s, k in zip(sources, keys, strict=True)], np.bool_)
    names, cluster = np.unique(np.array([clusters.get(each) or each for each in ids]), return_inverse=True)
    chance = np.array([seed_for(f"held_out.{study.name}", name) / 2**64 for name in names.tolist()])
    touched = np.zeros(len(names), np.bool_)
    touched[cluster[foreign]] = True
    kind = np.where(chance < study.held_out.share, _HELD_OUT, _TRAIN)
    if study.pool_bytes is not None:
        amount = np.bincount(cluster, sizes, len(names))
        kind[(kind == _TRAIN) & (amount > _LARGEST * study.pool_bytes)] = _UNUSED
        amount *= (kind == _TRAIN) & ~touched
        order = np.argsort(chance, kind="stable")
        beyond = np.cumsum(amount[order]) > study.pool_bytes
        kind[order[beyond & (kind[order] == _TRAIN)]] = _UNUSED
    place = np.where(touched[cluster], _UNUSED, kind[cluster])
    return np.where(foreign, _OOD, place)


def _is_ood(source: str, key: str, patterns: tuple[str, ...]) -> bool:
    """Whether a document matches an entry: a source, or `source:pattern` over its keys."""
    for entry in patterns:
        name, _, pattern = entry.partition(":")
        if source == name and (not pattern or fnmatchcase(key, pattern)):
            return True
    return False


def _planted(study: Study) -> pa.Table:
    assert study.canaries is not None
    rows = [
        {"id": document_id(CANARIES, key), "source": CANARIES, "key": key, "text": canary.text}
        for number, canary in enumerate(plan_canaries(study.canaries))
        for key in _keys(number, canary.copies)
    ]
    return pa.Table.from_pylist(rows, DOCUMENT)


def _keys(number: int, copies: int) -> Iterator[str]:
    return (f"{number}/{copy}" for copy in range(copies))


def all_documents(folders: dict[str, Path]) -> pa.Table:
    """Documents of several folders, by source."""
    return pa.Table.from_batches([batch for name in sorted(folders) for batch in read_dataset(folders[name])], DOCUMENT)
