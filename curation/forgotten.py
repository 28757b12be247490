"""Documents that were taken out for good: the mark that stays in their place, and the list that keeps them out.

A forgotten document keeps its row in every stage, so that nothing else moves: its id, source and parent stay, key,
address, text and metadata are gone, and an empty key is the mark. The list lies in `forgotten/list.json` of a run, and
holds no text: ids, and checksums of texts and addresses, by which a document is known when its source is read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict, ValidationError

from curation.errors import IntegrityError
from curation.files import read_json, write_json
from curation.schema import DOCUMENT, with_columns

__all__ = ["FOLDER", "FORGOTTEN", "ForgottenList", "blanked", "forgotten_in", "forgotten_of", "is_forgotten", "sum_of"]

# The reason such a document is dropped for.
FORGOTTEN = "forgotten"
FOLDER = "forgotten"

Flags = npt.NDArray[np.bool_]


class ForgottenList(BaseModel):
    """`documents`: id to the split and the bytes of text it had in the dataset, or None. `texts`: sha256 of a text as
    it was collected, to its bytes. `addresses`: sha256 of an address, or of its first characters, to their number or
    None. `heads`: sha256 of the first bytes of records in quarantine.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    documents: dict[str, tuple[str, int] | None] = {}
    texts: dict[str, int] = {}
    addresses: dict[str, int | None] = {}
    heads: tuple[str, ...] = ()

    def __or__(self, other: ForgottenList) -> ForgottenList:
        return ForgottenList(
            documents={**other.documents, **self.documents},
            texts={**self.texts, **other.texts},
            addresses={**self.addresses, **other.addresses},
            heads=tuple(sorted({*self.heads, *other.heads})),
        )

    def __bool__(self) -> bool:
        return bool(self.documents or self.texts or self.addresses or self.heads)

    def covers(self, batch: pa.RecordBatch) -> Flags:
        """Which documents of a batch are on the list, as they were collected."""
        found = _flags(pc.is_in(batch.column("id"), value_set=pa.array(list(self.documents), pa.string())))
        found = found | self._same_text(batch.column("text"))
        for characters in sorted(set(self.addresses.values()), key=str):
            found |= self._same_address(batch.column("url"), characters)
        return found

    def covers_heads(self, heads: pa.Array) -> Flags:
        known = set(self.heads)
        return np.array([sum_of(head or b"") in known for head in heads.to_pylist()], np.bool_)

    def _same_text(self, texts: pa.Array) -> Flags:
        """Only texts of the right size are hashed."""
        found = np.zeros(len(texts), np.bool_)
        sizes = pa.array(sorted(set(self.texts.values())), pa.int64())
        likely = _flags(pc.is_in(pc.binary_length(texts).cast(pa.int64()), value_set=sizes))
        for row in np.flatnonzero(likely).tolist():
            found[row] = sum_of(texts[row].as_py().encode()) in self.texts
        return found

    def _same_address(self, addresses: pa.Array, characters: int | None) -> Flags:
        sums = {each for each, known in self.addresses.items() if known == characters}
        values = (url[:characters] if url is not None else None for url in addresses.to_pylist())
        return np.array([value is not None and sum_of(value.encode()) in sums for value in values], np.bool_)

    @classmethod
    def read(cls, root: Path) -> ForgottenList:
        """The list of a run; empty where nothing was forgotten."""
        path = root / FOLDER / "list.json"
        if not path.is_file():
            return cls()
        try:
            return cls.model_validate(read_json(path))
        except (ValueError, ValidationError):
            where, do = f"{FOLDER}/list.json", "bring it back from a copy: without it what was taken out would return"
            raise IntegrityError(where, "a list that cannot be read", "what `gristmill forget` wrote", do) from None

    def write(self, root: Path) -> None:
        write_json(root / FOLDER / "list.json", self.model_dump(mode="json"))


def forgotten_of(roots: Iterable[Path]) -> ForgottenList:
    """The lists of several runs together."""
    whole = ForgottenList()
    for root in roots:
        path = root / FOLDER / "list.json"
        whole = whole | _read(root, path.stat().st_mtime_ns if path.is_file() else 0)
    return whole


@lru_cache(maxsize=16)
def _read(root: Path, written: int) -> ForgottenList:
    return ForgottenList.read(root)


def sum_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def is_forgotten(documents: pa.RecordBatch) -> Flags:
    """Rows of documents that hold the mark."""
    return _flags(pc.equal(documents.column("key"), ""))


def forgotten_in(batch: pa.RecordBatch, ids: pa.Array) -> Flags:
    return _flags(pc.is_in(batch.column("id"), value_set=ids))


def blanked(documents: pa.RecordBatch, rows: Flags) -> pa.RecordBatch:
    """Documents with nothing left of those in `rows` but id, source and parent."""
    if not rows.any():
        return documents
    mask = pa.array(rows)
    gone = {
        name: pc.if_else(mask, pa.scalar(None, documents.column(name).type), documents.column(name)) for name in _TOLD
    }
    gone["key"] = pc.if_else(mask, "", documents.column("key"))
    changed = with_columns(documents, gone)
    return changed.cast(DOCUMENT) if documents.schema.names == DOCUMENT.names else changed


_TOLD: Sequence[str] = ("url", "text", "meta")


def _flags(column: pa.Array) -> Flags:
    flags: Flags = np.asarray(column.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)
    return flags
