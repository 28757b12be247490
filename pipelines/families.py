"""No document made from another lies in another split: it would leak into the test what the training has seen."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import IntegrityError
from curation.shards import FileRecord, read_shard

__all__ = ["verify_families"]


def verify_families(root: Path, files: Sequence[FileRecord]) -> None:
    """Raise IntegrityError for a new document in another split of a dataset than its parent or its parent's children.

    A parent need not be in the dataset.
    """
    children = [_children(split, batch) for split, batch in _rows(root, files)]
    families = pa.concat_tables(children).group_by(["parent_id", "split"]).aggregate([]) if children else None
    if families is None or not families.num_rows:
        return
    parents = families.column("parent_id").combine_chunks()
    if len(parents.unique()) < len(parents):
        raise _strays(len(parents) - len(parents.unique()))
    for split, batch in _rows(root, files):
        family = pc.index_in(batch.column("id"), value_set=parents).drop_null()
        strays = pc.sum(pc.not_equal(families.column("split").take(family), split)).as_py()
        if strays:
            raise _strays(strays)


def _rows(root: Path, files: Sequence[FileRecord]) -> Iterator[tuple[str, pa.RecordBatch]]:
    for file in files:
        split, _, name = file.path.rpartition("/")
        if name.startswith("data-") and name.endswith(".arrow"):
            for batch in read_shard(root, file):
                yield split, batch.select(["id", "parent_id"])


def _children(split: str, batch: pa.RecordBatch) -> pa.Table:
    parents = batch.column("parent_id").drop_null()
    return pa.table({"parent_id": parents, "split": pa.array([split] * len(parents), pa.string())})


def _strays(count: int) -> IntegrityError:
    found = f"{count:,} documents whose children lie in another split"
    do = "run the recipe again; stages whose files are whole are not repeated"
    return IntegrityError("dataset", found, "every new document in its parent's split", do)
