"""What a source is, and the sink that turns its records into documents, rows of quarantine, or counted skips.

A source lists its input files, cuts them into pieces of work, and reads one piece into a sink. A record is named by
its `key`: the file's path below the source's own folder, and the byte offset or row within it. So the identity of a
document does not depend on how the files were cut, or on the machine they lie on.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Annotated, Any, ClassVar

import orjson
import pyarrow as pa
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from curation.collect.inputs import InputFile, find
from curation.schema import DOCUMENT, document_id

__all__ = ["QUARANTINE", "FileSource", "Paths", "Piece", "Sink", "Source", "filled"]

# What is kept of a record that could not be used. `offset` and `length` are bytes (rows for row formats) in `file`.
QUARANTINE = pa.schema(
    [
        pa.field("stage", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("file", pa.string(), nullable=False),
        pa.field("offset", pa.int64(), nullable=False),
        pa.field("length", pa.int64(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("detail", pa.string(), nullable=False),
        pa.field("head", pa.binary(), nullable=False),
    ]
)
HEAD_BYTES = 64
FLUSH_ROWS = 1000
FLUSH_BYTES = 16 << 20
UNIT_BYTES = 64 << 20


class Piece(BaseModel):
    """A range of one input file: bytes, rows or row groups, whatever its format counts.

    `context` is what decides its records beside the file: the licence of the folder it lies in, say.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: InputFile
    start: int = 0
    end: int | None = None
    context: dict[str, str] = {}

    def identity(self) -> dict[str, Any]:
        """What decides the records of this piece; where the file lies does not."""
        known = {"key": self.file.key, "sha256": self.file.sha256, "start": self.start, "end": self.end}
        return known | ({"context": self.context} if self.context else {})


class Sink:
    """Gathers documents into batches, rejected records into rows of quarantine, and counts what is no document.

    Every record of a source ends in exactly one of `add`, `reject` and `skip`. `origin` is metadata that every document
    has unless its record says otherwise.
    """

    def __init__(
        self,
        source: str,
        write: Callable[[pa.RecordBatch], None],
        write_rejected: Callable[[pa.RecordBatch], None],
        max_record_bytes: int,
        origin: dict[str, str] | None = None,
    ) -> None:
        self.source, self.max_record_bytes, self._origin = source, max_record_bytes, origin
        self._write, self._write_rejected = write, write_rejected
        self._rows: list[tuple[str, str | None, str, str | None]] = []
        self._bytes = 0
        self._rejected: list[dict[str, Any]] = []
        self.documents = self.quarantined = 0
        self.skipped: Counter[str] = Counter()

    def add(self, key: str, text: str, url: str | None = None, meta: dict[str, Any] | None = None) -> None:
        """One document; the caller has made sure that the text is a string that UTF-8 can hold."""
        try:
            packed = _json({**self._origin, **(meta or {})} if self._origin else meta)
        except TypeError as error:  # deeper than JSON can be written, or numbers beyond 64 bits
            self.reject(key, 0, 0, "unstorable_metadata", type(error).__name__, b"")
            return
        self._rows.append((key, url, text, packed))
        self._bytes += len(text)
        if len(self._rows) >= FLUSH_ROWS or self._bytes >= FLUSH_BYTES:
            self.flush()

    def reject(self, file: str, offset: int, length: int, reason: str, detail: str, head: bytes) -> None:
        """A record that cannot be a document. `detail` holds no text of the record, `head` its first bytes."""
        row = {"stage": "collect", "source": self.source, "file": file, "offset": offset, "length": length}
        self._rejected.append({**row, "reason": reason, "detail": detail, "head": bytes(head[:HEAD_BYTES])})
        if len(self._rejected) >= FLUSH_ROWS:
            self.flush()

    def skip(self, reason: str) -> None:
        """A record that is whole and no document: an image, a request, a redirect. `reason` is one of a few words."""
        self.skipped[reason] += 1

    def flush(self) -> None:
        if self._rows:
            batch = self._batch()
            self.documents += batch.num_rows
            self._write(batch)
            self._rows, self._bytes = [], 0
        if self._rejected:
            self.quarantined += len(self._rejected)
            self._write_rejected(pa.RecordBatch.from_pylist(self._rejected, schema=QUARANTINE))
            self._rejected = []

    def _batch(self) -> pa.RecordBatch:
        keys, urls, texts, metas = zip(*self._rows, strict=True)
        rows, source = len(keys), self.source
        text = pa.array(texts, pa.large_string())
        columns = [
            pa.array([document_id(source, key) for key in keys], pa.string()),
            pa.array([source] * rows, pa.string()),
            pa.array(keys, pa.string()),
            pa.array(urls, pa.string()),
            text,
            pa.array(metas, pa.string()),
            pa.nulls(rows, pa.string()),
        ]
        return pa.RecordBatch.from_arrays(columns, schema=DOCUMENT)


