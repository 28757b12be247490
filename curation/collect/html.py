"""Folders of web pages: each file is one document. A key is the file's path below the source's folder."""

from __future__ import annotations

from typing import ClassVar

from curation.collect.pages import PageSource
from curation.collect.source import Piece, Sink
from curation.collect.whole import read_whole, reject_file
from curation.errors import DataError

__all__ = ["HtmlFiles"]


class HtmlFiles(PageSource):
    """Folders of web pages: the main content of each file is one document.

    Charset and metadata (title, date, language, licence, opt-out signals) are found as well. `extractor` is
    `cascade` (fast, and precise where the fast answer is doubtful), `resiliparse`, `trafilatura` or `all_text`;
    `guards` say what a page may be like, and how long its parsing may take.
    """

    format: ClassVar[str] = "html"
    suffixes: ClassVar[tuple[str, ...]] = (".html", ".htm", ".xhtml")

    def read(self, piece: Piece, sink: Sink) -> None:
        content = b""
        try:
            content = read_whole(piece, self.max_record_bytes)
            text, meta = self.document(content, is_html=True)
        except DataError as error:
            reject_file(sink, piece, error, content)
            return
        sink.add(piece.file.key, text, meta.get("canonical"), meta)
