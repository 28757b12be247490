"""JSON Lines: one object a line. Plain files are cut into byte ranges; a line belongs to the range it begins in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import IO, Any, ClassVar

import orjson

from curation.collect.damage import DAMAGE, why_damaged
from curation.collect.inputs import InputFile, is_compressed, open_input
from curation.collect.source import FileSource, Piece, Sink

__all__ = ["JsonLines"]

# A compressed file cannot be entered in the middle; text packs to about a third.
_PACKED = 3


class JsonLines(FileSource):
    """JSON Lines: one object a line. Large plain files are cut into ranges of bytes.

    `text` and `url` name fields of the object; `keep` says which other fields go into the metadata (all by
    default).
    """

    format: ClassVar[str] = "jsonl"
    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson", ".json")

    text: str = "text"
    url: str | None = "url"
    keep: tuple[str, ...] | None = None

    def cut(self, file: InputFile) -> Sequence[Piece]:
        if is_compressed(file.path) or file.bytes <= self.unit_bytes:
            return [Piece(file=file)]
        starts = range(0, file.bytes, self.unit_bytes)
        return [Piece(file=file, start=start, end=min(start + self.unit_bytes, file.bytes)) for start in starts]

    def weight(self, piece: Piece) -> int:
        if is_compressed(piece.file.path):
            return piece.file.bytes * _PACKED
        return (piece.end if piece.end is not None else piece.file.bytes) - piece.start

    def read(self, piece: Piece, sink: Sink) -> None:
        with open_input(piece.file) as file:
            for offset, line, length in _lines(file, piece, sink, self.max_record_bytes):
                self._record(piece.file.key, offset, line, length, sink)

    def _record(self, file: str, offset: int, line: bytes, length: int, sink: Sink) -> None:
        if length > self.max_record_bytes:
            limit = f"{length} bytes, more than max_record_bytes {self.max_record_bytes}"
            sink.reject(file, offset, length, "record_too_large", limit, line)
            return
        try:
            record = orjson.loads(line)
        except orjson.JSONDecodeError as error:
            sink.reject(file, offset, length, *_why_not_json(line, error), line)
            return
        text = record.pop(self.text, None) if isinstance(record, dict) else None
        if not isinstance(text, str):
            sink.reject(file, offset, length, *_why_no_text(record, text, self.text, line), line)
            return
        url = record.pop(self.url, None) if self.url else None
        meta = record if self.keep is None else {name: record[name] for name in self.keep if name in record}
        sink.add(f"{file}:{offset}", text, url if isinstance(url, str) else None, meta)


def _lines(file: IO[bytes], piece: Piece, sink: Sink, limit: int) -> Iterator[tuple[int, bytes, int]]:
    """(offset, line or its beginning, length) of every line that is not blank and begins inside the piece."""
    offset = _first_line(file, piece.start)
    end = piece.end if piece.end is not None else 1 << 62
    while offset < end:
        try:
            line = file.readline(limit + 2)
            whole = line.endswith(b"\n") or len(line) < limit + 2
            length = len(line) if whole else len(line) + _skip_line(file)
        except DAMAGE as error:
            sink.reject(piece.file.key, offset, 0, "damaged_file", why_damaged(error), b"")
            return
        if not line:
            return
        content = line.removeprefix(b"\xef\xbb\xbf").strip()  # files laid end to end have marks at their joints
        if content:
            yield offset, content, len(content) if whole else length
        offset += length


def _first_line(file: IO[bytes], start: int) -> int:
    """Move to the first line that begins at or after `start`."""
    if start == 0:
        return 0
    file.seek(start - 1)
    skipped = 0
    while True:
        rest = file.readline(1 << 20)
        skipped += len(rest)
        if not rest or rest.endswith(b"\n"):
            return start - 1 + skipped


def _skip_line(file: IO[bytes]) -> int:
    """Pass over the rest of a line without holding it; returns its bytes."""
    skipped = 0
    while True:
        rest = file.readline(1 << 20)
        skipped += len(rest)
        if not rest or rest.endswith(b"\n"):
            return skipped


def _why_not_json(line: bytes, error: orjson.JSONDecodeError) -> tuple[str, str]:
    try:
        line.decode()
    except UnicodeDecodeError as undecodable:
        return "invalid_utf8", f"byte {undecodable.start} of the record is not UTF-8"
    return "invalid_json", f"not JSON at character {error.pos} of the record"


def _why_no_text(record: Any, text: Any, field: str, line: bytes) -> tuple[str, str]:
    if not isinstance(record, dict):
        return "not_an_object", f"a JSON {type(record).__name__} instead of an object"
    if text is not None:
        return "wrong_type", f"field `{field}` holds a {type(text).__name__} instead of a string"
    if field in orjson.loads(line):
        return "null_text", f"field `{field}` is null"
    return "missing_text", f"no field `{field}`"
