"""Arrow shards with stable bytes: one canonical writer, and readers that check what they open.

pyarrow alone writes equal tables to different bytes (buffer padding, garbage under nulls, offsets of slices, batch
boundaries). Here every array is rebuilt with exact buffers, and a batch ends at 1,000 rows or 32 MiB of data.
A shard is an uncompressed Arrow IPC stream. IPC has no checksum, so `FileRecord` carries what a reader must check.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel, ConfigDict

from curation.errors import ContractError, IntegrityError
from curation.files import whole_file

__all__ = [
    "BATCH_BYTES",
    "BATCH_ROWS",
    "FileRecord",
    "ShardWriter",
    "aligned",
    "canonical_batch",
    "read_shard",
    "shard_batches",
]

Flags = npt.NDArray[np.bool_]

BATCH_ROWS = 1000
BATCH_BYTES = 32 << 20


class FileRecord(BaseModel):
    """A finished file as receipts and manifests hold it. `path` is relative to the run, with forward slashes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    bytes: int
    sha256: str
    rows: int = 0
    batches: int = 0

    def check(self, root: Path, *, sums: bool = False) -> None:
        """Raise IntegrityError unless the file has its size (and, if asked, its checksum)."""
        from curation.files import checksum

        path = root / self.path
        found = path.stat().st_size if path.is_file() else None
        if found is None:
            raise IntegrityError(self.path, "no file", f"a file of {self.bytes} bytes", "run the stage again")
        if found != self.bytes:
            raise IntegrityError(self.path, f"{found} bytes", f"{self.bytes} bytes", "run the stage again")
        if sums and (actual := checksum(path)) != self.sha256:
            do = "remove it and run the recipe again"
            raise IntegrityError(self.path, f"sha256 {actual[:12]}…", f"{self.sha256[:12]}…", do)


class ShardWriter:
    """Writes one shard; it appears under its name when the block ends without an error.

    Batches may come in any size: the file's own boundaries depend on the rows alone.
    """

    def __init__(self, root: Path, path: str, schema: pa.Schema) -> None:
        self._root, self._path, self._schema = root, path, schema
        self._stack = ExitStack()
        self._pending: list[pa.RecordBatch] = []
        self._pending_rows = self._pending_bytes = 0
        self.rows = self.batches = 0

    def __enter__(self) -> Self:
        file = self._stack.enter_context(whole_file(self._root / self._path))
        self._sink = _HashingSink(file)
        self._stream = pa.ipc.new_stream(self._sink, self._schema)
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        if batch.schema.names != self._schema.names or batch.schema.types != self._schema.types:
            raise ContractError(self._path, f"columns {batch.schema}", f"{self._schema}", "mend the stage's schema")
        weights = np.cumsum(_text_bytes(batch))
        start = 0
        while start < batch.num_rows:
            before = int(weights[start - 1]) if start else 0
            full = int(np.searchsorted(weights, before + BATCH_BYTES - self._pending_bytes)) + 1
            end = min(batch.num_rows, full, start + BATCH_ROWS - self._pending_rows)
            self._pending.append(batch.slice(start, end - start))
            self._pending_rows += end - start
            self._pending_bytes += int(weights[end - 1]) - before
            if self._pending_rows >= BATCH_ROWS or self._pending_bytes >= BATCH_BYTES:
                self._flush()
            start = end

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._flush()
                self._stream.close()
        finally:
            self._stack.__exit__(kind, error, trace)

    @property
    def record(self) -> FileRecord:
        """What was written; complete once the block has ended."""
        return FileRecord(
            path=self._path,
            bytes=self._sink.bytes,
            sha256=self._sink.hash.hexdigest(),
            rows=self.rows,
            batches=self.batches,
        )

    def _flush(self) -> None:
        if not self._pending_rows:
            return
        joined = self._pending[0] if len(self._pending) == 1 else pa.concat_batches(self._pending)
        self._stream.write_batch(canonical_batch(joined, self._schema))
        self.rows += self._pending_rows
        self.batches += 1
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0


