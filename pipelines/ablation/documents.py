"""Documents of a study on disk: dataset folders with a manifest, made once for a fingerprint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from curation.errors import IntegrityError
from curation.manifest import MANIFEST, Manifest
from curation.schema import DOCUMENT
from curation.shards import ShardWriter, read_shard

__all__ = ["is_made", "read_dataset", "table_of", "write_dataset"]


def is_made(root: Path, fingerprint: str) -> bool:
    """Whether the folder holds what a fingerprint stands for, whole."""
    try:
        manifest = Manifest.read(root / MANIFEST)
        for file in manifest.files:
            file.check(root)
    except IntegrityError:
        return False
    return manifest.fingerprint == fingerprint


def write_dataset(root: Path, split: str, tables: Iterable[pa.Table], fingerprint: str) -> Manifest:
    """One shard of documents under a split's name, and its manifest last."""
    (root / MANIFEST).unlink(missing_ok=True)
    writer = ShardWriter(root, f"{split}/data-00000-of-00001.arrow", DOCUMENT)
    with writer:
        for table in tables:
            for batch in table.select(DOCUMENT.names).cast(DOCUMENT).combine_chunks().to_batches():
                writer.write(batch)
    counts = {"documents": writer.rows}
    manifest = Manifest(stage="dataset", fingerprint=fingerprint, files=(writer.record,), counts=counts).sealed()
    manifest.write(root / MANIFEST)
    return manifest


def read_dataset(root: Path) -> Iterator[pa.RecordBatch]:
    """Documents of a dataset folder, of a run or of a study."""
    for file in Manifest.read(root / MANIFEST).files:
        if file.path.endswith(".arrow"):
            for batch in read_shard(root, file):
                yield batch.select(DOCUMENT.names)


def table_of(root: Path) -> pa.Table:
    return pa.Table.from_batches(list(read_dataset(root)), DOCUMENT)