def _json(meta: dict[str, Any] | None) -> str | None:
    if not meta:
        return None
    return orjson.dumps(meta, option=orjson.OPT_SORT_KEYS, default=str).decode()


class Source(BaseModel, ABC):
    """Base of all sources. `name` goes into every document's identity: renaming a source renames its documents.

    `snapshot` and `license` (an SPDX identifier) are kept with every document whose record does not say otherwise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: ClassVar[str]
    version: ClassVar[int] = 1

    name: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    max_record_bytes: int = Field(64 << 20, gt=0)
    snapshot: str | None = None
    license: str | None = None

    @abstractmethod
    def pieces(self) -> list[list[Piece]]:
        """Units of work in a fixed order, each a list of pieces. Raises ResourceError when there is no input."""

    @abstractmethod
    def read(self, piece: Piece, sink: Sink) -> None:
        """Every record of the piece into the sink: as a document, rejected, or skipped."""

    def sink(self, write: Callable[[pa.RecordBatch], None], write_rejected: Callable[[pa.RecordBatch], None]) -> Sink:
        """A sink for records of this source."""
        return Sink(self.name, write, write_rejected, self.max_record_bytes, self.origin())

    def origin(self) -> dict[str, str]:
        """Metadata that all documents of the source have in common."""
        known = {"snapshot": self.snapshot, "license": self.license}
        return {name: value for name, value in known.items() if value is not None}

    def check(self) -> None:
        """Raise RecipeError or ResourceError for what can be seen wrong before any work."""

    def identity(self) -> dict[str, Any]:
        """Name, format, version and parameters, without the places where the files lie."""
        parameters = self.model_dump(mode="json", exclude={"path"})
        return {"format": self.format, "version": self.version, "parameters": parameters}


def _in_order(paths: tuple[str, ...] | str) -> tuple[str, ...]:
    return tuple(sorted({paths} if isinstance(paths, str) else set(paths)))


# One path or several: files, folders, globs, or any address that fsspec opens. Their order means nothing.
Paths = Annotated[str | tuple[str, ...], AfterValidator(_in_order)]


class FileSource(Source):
    """A source of files found by path. Small files share a unit; large ones are cut where the format allows."""

    suffixes: ClassVar[tuple[str, ...]] = ()

    path: Paths
    unit_bytes: int = Field(UNIT_BYTES, gt=0)

    def files(self) -> list[InputFile]:
        return find(_in_order(self.path), self.suffixes, f"source `{self.name}`")

    def cut(self, file: InputFile) -> Sequence[Piece]:
        """The pieces of one file; one by default."""
        return [Piece(file=file)]

    def weight(self, piece: Piece) -> int:
        """About how many bytes of text a piece holds, to fill units evenly."""
        return piece.file.bytes

    def pieces(self) -> list[list[Piece]]:
        return list(filled((piece for file in self.files() for piece in self.cut(file)), self.weight, self.unit_bytes))


def filled(pieces: Iterator[Piece], weight: Callable[[Piece], int], limit: int) -> Iterator[list[Piece]]:
    """Units of pieces, each begun when the next piece would make the one before weigh more than `limit`."""
    unit: list[Piece] = []
    weighs = 0
    for piece in pieces:
        if unit and weighs + weight(piece) > limit:
            yield unit
            unit, weighs = [], 0
        unit.append(piece)
        weighs += weight(piece)
    if unit:
        yield unit