def _text_bytes(batch: pa.RecordBatch) -> npt.NDArray[np.int64]:
    """Bytes of text in each row: what decides batch boundaries, so it may depend on nothing but the rows."""
    total = np.zeros(batch.num_rows, np.int64)
    for column in batch.columns:
        if column.type == pa.large_string():
            total += pc.binary_length(column).fill_null(0).to_numpy(zero_copy_only=False)
    return total


class _HashingSink:
    """The part of a file that pyarrow's stream writer needs, with a running sha256."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self.hash, self.bytes = file, hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        view = memoryview(data)
        self.hash.update(view)
        self.bytes += view.nbytes
        self._file.write(view)
        return view.nbytes

    def tell(self) -> int:
        return self.bytes

    def flush(self) -> None:
        self._file.flush()

    def close(self) -> None:
        self.closed = True

    def writable(self) -> bool:
        return True

    def readable(self) -> bool:
        return False

    def seekable(self) -> bool:
        return False


def canonical_batch(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The same rows in exact buffers: no offset, no padding, no bitmap without nulls, zeros under nulls."""
    arrays = [_canonical(column) for column in batch.columns]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _canonical(array: pa.Array) -> pa.Array:
    valid = _valid(array)
    if pa.types.is_string(array.type) or pa.types.is_binary(array.type):
        return _canonical_bytes(array, valid, np.int32)
    if pa.types.is_large_string(array.type) or pa.types.is_large_binary(array.type):
        return _canonical_bytes(array, valid, np.int64)
    if pa.types.is_list(array.type):
        return _canonical_list(array, valid)
    if pa.types.is_struct(array.type):
        children = [_canonical(child) for child in array.flatten()]
        return pa.Array.from_buffers(array.type, len(array), [_bitmap(valid)], array.null_count, 0, children)
    if pa.types.is_boolean(array.type):
        bits = _bits(np.asarray(array.fill_null(False).to_numpy(zero_copy_only=False), np.bool_))
        return pa.Array.from_buffers(array.type, len(array), [_bitmap(valid), bits], array.null_count)
    return _canonical_fixed(array, valid)


