"""Folders of PDF, Word and EPUB files: each file is one document. They need the extra `documents`."""

from __future__ import annotations

import importlib.util
import json
from typing import ClassVar

from pydantic import Field

from curation.collect.extract.isolate import extract_apart
from curation.collect.source import FileSource, Piece, Sink
from curation.collect.whole import read_whole, reject_file
from curation.errors import DataError, ResourceError

__all__ = ["Docx", "Epub", "Pdf"]


class DocumentFiles(FileSource):
    """Files are parsed in a child process, which is stopped after `cpu_seconds` or at `memory_bytes`."""

    needs: ClassVar[tuple[str, str] | None] = None  # module, and the package it comes in

    cpu_seconds: float = Field(60.0, gt=0)
    memory_bytes: int = Field(560 << 20, gt=0)

    def check(self) -> None:
        if self.needs is not None and importlib.util.find_spec(self.needs[0]) is None:
            where, do = f"source `{self.name}`", 'pip install "gristmill[documents]"'
            raise ResourceError(where, f"no {self.needs[1]}", f"the package that reads {self.format} files", do)

    def read(self, piece: Piece, sink: Sink) -> None:
        content = b""
        try:
            content = read_whole(piece, self.max_record_bytes)
            found = json.loads(extract_apart(self.format, content, self.cpu_seconds, self.memory_bytes))
            text = str(found.pop("text")).encode("utf-8", "replace").decode()
            if not text.strip():
                raise DataError("empty_extraction", "a file without a text layer")
        except DataError as error:
            reject_file(sink, piece, error, content)
            return
        sink.add(piece.file.key, text, meta={name: value for name, value in found.items() if value})


class Pdf(DocumentFiles):
    """Folders of PDF files: the text layer of each is one document. Needs the extra `documents`."""

    format: ClassVar[str] = "pdf"
    suffixes: ClassVar[tuple[str, ...]] = (".pdf",)
    needs: ClassVar[tuple[str, str] | None] = ("pypdf", "pypdf")


class Docx(DocumentFiles):
    """Folders of Word files (.docx): paragraphs and tables of each are one document.

    Needs the extra `documents`.
    """

    format: ClassVar[str] = "docx"
    suffixes: ClassVar[tuple[str, ...]] = (".docx",)
    needs: ClassVar[tuple[str, str] | None] = ("docx", "python-docx")


class Epub(DocumentFiles):
    """Folders of EPUB books: the chapters of each, in their order, are one document."""

    format: ClassVar[str] = "epub"
    suffixes: ClassVar[tuple[str, ...]] = (".epub",)
