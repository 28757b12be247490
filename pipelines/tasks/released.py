"""Keys of an earlier release: of the documents that a grouping left there, ranked above all others, and their clusters.

Files that a step `released` leaves, for one shard of a release:

    keys-/bands-   the rows of the release's own table, as they were but for the rank
    documents-     rows of DOCUMENT, for near duplicates
    clusters-      rows of CLUSTER
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.manifest import Receipt, Unit
from curation.schema import id_words
from curation.shards import FileRecord, read_shard
from pipelines.tasks.dedup import removed
from pipelines.tasks.election import CLUSTER
from pipelines.tasks.packed import Table, mapped_table, write_table

__all__ = ["released_unit"]

# No policy gives this rank, so nobody is preferred to what is out already.
_FIRST = np.uint64(2**64 - 1)
_ROW = np.uint64(0xFFFFFFFF)


def released_unit(root: Path, unit: Unit, settings: dict[str, Any]) -> Receipt:
    release, payload = Path(unit.payload["root"]), unit.payload
    files = {name: FileRecord.model_validate(payload[name]) for name in ("ledger", "outcome", *payload["tables"])}
    for file in files.values():
        file.check(release, sums=True)
    stayed, clusters = _stayed(release, files["ledger"]), _clusters(release, files["outcome"])
    tables = {name: _of(stayed, mapped_table(release, files[name].path)) for name in payload["tables"]}
    records = [
        write_table(root, f"{unit.stage}/{name}-{unit.index:05d}.npy", table)
        for name, table in {**tables, "clusters": clusters[stayed]}.items()
    ]
    return Receipt(
        stage=unit.stage,
        index=unit.index,
        fingerprint=unit.fingerprint,
        files=tuple(records),
        counts={"documents": int(stayed.sum())},
    )


def _stayed(release: Path, ledger: FileRecord) -> npt.NDArray[np.bool_]:
    """For every document of a shard whether the grouping left it."""
    gone = [removed(batch) for batch in read_shard(release, ledger)]
    return ~np.concatenate(gone) if gone else np.zeros(0, np.bool_)


def _clusters(release: Path, outcome: FileRecord) -> Table:
    """Rows of CLUSTER of all documents of a shard."""
    tables, start = [np.zeros(0, CLUSTER)], 0
    for batch in read_shard(release, outcome):
        table = np.zeros(batch.num_rows, CLUSTER)
        table["row"], table["cluster"] = np.arange(start, start + batch.num_rows), id_words(batch.column("cluster"))
        tables.append(table)
        start += batch.num_rows
    return np.concatenate(tables)


def _of(stayed: npt.NDArray[np.bool_], table: Table) -> Table:
    """Rows of documents that stayed, before all others in rank."""
    rows = (table["node"] & _ROW).astype(np.int64) if "node" in (table.dtype.names or ()) else table["row"]
    chosen: Table = table[stayed[rows]]
    if "rank" in (table.dtype.names or ()):
        chosen["rank"] = _FIRST
    if "owner" in (table.dtype.names or ()):
        chosen["owner"] = 0  # of equal lines the smallest owner keeps its own
    return chosen
