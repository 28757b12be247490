"""Row formats of Arrow: Parquet and Arrow IPC (stream and file format). A record's key is its file and row number."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import IO, Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq

from curation.collect.damage import is_system_error, why_damaged
from curation.collect.inputs import InputFile, open_input
from curation.collect.source import FileSource, Piece, Sink
from curation.errors import ResourceError, nearest
from curation.schema import with_columns

__all__ = ["Arrow", "Parquet"]

_ROWS = 1000
_BYTES = {pa.string(): pa.binary(), pa.large_string(): pa.large_binary()}


class TableSource(FileSource):
    """`text` and `url` name columns; `keep` says which other columns go into `meta` (all by default)."""

    text: str = "text"
    url: str | None = "url"
    keep: tuple[str, ...] | None = None

    @abstractmethod
    def batches(self, raw: IO[bytes], piece: Piece) -> tuple[int, Iterator[pa.RecordBatch]]:
        """The number of the first row of a piece, and its rows."""

    def read(self, piece: Piece, sink: Sink) -> None:
        """Rows up to the place where the file is damaged, and one row of quarantine for the rest."""
        row = piece.start
        with open_input(piece.file) as raw:
            try:
                row, batches = self.batches(raw, piece)
                for batch in batches:
                    self.take(piece.file.key, row, batch, sink)
                    row += batch.num_rows
            except (pa.ArrowException, OSError) as error:
                sink.reject(piece.file.key, row, 0, "damaged_file", why_damaged(error), b"")

    def check_columns(self, file: InputFile, schema: pa.Schema) -> None:
        """Raise ResourceError unless the text column is there and holds strings."""
        where = f"source `{self.name}`, {file.key}"
        if self.text not in schema.names:
            columns = ", ".join(f"`{name}`" for name in schema.names)
            raise ResourceError(
                where, f"columns {columns}", f"a column `{self.text}`", nearest(self.text, schema.names)
            )
        kind = schema.field(self.text).type
        if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
            raise ResourceError(where, f"`{self.text}` of type {kind}", "a column of strings", "name the text column")

    def take(self, file: str, row: int, batch: pa.RecordBatch, sink: Sink) -> None:
        """The rows of a batch, the first of which is row number `row` of the file. Raises ArrowInvalid for damage."""
        names = [name for name in batch.schema.names if name != self.text]
        batch = with_columns(batch, {name: _mended(batch.column(name)) for name in names})
        if self.url not in batch.schema.names:
            urls: list[Any] = [None] * batch.num_rows
        else:
            urls = batch.column(self.url).to_pylist()
        others = [name for name in batch.schema.names if name not in (self.text, self.url)]
        metas = batch.select(others if self.keep is None else [n for n in others if n in self.keep]).to_pylist()
        for number, (text, url, meta) in enumerate(zip(_texts(batch.column(self.text)), urls, metas, strict=True), row):
            if isinstance(text, str) and len(text) <= self.max_record_bytes:
                sink.add(f"{file}:{number}", text, url if isinstance(url, str) else None, meta)
            else:
                sink.reject(file, number, 1, *_why_no_text(text, self.max_record_bytes), b"")


def _texts(column: pa.Array) -> list[str | bytes | None]:
    """Values as str, or as bytes where they are not UTF-8 (Parquet and Arrow files do not promise it)."""
    if _is_utf8(column):
        return column.to_pylist()  # type: ignore[no-any-return]
    return [_decoded(value) for value in column.view(_BYTES[column.type]).to_pylist()]


def _mended(column: pa.Array) -> pa.Array:
    """The column with replacement characters where it is not UTF-8."""
    if _is_utf8(column):
        return column
    values = column.view(_BYTES[column.type]).to_pylist()
    return pa.array([None if value is None else value.decode("utf-8", "replace") for value in values], column.type)


def _is_utf8(column: pa.Array) -> bool:
    """Raises ArrowInvalid where more is wrong than bytes of text: offsets that lead elsewhere, say."""
    try:
        column.validate(full=True)
    except (pa.ArrowInvalid, UnicodeDecodeError):
        if column.type not in _BYTES:
            raise
        column.view(_BYTES[column.type]).validate(full=True)
        return False
    return True


def _decoded(value: bytes | None) -> str | bytes | None:
    try:
        return value if value is None else value.decode()
    except UnicodeDecodeError:
        return value


def _why_no_text(text: str | bytes | None, limit: int) -> tuple[str, str]:
    if text is None:
        return "null_text", "the text column is null"
    if isinstance(text, bytes):
        return "invalid_utf8", "the text column is not UTF-8"
    return "record_too_large", f"{len(text)} characters, more than max_record_bytes {limit}"


class Parquet(TableSource):
    """Parquet files; large ones are cut by row groups.

    `text` and `url` name columns; `keep` says which other columns go into the metadata (all by default).
    """

    format: ClassVar[str] = "parquet"
    suffixes: ClassVar[tuple[str, ...]] = (".parquet",)

    def cut(self, file: InputFile) -> Sequence[Piece]:
        with open_input(file) as raw, _Damage(self.name, file):
            reader = pq.ParquetFile(raw)
            self.check_columns(file, reader.schema_arrow)
            groups = range(reader.metadata.num_row_groups)
            if file.bytes <= self.unit_bytes:
                return [Piece(file=file, start=0, end=len(groups))]
            return [Piece(file=file, start=group, end=group + 1) for group in groups]

    def weight(self, piece: Piece) -> int:
        return piece.file.bytes if piece.file.bytes <= self.unit_bytes else self.unit_bytes // 2

    def batches(self, raw: IO[bytes], piece: Piece) -> tuple[int, Iterator[pa.RecordBatch]]:
        reader = pq.ParquetFile(raw)
        first = sum(reader.metadata.row_group(group).num_rows for group in range(piece.start))
        return first, reader.iter_batches(_ROWS, row_groups=list(range(piece.start, piece.end or 0)))


class Arrow(TableSource):
    """Arrow IPC files, stream or file format.

    `text` and `url` name columns; `keep` says which other columns go into the metadata (all by default).
    """

    format: ClassVar[str] = "arrow"
    suffixes: ClassVar[tuple[str, ...]] = (".arrow", ".arrows", ".feather")

    def cut(self, file: InputFile) -> Sequence[Piece]:
        with open_input(file) as raw, _Damage(self.name, file):
            self.check_columns(file, _open_arrow(raw)[0])
        return [Piece(file=file)]

    def batches(self, raw: IO[bytes], piece: Piece) -> tuple[int, Iterator[pa.RecordBatch]]:
        whole = _open_arrow(raw)[1]
        return 0, (batch.slice(start, _ROWS) for batch in whole for start in range(0, batch.num_rows, _ROWS))


def _open_arrow(raw: IO[bytes]) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    magic = raw.read(6)
    raw.seek(0)
    if magic == b"ARROW1":
        reader = pa.ipc.open_file(raw)
        return reader.schema, (reader.get_batch(number) for number in range(reader.num_record_batches))
    stream = pa.ipc.open_stream(raw)
    return stream.schema, iter(stream)


class _Damage:
    """Turn Arrow's complaint about a file into one line with the file's name."""

    def __init__(self, source: str, file: InputFile) -> None:
        self._where = f"source `{source}`, {file.key}"

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, (pa.ArrowInvalid, OSError)) and not is_system_error(error):
            found = f"a file that Arrow cannot read ({type(error).__name__})"
            raise ResourceError(self._where, found, "a whole file of its format", "replace or remove it") from error
