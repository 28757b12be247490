"""Which documents a request takes out: those it names, their copies, their families, to the end of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.forgotten import FORGOTTEN, sum_of
from curation.manifest import MANIFEST, Manifest
from curation.schema import DOCUMENT
from curation.shards import FileRecord, read_shard, shard_batches
from pipelines.forget.journal import Place
from pipelines.forget.request import Request

__all__ = ["ASKED", "COPY", "FAMILY", "SAME", "Chosen", "choose_in_dataset", "choose_in_run"]

ASKED, COPY, SAME, FAMILY = "asked for", "in its cluster", "same text", "made from it, or it from them"
_COLUMNS = ("id", "source", "url", "parent_id", "cluster", "reason", "split", "shard", "row", "text.bytes_collected")


@dataclass
class Chosen:
    """`documents`: id to why. `read`, `made`: (part, row) in the stages by id. `texts`: sha256 to bytes. `keys`:
    source, key and sum of the first bytes of the documents in quarantine. `heads`: sums of records that could not be
    read.
    """

    documents: dict[str, str] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    read: dict[str, tuple[int, int]] = field(default_factory=dict)
    made: dict[str, tuple[int, int]] = field(default_factory=dict)
    texts: dict[str, int] = field(default_factory=dict)
    keys: list[tuple[str, str, str | None]] = field(default_factory=list)
    heads: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.documents or self.heads)

    def ids(self) -> pa.Array:
        return pa.array(list(self.documents), pa.string())

    def add(self, ids: pa.Array, because: str) -> None:
        for each in ids.to_pylist():
            self.documents.setdefault(each, because)


def choose_in_run(run: Path, request: Request) -> Chosen:
    """Looked for in the ledger and, for words, in the text as every stage left it."""
    chosen, ledger = Chosen(), _Ledger(run)
    named = ledger.where(request.named)
    matched = _matched(run, request)
    chosen.add(named, ASKED)
    chosen.add(ledger.present(matched), ASKED)
    chosen.known = set(ledger.forgotten().to_pylist())
    for out in chosen.known & chosen.documents.keys():
        del chosen.documents[out]
    ledger.close(chosen)
    while chosen.documents:
        before = len(chosen.documents)
        ledger.locate(chosen)
        _texts_of(run, chosen)
        chosen.add(_same_texts(run, ledger, chosen), SAME)
        ledger.close(chosen)
        if len(chosen.documents) == before:
            break
    _remember_keys(run, chosen)
    _lay(run / "dataset", chosen)
    chosen.heads = _heads(run, request)
    return chosen


def choose_in_dataset(dataset: Path, request: Request) -> Chosen:
    """In a dataset folder alone: equal texts are copies, and what augmentation made names its parent."""
    chosen = Chosen()
    for _, _, _, batch in _rows(dataset):
        if (found := request.named(batch) | request.matched(batch)).any():
            chosen.add(batch.column("id").filter(pa.array(found)), ASKED)
    before = -1
    while chosen.documents and len(chosen.documents) != before:
        before = len(chosen.documents)
        _families(lambda: (batch for _, _, _, batch in _rows(dataset)), chosen)
        sums: dict[str, int] = {}
        ids = chosen.ids()
        for _, _, _, batch in _rows(dataset):
            for text in batch.column("text").filter(pc.is_in(batch.column("id"), value_set=ids)).to_pylist():
                _note_text(sums, text)
        chosen.texts = sums
        for _, _, _, batch in _rows(dataset):
            chosen.add(_equal(batch, sums), SAME)
    _lay(dataset, chosen)
    return chosen


class _Ledger:
    """The ledger, mapped; part n are the rows of its n-th file, and of the n-th shard of each stage."""

    def __init__(self, run: Path) -> None:
        self._files = [
            [_narrow(batch) for batch in read_shard(run, file)]
            for file in Manifest.read(run / "ledger" / MANIFEST).files
        ]
        self.read_parts = len(Manifest.read(run / "split" / MANIFEST).shards("ledger-"))

    def batches(self) -> Iterator[pa.RecordBatch]:
        for batches in self._files:
            yield from batches

    def where(self, flags: object) -> pa.Array:
        found = [batch.column("id").filter(pa.array(flags(batch))) for batch in self.batches()]  # type: ignore[operator]
        return _joined(found)

    def present(self, ids: set[str]) -> pa.Array:
        known = pa.array(sorted(ids), pa.string())
        return self.where(lambda batch: _flags(pc.is_in(batch.column("id"), value_set=known)))

    def forgotten(self) -> pa.Array:
        return self.where(lambda batch: _flags(pc.equal(batch.column("reason"), FORGOTTEN)))

    def close(self, chosen: Chosen) -> None:
        """Add clusters and families until nothing more comes."""
        before = -1
        while chosen.documents and len(chosen.documents) != before:
            before = len(chosen.documents)
            ids = chosen.ids()
            clusters = _joined(
                [b.column("cluster").filter(pc.is_in(b.column("id"), value_set=ids)) for b in self.batches()]
            ).drop_null()
            chosen.add(self._still_in(clusters), COPY)
            _families(self.batches, chosen)

    def _still_in(self, clusters: pa.Array) -> pa.Array:
        """Members of clusters that are not forgotten already."""

        def found(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
            mine = pc.and_(pc.is_in(batch.column("cluster"), value_set=clusters), batch.column("cluster").is_valid())
            return _flags(mine) & ~_flags(pc.equal(batch.column("reason"), FORGOTTEN))

        return self.where(found)

    def locate(self, chosen: Chosen) -> None:
        ids = chosen.ids()
        for part, batches in enumerate(self._files):
            start = 0
            for batch in batches:
                hits = np.flatnonzero(_flags(pc.is_in(batch.column("id"), value_set=ids)))
                for row in hits.tolist():
                    self._note(chosen, part, start + row, batch.slice(row, 1).to_pylist()[0])
                start += batch.num_rows

    def _note(self, chosen: Chosen, part: int, row: int, fields: dict[str, object]) -> None:
        name, made = str(fields["id"]), part >= self.read_parts
        (chosen.made if made else chosen.read)[name] = (part - self.read_parts if made else part, row)
        if fields["shard"] is not None:
            place = {field: fields[field] for field in ("split", "shard", "row")}
            chosen.places[name] = Place.model_validate({**place, "bytes": 0})

    def same_size(self, sizes: set[int]) -> dict[int, list[int]]:
        """Rows by part of documents that were read and whose text had one of these sizes."""
        wanted, found = pa.array(sorted(sizes), pa.int64()), {}
        for part, batches in enumerate(self._files[: self.read_parts]):
            column = pa.concat_arrays([b.column("text.bytes_collected") for b in batches]) if batches else None
            if column is not None:
                found[part] = np.flatnonzero(_flags(pc.is_in(column, value_set=wanted))).tolist()
        return {part: rows for part, rows in found.items() if rows}


def _narrow(batch: pa.RecordBatch) -> pa.RecordBatch:
    return batch.select([name for name in _COLUMNS if name in batch.schema.names])


def _joined(parts: list[pa.Array]) -> pa.Array:
    return pa.concat_arrays(parts) if parts else pa.array([], pa.string())


def _flags(column: pa.Array) -> npt.NDArray[np.bool_]:
    flags: npt.NDArray[np.bool_] = np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)
    return flags


def _families(batches: object, chosen: Chosen) -> None:
    """Parents of what is chosen, and children, one step."""
    ids = chosen.ids()
    parents: list[pa.Array] = []
    for batch in batches():  # type: ignore[operator]
        children = pc.is_in(batch.column("parent_id"), value_set=ids).fill_null(False)
        children = pc.and_(children, batch.column("parent_id").is_valid())
        if "reason" in batch.schema.names:
            children = pc.and_(children, pc.not_equal(batch.column("reason"), FORGOTTEN).fill_null(True))
        chosen.add(batch.column("id").filter(children), FAMILY)
        parents.append(batch.column("parent_id").filter(pc.is_in(batch.column("id"), value_set=ids)).drop_null())
    known = _joined(parents)
    for batch in batches():  # type: ignore[operator]
        chosen.add(batch.column("id").filter(pc.is_in(batch.column("id"), value_set=known)), FAMILY)


def _documents_of(run: Path, stage: str) -> tuple[FileRecord, ...]:
    return Manifest.read(run / stage / MANIFEST).shards("shard-")


def _matched(run: Path, request: Request) -> set[str]:
    found: set[str] = set()
    if not request.matches:
        return found
    for path in sorted(run.rglob(MANIFEST)):
        for file in Manifest.read(path).shards("shard-"):
            for batch in read_shard(run, file):
                if (hits := request.matched(batch)).any():
                    found |= set(batch.column("id").filter(pa.array(hits)).to_pylist())
    return found


def _note_text(sums: dict[str, int], text: str | None) -> None:
    """Texts of nothing but space are nobody's."""
    if text is not None and text.strip():
        data = text.encode()
        sums[sum_of(data)] = len(data)


