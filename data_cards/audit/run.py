"""A finished run as the audit sees it: its ledger as one mapped table, its texts by place, its rules as data."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import IntegrityError
from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest
from curation.rules import Rule
from curation.shards import FileRecord, read_shard
from data_cards.facts import CardFacts

__all__ = ["AuditedRun", "flags_of", "numbers_of"]

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AuditedRun:
    """`rules` in the order of `failed_rules`, the first `gated` of them of gates; `needs` as `judgeable` takes it.

    `attributes` are those the clean stage measured, in order. `words` is the attribute that counts words, if any.
    `comparisons` are what `compare-dialects --json` prints, one for each rule set that was compared.
    """

    root: Path
    recipe: str
    rules: tuple[Rule, ...]
    gated: int
    needs: tuple[int, ...]
    attributes: tuple[str, ...]
    words: str | None
    comparisons: tuple[dict[str, Any], ...] = ()

    @functools.cached_property
    def card(self) -> CardFacts:
        return CardFacts.model_validate(self.manifest("dataset").facts)

    @functools.lru_cache(maxsize=16)  # noqa: B019  a run is audited as long as the process lives
    def manifest(self, stage: str) -> Manifest:
        return Manifest.read(self.root / stage / MANIFEST)

    @functools.cached_property
    def digest(self) -> str:
        """Changes with anything that the pages show of the run."""
        return digest_of([self.manifest("ledger").digest, self.manifest("dataset").digest, self.recipe])

    @functools.cached_property
    def ledger(self) -> pa.Table:
        """All rows, mapped from the disk; `n` numbers them."""
        files = self.manifest("ledger").files
        batches = [batch for file in files for batch in read_shard(self.root, file) if batch.num_rows]
        schema = batches[0].schema if batches else _schema(self.root / files[0].path)
        table = pa.Table.from_batches(batches, schema)
        return table.append_column("n", pa.array(np.arange(table.num_rows)))

    @functools.cached_property
    def read(self) -> pa.Table:
        """Rows of documents that were read, not made by augmentation; they come first in the ledger."""
        made = flags_of(self.ledger.column("parent_id").is_valid())
        first = int(made.argmax()) if made.any() else len(made)
        return self.ledger.slice(0, first)

    @functools.cached_property
    def _ends(self) -> npt.NDArray[np.int64]:
        return np.cumsum([file.rows for file in self.manifest("ledger").files])

    def text(self, stage: str, n: int, most: int | None = None) -> str | None:
        """A document's text as a stage left it (collect, clean), cut to `most` characters; None where it has none.

        Shards lie beside the ledger's files row by row; raises IntegrityError where ids differ.
        """
        number = int(np.searchsorted(self._ends, n, side="right"))
        row = n - (int(self._ends[number - 1]) if number else 0)
        shards = self.manifest(stage).shards("shard-")
        if number >= len(shards):
            return None
        return self._cell(shards[number], row, self.ledger.column("id")[n].as_py(), most)

    def published(self, n: int, most: int | None = None) -> str | None:
        """A document's text in the dataset; None where it is not there."""
        row = self.ledger.slice(n, 1).select(["id", "split", "shard", "row"]).to_pylist()[0]
        if row["shard"] is None:
            return None
        shards = [f for f in self.manifest("dataset").files if f.path.startswith(f"{row['split']}/data-")]
        record = shards[row["shard"]]
        moved = record.model_copy(update={"path": f"dataset/{record.path}"})
        return self._cell(moved, row["row"], row["id"], most)

    def _cell(self, record: FileRecord, row: int, id: str, most: int | None) -> str | None:
        one = _open(self.root, record).slice(row, 1)
        if one.num_rows != 1 or one.column("id")[0].as_py() != id:
            raise IntegrityError(record.path, f"another document in row {row}", f"id {id}", "run the stage again")
        text = one.column("text")
        return (text if most is None else pc.utf8_slice_codeunits(text, 0, most))[0].as_py()

    def texts(self, stage: str) -> pa.Table:
        """`id` and `text` of every document as a stage left it, mapped, in the order of the ledger."""
        return pa.concat_tables([_open(self.root, file) for file in self.manifest(stage).shards("shard-")])

    def failed(self, rows: pa.Table) -> Flags:
        """The (rules, rows) matrix of failures, as the run decided."""
        from curation.rules import unpack

        return unpack(rows.column("failed_rules").combine_chunks(), len(self.rules))


@functools.lru_cache(maxsize=512)
def _open(root: Path, record: FileRecord) -> pa.Table:
    batches = [batch.select(["id", "text"]) for batch in read_shard(root, record) if batch.num_rows]
    return pa.Table.from_batches(batches, _schema(root / record.path, ["id", "text"]))


def _schema(path: Path, names: Sequence[str] | None = None) -> pa.Schema:
    with pa.memory_map(str(path)) as source:
        schema = pa.ipc.open_stream(source).schema
    return schema if names is None else pa.schema([schema.field(name) for name in names])


def numbers_of(column: pa.ChunkedArray) -> npt.NDArray[np.float64]:
    """A column of numbers as float64, NaN where missing."""
    return np.asarray(column.cast(pa.float64()).to_numpy(zero_copy_only=False), np.float64)


def flags_of(column: pa.ChunkedArray) -> Flags:
    return np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)
