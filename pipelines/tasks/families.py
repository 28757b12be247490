"""Pairs of documents of which one was made from the other, or both from a third.

A format of a text (a pair to train on, a middle to fill in) is like its parent on purpose, so they are not compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.schema import id_words
from curation.shards import FileRecord, read_shard
from pipelines.tasks.near import ROW, by_shard
from pipelines.tasks.packed import Table

__all__ = ["made_by", "unrelated"]


def unrelated(pairs: Table, steps: Sequence[str], texts: Callable[[int], tuple[Path, FileRecord]]) -> Table:
    """Pairs without those of relatives of which one was made by one of `steps`. `texts` finds the file of a shard."""
    if not len(pairs):
        return pairs
    nodes = np.unique(np.concatenate((pairs["a"], pairs["b"])))
    family, lenient = _families(nodes, steps, texts)
    a, b = np.searchsorted(nodes, pairs["a"]), np.searchsorted(nodes, pairs["b"])
    related = (family[a] == family[b]).all(axis=1)
    chosen: Table = pairs[~(related & (lenient[a] | lenient[b]))]
    return chosen


def _families(
    nodes: npt.NDArray[np.uint64], steps: Sequence[str], texts: Callable[[int], tuple[Path, FileRecord]]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.bool_]]:
    """For sorted nodes the id of the parent, or their own (n, 2), and whether one of `steps` made them."""
    family, lenient = [np.zeros((0, 2), np.uint64)], [np.zeros(0, np.bool_)]
    for shard, start, end in by_shard(nodes):
        rows, seen = (nodes[start:end] & ROW).astype(np.int64), 0
        for batch in read_shard(*texts(shard)):
            first, last = np.searchsorted(rows, (seen, seen + batch.num_rows))
            taken = batch.select(["id", "key", "parent_id"]).take(pa.array(rows[first:last] - seen))
            family.append(id_words(pc.coalesce(taken.column("parent_id"), taken.column("id"))))
            lenient.append(_made_by_one_of(taken, steps))
            seen += batch.num_rows
    return np.concatenate(family), np.concatenate(lenient)


def _made_by_one_of(batch: pa.RecordBatch, steps: Sequence[str]) -> npt.NDArray[np.bool_]:
    known = pc.is_in(made_by(batch.column("key")), value_set=pa.array(steps, pa.string()))
    made = pc.and_(known, batch.column("parent_id").is_valid())
    return np.asarray(made.to_numpy(zero_copy_only=False), np.bool_)


def made_by(keys: pa.Array) -> pa.Array:
    """Labels of the steps that made new documents, from their keys `label:number`."""
    return pc.replace_substring_regex(keys, r":\d+$", "")