def _texts_of(run: Path, chosen: Chosen) -> None:
    """Sums of the texts as they were collected."""
    files = _documents_of(run, "collect")
    for part, rows in _by_part(chosen.read).items():
        for row in _taken(run, files[part], rows).to_pylist():
            _note_text(chosen.texts, row["text"])


def _same_texts(run: Path, ledger: _Ledger, chosen: Chosen) -> pa.Array:
    files, found = _documents_of(run, "collect"), []
    for part, rows in ledger.same_size(set(chosen.texts.values())).items():
        found.append(_equal(_taken(run, files[part], rows), chosen.texts))
    return _joined(found)


def _equal(batch: pa.RecordBatch | pa.Table, sums: Mapping[str, int]) -> pa.Array:
    sizes = pa.array(sorted(set(sums.values())), pa.int64())
    likely = batch.filter(pc.is_in(pc.binary_length(batch.column("text")).cast(pa.int64()), value_set=sizes))
    flags = [text is not None and sum_of(text.encode()) in sums for text in likely.column("text").to_pylist()]
    ids = likely.column("id").filter(pa.array(flags, pa.bool_()))
    return ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids


def _by_part(places: Mapping[str, tuple[int, int]]) -> dict[int, list[int]]:
    parts: dict[int, list[int]] = {}
    for part, row in places.values():
        parts.setdefault(part, []).append(row)
    return {part: sorted(rows) for part, rows in sorted(parts.items())}