def _valid(array: pa.Array) -> Flags | None:
    """Which values are there; None where all are. Straight from the bitmap, as there are many small columns."""
    if array.null_count == 0:
        return None
    first = array.offset // 8
    packed = np.frombuffer(array.buffers()[0], np.uint8, (array.offset + len(array) + 7) // 8 - first, first)
    flags = np.unpackbits(packed, bitorder="little").view(np.bool_)
    return flags[array.offset - 8 * first :][: len(array)]


def _bitmap(valid: Flags | None) -> pa.Buffer | None:
    return None if valid is None else _bits(valid)


def _bits(flags: Flags) -> pa.Buffer:
    return pa.py_buffer(np.packbits(flags, bitorder="little"))


def _canonical_bytes(array: pa.Array, valid: Flags | None, width: type[np.integer[Any]]) -> pa.Array:
    nulls, starts = array.null_count, _offsets(array.buffers()[1], array, width)
    if _hides(starts, valid):
        array = array.fill_null(b"" if array.type in (pa.binary(), pa.large_binary()) else "")
        starts = _offsets(array.buffers()[1], array, width)
    data = array.buffers()[2]
    content = data.slice(int(starts[0]), int(starts[-1] - starts[0])) if data is not None else pa.py_buffer(b"")
    return pa.Array.from_buffers(array.type, len(array), [_bitmap(valid), _rebased(starts), content], nulls)


def _canonical_list(array: pa.Array, valid: Flags | None) -> pa.Array:
    starts = _offsets(array.buffers()[1], array, np.int32)
    if _hides(starts, valid):
        array = pa.array(array.to_pylist(), array.type)  # rare and small
        starts = _offsets(array.buffers()[1], array, np.int32)
    values = _canonical(array.values.slice(int(starts[0]), int(starts[-1] - starts[0])))
    return pa.Array.from_buffers(
        array.type, len(array), [_bitmap(valid), _rebased(starts)], array.null_count, 0, [values]
    )


def _hides(starts: npt.NDArray[np.integer[Any]], valid: Flags | None) -> bool:
    """Whether something lies under a null."""
    return valid is not None and bool(np.diff(starts)[~valid].any())


def _canonical_fixed(array: pa.Array, valid: Flags | None) -> pa.Array:
    width = array.type.bit_width // 8
    data = array.buffers()[1]
    if data is None:
        return pa.Array.from_buffers(array.type, len(array), [_bitmap(valid), pa.py_buffer(b"")], array.null_count)
    content = data.slice(array.offset * width, len(array) * width)
    if valid is not None:
        rows = np.frombuffer(content, f"V{width}").copy()
        rows[~valid] = np.void(bytes(width))
        content = pa.py_buffer(rows)
    return pa.Array.from_buffers(array.type, len(array), [_bitmap(valid), content], array.null_count)


def _offsets(buffer: pa.Buffer | None, array: pa.Array, width: type[np.integer[Any]]) -> npt.NDArray[np.integer[Any]]:
    if buffer is None or len(array) == 0:
        return np.zeros(len(array) + 1, width)
    return np.frombuffer(buffer, width, len(array) + 1, array.offset * np.dtype(width).itemsize)


def _rebased(starts: npt.NDArray[np.integer[Any]]) -> pa.Buffer:
    return pa.py_buffer(starts - starts[0])


def read_shard(root: Path, record: FileRecord) -> Iterator[pa.RecordBatch]:
    """Batches of a shard, mapped without copying. Size is checked before, row and batch counts at the end."""
    record.check(root)
    rows = batches = 0
    for batch in shard_batches(root / record.path):
        rows, batches = rows + batch.num_rows, batches + 1
        yield batch
    if (rows, batches) != (record.rows, record.batches):
        found, expected = f"{rows} rows in {batches} batches", f"{record.rows} rows in {record.batches} batches"
        raise IntegrityError(record.path, found, expected, "run the stage again")


def shard_batches(path: Path) -> Iterator[pa.RecordBatch]:
    """Batches of an Arrow stream file, mapped, with no check but Arrow's own."""
    with pa.memory_map(str(path)) as source:
        try:
            yield from pa.ipc.open_stream(source)
        except pa.ArrowInvalid as error:
            raise IntegrityError(path.name, f"{error}", "an Arrow IPC stream", "run the stage again") from error


def aligned(first: Iterator[pa.RecordBatch], *others: Iterator[pa.RecordBatch]) -> Iterator[tuple[pa.RecordBatch, ...]]:
    """Sidecar files side by side, cut where the first one's batches end.

    Raises IntegrityError where their `id` columns differ or one file is longer than another.
    """
    cursors = [_Cursor(other) for other in others]
    row = 0
    for batch in first:
        rows = (batch, *(cursor.take(batch.num_rows) for cursor in cursors))
        if any(not other.column("id").equals(batch.column("id")) for other in rows[1:]):
            raise _misaligned(row)
        yield rows
        row += batch.num_rows
    if any(cursor.take(1).num_rows for cursor in cursors):
        raise _misaligned(row)


def _misaligned(row: int) -> IntegrityError:
    expected = "the same documents in the same order"
    return IntegrityError(f"sidecar files, rows from {row}", "different ids", expected, "run the stage again")


class _Cursor:
    """Takes any number of rows at a time from a stream of batches; copies only across batch boundaries."""

    def __init__(self, batches: Iterator[pa.RecordBatch]) -> None:
        self._batches = batches
        self._head = next(batches, None)

    def take(self, rows: int) -> pa.RecordBatch:
        """The next `rows` rows, fewer at the end."""
        pieces: list[pa.RecordBatch] = []
        while self._head is not None and rows:
            pieces.append(self._head.slice(0, rows))
            rest = self._head.slice(len(pieces[-1]))
            rows -= len(pieces[-1])
            self._head = rest if len(rest) else next(self._batches, None)
        if not pieces:
            return pa.RecordBatch.from_pydict({"id": pa.array([], pa.string())})
        return pieces[0] if len(pieces) == 1 else pa.concat_batches(pieces)
