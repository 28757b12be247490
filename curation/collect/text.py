"""Folders of plain text and Markdown: each file is one document."""

from __future__ import annotations

from typing import ClassVar

from curation.collect.inputs import open_input
from curation.collect.source import FileSource, Piece, Sink

__all__ = ["TextFiles"]


class TextFiles(FileSource):
    format: ClassVar[str] = "text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".md", ".markdown", ".rst")

    def read(self, piece: Piece, sink: Sink) -> None:
        with open_input(piece.file) as file:
            content = file.read(self.max_record_bytes + 1)
        if len(content) > self.max_record_bytes:
            limit = f"more than max_record_bytes {self.max_record_bytes}"
            sink.reject(piece.file.key, 0, piece.file.bytes, "record_too_large", limit, content)
            return
        try:
            text = content.removeprefix(b"\xef\xbb\xbf").decode()
        except UnicodeDecodeError as error:
            found = f"byte {error.start} of the file is not UTF-8"
            sink.reject(piece.file.key, error.start, len(content), "invalid_utf8", found, content)
            return
        sink.add(piece.file.key, text)