def _taken(run: Path, file: FileRecord, rows: list[int]) -> pa.Table:
    wanted, start, taken = np.array(rows), 0, []
    for batch in read_shard(run, file):
        own = wanted[(wanted >= start) & (wanted < start + batch.num_rows)] - start
        if len(own):
            taken.append(batch.take(pa.array(own)))
        start += batch.num_rows
    return pa.Table.from_batches(taken, DOCUMENT)


def _remember_keys(run: Path, chosen: Chosen) -> None:
    """How rows of quarantine name the documents. New ones are named by step and number, so their first bytes count."""
    files = _documents_of(run, "collect")
    for part, rows in _by_part(chosen.read).items():
        chosen.keys += [(row["source"], row["key"], None) for row in _taken(run, files[part], rows).to_pylist()]
    made = _documents_of(run, "augment/make")
    for part, rows in _by_part(chosen.made).items():
        for row in _taken(run, made[part], rows).to_pylist():
            chosen.keys.append((row["source"], row["key"], sum_of((row["text"] or "")[:64].encode()[:64])))


def _rows(dataset: Path) -> Iterator[tuple[str, int, int, pa.RecordBatch]]:
    """Batches of all shards: split, number of the shard, first row, documents."""
    numbers: dict[str, int] = {}
    for file in Manifest.read(dataset / MANIFEST).shards("data-"):
        split = file.path.split("/")[0]
        number, start = numbers.get(split, 0), 0
        numbers[split] = number + 1
        for batch in read_shard(dataset, file):
            yield split, number, start, batch
            start += batch.num_rows


def _lay(dataset: Path, chosen: Chosen) -> None:
    """Places in the dataset, with the bytes of the text there."""
    ids = chosen.ids()
    for split, shard, start, batch in _rows(dataset):
        hits = np.flatnonzero(_flags(pc.is_in(batch.column("id"), value_set=ids)))
        for row in hits.tolist():
            size = pc.binary_length(batch.column("text")[row]).as_py() or 0
            chosen.places[batch.column("id")[row].as_py()] = Place(
                split=split, shard=shard, row=start + row, bytes=size
            )


def _heads(run: Path, request: Request) -> list[str]:
    """Records that could not be read and whose first bytes hold one of the words."""
    found: set[str] = set()
    for path in sorted((run / "quarantine").glob("collect-*.arrow")) if request.matches else ():
        for batch in shard_batches(path):
            heads = batch.column("head").to_pylist()
            texts = pa.array([head.decode("utf-8", "replace") for head in heads], pa.string())
            found |= {sum_of(head) for head, hit in zip(heads, request.held_by(texts), strict=True) if hit}
    return sorted(found)
