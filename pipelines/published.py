"""A dataset as others compare and change it: a dataset folder, and the run around it where that is still there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import ResourceError
from curation.kernels.hashing import hash_ranges128
from curation.manifest import MANIFEST, Manifest
from curation.schema import id_words, text_buffers
from curation.shards import FileRecord, read_shard
from data_cards.facts import CardFacts

__all__ = ["Index", "Published"]

Words = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Index:
    """All documents of a release in the order of their ids: id, hash of the text and of the address in two words each
    (zeros without address), bytes of text, source. `sources` names what `source` counts through.
    """

    ids: Words
    texts: Words
    urls: Words
    bytes: npt.NDArray[np.int64]
    source: npt.NDArray[np.int32]
    sources: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True)
class Published:
    """`dataset` is its folder; `run` the run directory it lies in, or None for a dataset alone."""

    dataset: Path
    run: Path | None

    @classmethod
    def open(cls, path: Path) -> Published:
        """A run directory or a dataset folder. Raises ResourceError for anything else."""
        path = path.absolute()
        if (path / "dataset" / MANIFEST).is_file():
            return cls(path / "dataset", path)
        if not (path / MANIFEST).is_file() or Manifest.read(path / MANIFEST).stage != "dataset":
            raise ResourceError(str(path), "no release", "a finished run or a dataset folder", "mend the path")
        around = path.parent if (path.parent / "recipe.resolved.yaml").is_file() else None
        return cls(path, around)

    @cached_property
    def manifest(self) -> Manifest:
        return Manifest.read(self.dataset / MANIFEST)

    @cached_property
    def facts(self) -> CardFacts:
        return CardFacts.model_validate(self.manifest.facts)

    def shards(self) -> list[FileRecord]:
        return list(self.manifest.shards("data-"))

    def documents(self, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        for file in self.shards():
            for batch in read_shard(self.dataset, file):
                yield batch.select(list(columns))

    def ledger(self, columns: Sequence[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Those of the columns that the ledger has, or all, `id` first; nothing for a dataset alone."""
        if self.run is None:
            return
        for file in Manifest.read(self.run / "ledger" / MANIFEST).files:
            for batch in read_shard(self.run, file):
                wanted = batch.schema.names if columns is None else ["id", *columns]
                yield batch.select([name for name in wanted if name in batch.schema.names])

    @cached_property
    def index(self) -> Index:
        """60 bytes a document, whatever their text."""
        names: dict[str, int] = {}
        parts = [_entries(batch, names) for batch in self.documents(("id", "source", "url", "text"))]
        if not parts:
            empty = np.zeros((0, 2), np.uint64)
            return Index(empty, empty, empty, np.zeros(0, np.int64), np.zeros(0, np.int32), ())
        columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
        order = np.lexsort((columns[0][:, 1], columns[0][:, 0]))
        return Index(*(column[order] for column in columns), tuple(names))


def _entries(batch: pa.RecordBatch, names: dict[str, int]) -> tuple[npt.NDArray[np.generic], ...]:
    known = batch.column("source").dictionary_encode()
    numbers = np.array([names.setdefault(name, len(names)) for name in known.dictionary.to_pylist()], np.int32)
    urls = _hashes(batch.column("url"))
    urls[pc.fill_null(pc.binary_length(batch.column("url")), 0).to_numpy(zero_copy_only=False) == 0] = 0
    sizes = np.diff(text_buffers(batch.column("text"))[1])
    return id_words(batch.column("id")), _hashes(batch.column("text")), urls, sizes, numbers[known.indices.to_numpy()]


def _hashes(column: pa.Array) -> Words:
    data, offsets = text_buffers(column)
    return np.stack(hash_ranges128(data, offsets[:-1], offsets[1:]), axis=1)
