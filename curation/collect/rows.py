"""Sources of rows that are no files of ours: hubs and databases. Columns are mapped as those of tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field

from curation.collect.inputs import InputFile
from curation.collect.source import Piece, Sink, Source
from curation.files import digest_of

__all__ = ["RowSource"]

_SIMPLE = (str, int, float, bool, list, dict)


class RowSource(Source):
    """`text` and `url` name columns; `keep` says which other columns go into `meta` (all simple ones by default)."""

    text: str = Field("text", min_length=1)
    url: str | None = "url"
    keep: tuple[str, ...] | None = None

    def remote_piece(self, path: str, key: str, content: Any, start: int = 0, end: int | None = None) -> Piece:
        """A piece that is not a file: `content` is what decides its rows, in place of a checksum."""
        return Piece(file=InputFile(path=path, key=key, bytes=0, sha256=digest_of(content)), start=start, end=end)

    def take(self, file: str, key: str, number: int, row: Mapping[str, Any], sink: Sink) -> None:
        """One row as a document, or to quarantine; `number` counts rows of the piece."""
        text = row.get(self.text)
        if isinstance(text, bytes):
            text = _decoded(text)
        if not isinstance(text, str):
            kind = "null_text" if text is None else "wrong_type"
            sink.reject(file, number, 1, kind, f"column `{self.text}` holds a {type(text).__name__}", b"")
        elif len(text) > self.max_record_bytes:
            limit = f"{len(text)} characters, more than max_record_bytes {self.max_record_bytes}"
            sink.reject(file, number, 1, "record_too_large", limit, b"")
        elif not _is_utf8(text):
            sink.reject(file, number, 1, "invalid_utf8", f"column `{self.text}` is not UTF-8", b"")
        else:
            url = row.get(self.url) if self.url else None
            sink.add(key, text, url if isinstance(url, str) else None, self._meta(row))

    def _meta(self, row: Mapping[str, Any]) -> dict[str, Any]:
        others = {name: value for name, value in row.items() if name not in (self.text, self.url)}
        if self.keep is not None:
            return {name: others[name] for name in self.keep if name in others}
        return {name: value for name, value in others.items() if isinstance(value, _SIMPLE)}


def _decoded(text: bytes) -> str | bytes:
    try:
        return text.decode()
    except UnicodeDecodeError:
        return text


def _is_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
