"""CSV and TSV files with a header line. A record's key is its file and row number.

Rows are read by the standard library from lines that are bounded here: a line without end, or a quote that is never
closed, costs no more memory than a record may have.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any, ClassVar

from curation.collect.damage import DAMAGE, why_damaged
from curation.collect.inputs import InputFile, open_input
from curation.collect.source import FileSource, Piece, Sink
from curation.errors import ResourceError, nearest

__all__ = ["Csv"]

_STEP = 1 << 20


class Csv(FileSource):
    """CSV and TSV files with a header line, in UTF-8.

    Rows with another number of fields than the header go to quarantine. `text` and `url` name columns; `keep` says
    which others go into the metadata (all by default). `delimiter` is a tab for `.tsv`, else a comma, unless it is
    given.
    """

    format: ClassVar[str] = "csv"
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv")

    text: str = "text"
    url: str | None = "url"
    keep: tuple[str, ...] | None = None
    delimiter: str | None = None

    def cut(self, file: InputFile) -> Sequence[Piece]:
        where = f"source `{self.name}`, {file.key}"
        try:
            with self._rows(file) as (rows, _):
                header = next(rows, [])
        except (*DAMAGE, csv.Error) as error:
            found = f"no header line ({why_damaged(error)})"
            raise ResourceError(where, found, "a file with a header", "replace or remove it") from error
        if not _is_utf8(header):
            raise ResourceError(where, "a header line that is not UTF-8", "a header in UTF-8", "convert the file")
        if self.text not in header:
            found = f"columns {', '.join(header[:20])}"
            raise ResourceError(where, found, f"a column `{self.text}`", nearest(self.text, header))
        return [Piece(file=file)]

    def read(self, piece: Piece, sink: Sink) -> None:
        file, number = piece.file.key, 0
        with self._rows(piece.file) as (rows, lines):
            header = next(rows)
            while True:
                lines.begin_row()
                try:
                    row = next(rows, None)
                except csv.Error:
                    limit = f"a row of more than max_record_bytes {self.max_record_bytes}"
                    sink.reject(file, number, 1, "record_too_large", limit, b"")
                except DAMAGE as error:
                    sink.reject(file, number, 0, "damaged_file", why_damaged(error), b"")
                    return
                else:
                    if row is None:
                        return
                    self._record(file, number, header, row, sink)
                number += 1

    def _record(self, file: str, number: int, header: list[str], row: list[str], sink: Sink) -> None:
        if not row:  # a blank line
            return
        if len(row) != len(header):
            sink.reject(file, number, 1, "wrong_columns", f"{len(row)} fields instead of {len(header)}", b"")
            return
        record: dict[str, Any] = dict(zip(header, row, strict=True))
        text, url = record.pop(self.text), record.pop(self.url, None) if self.url else None
        if not _is_utf8(row):
            sink.reject(file, number, 1, "invalid_utf8", "the row is not UTF-8", text.encode(errors="surrogateescape"))
            return
        meta = record if self.keep is None else {name: record[name] for name in self.keep if name in record}
        sink.add(f"{file}:{number}", text, url or None, meta)

    @contextmanager
    def _rows(self, file: InputFile) -> Iterator[tuple[Iterator[list[str]], _Lines]]:
        csv.field_size_limit(self.max_record_bytes)
        delimiter = self.delimiter or ("\t" if ".tsv" in file.path else ",")
        with open_input(file) as content:
            lines = _Lines(content, self.max_record_bytes)
            yield csv.reader(lines, delimiter=delimiter), lines


class _Lines:
    """Lines of text for the reader of rows; bytes that are not UTF-8 become surrogates, to be seen there.

    Raises csv.Error, and goes on behind the line, when a row has more than `limit` bytes.
    """

    def __init__(self, content: IO[bytes], limit: int) -> None:
        self._content, self._limit = content, limit
        self._first, self._row_bytes = True, 0

    def begin_row(self) -> None:
        self._row_bytes = 0

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._content.readline(self._limit + 1)
        if not line:
            raise StopIteration
        self._row_bytes += len(line)
        if self._row_bytes > self._limit:
            while not line.endswith(b"\n") and line:
                line = self._content.readline(_STEP)
            raise csv.Error("a row above the limit")
        if self._first:
            self._first, line = False, line.removeprefix(b"\xef\xbb\xbf")
        return line.decode("utf-8", "surrogateescape")


def _is_utf8(row: list[str]) -> bool:
    try:
        "".join(row).encode()
    except UnicodeEncodeError:
        return False
    return True
