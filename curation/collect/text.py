"""Folders of plain text and Markdown: each file is one document."""

from __future__ import annotations

from typing import ClassVar

from curation.collect.source import FileSource, Piece, Sink
from curation.collect.whole import read_whole, reject_file
from curation.errors import DataError

__all__ = ["TextFiles"]


class TextFiles(FileSource):
    """Folders of plain text, Markdown and reStructuredText in UTF-8: each file is one document."""

    format: ClassVar[str] = "text"
    suffixes: ClassVar[tuple[str, ...]] = (".txt", ".md", ".markdown", ".rst")

    def read(self, piece: Piece, sink: Sink) -> None:
        try:
            content = read_whole(piece, self.max_record_bytes)
        except DataError as error:
            reject_file(sink, piece, error)
            return
        try:
            text = content.removeprefix(b"\xef\xbb\xbf").decode()
        except UnicodeDecodeError as error:
            found = f"byte {error.start} of the file is not UTF-8"
            sink.reject(piece.file.key, error.start, len(content), "invalid_utf8", found, content)
            return
        sink.add(piece.file.key, text)
