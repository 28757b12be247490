"""Text of PDF, Word and EPUB files, for the process that can be stopped: these parsers may loop or grow without end.

Nothing is written to disk: members of zip files are read by name inside the archive and can lead nowhere else.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from curation.errors import DataError

__all__ = ["PARSERS", "docx_text", "epub_text", "pdf_text"]

_MAX_UNPACKED = 256 << 20
_MAX_CHAPTER = 10 << 20
_MAX_MEMBERS = 20_000
_ROOT = re.compile(rb"<rootfile\b[^<>]{0,500}?full-path\s*=\s*[\"']([^\"'<>]{1,500})")
_ITEM = re.compile(r"<(?:\w+:)?item\b([^<>]{0,2000})>")
_SPINE = re.compile(r"<(?:\w+:)?itemref\b([^<>]{0,500})>")
_ATTRIBUTE = re.compile(r"([\w:-]+)\s*=\s*[\"']([^\"'<>]*)[\"']")
_FIELD = re.compile(r"<dc:(title|language|creator|rights|date)\b[^<>]{0,300}>([^<]{0,500})</dc:")


def pdf_text(content: bytes) -> dict[str, Any]:
    """The text layer, page by page; a PDF without one (a scan) has no text."""
    import pypdf

    reader: Any = pypdf.PdfReader(io.BytesIO(content))
    if reader.is_encrypted and not reader.decrypt(""):
        raise DataError("encrypted", "a PDF that asks for a password")
    pages = [page.extract_text() or "" for page in reader.pages]
    title = str((reader.metadata or {}).get("/Title") or "")
    return {"text": "\n\n".join(page.strip() for page in pages if page.strip()), "title": title, "pages": len(pages)}


def docx_text(content: bytes) -> dict[str, Any]:
    """Paragraphs and tables in their order; cells divided by tabs."""
    import docx
    from docx.table import Table

    _opened(content).close()
    document = docx.Document(io.BytesIO(content))
    parts: list[str] = []
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            parts.extend("\t".join(cell.text for cell in row.cells) for row in block.rows)
        else:
            parts.append(block.text)
    return {
        "text": "\n\n".join(part.strip() for part in parts if part.strip()),
        "title": document.core_properties.title,
    }


def epub_text(content: bytes) -> dict[str, Any]:
    """The chapters in the order of the spine."""
    from curation.collect.charset import decode
    from curation.collect.extract.extractors import all_text

    with _opened(content) as book:
        names = set(book.namelist())
        if "META-INF/rights.xml" in names:
            raise DataError("encrypted", "a book under digital rights management")
        root = _ROOT.search(_member(book, "META-INF/container.xml"))
        if root is None:
            raise DataError("not_epub", "a container without a root file")
        place = unquote(root[1].decode("utf-8", "replace"))
        package = decode(_member(book, place)).text
        items = {found.get("id"): found.get("href", "") for found in map(_attributes, _ITEM.findall(package))}
        chapters = [items.get(_attributes(each).get("idref"), "") for each in _SPINE.findall(package)]
        folder = posixpath.dirname(place)
        paths = [posixpath.normpath(posixpath.join(folder, unquote(chapter.partition("#")[0]))) for chapter in chapters]
        texts = [all_text(decode(_chapter(book, path)).text) for path in dict.fromkeys(paths) if path in names]
    fields = {name: value.strip() for name, value in reversed(_FIELD.findall(package))}
    return {"text": "\n\n".join(text.strip() for text in texts if text.strip()), **fields}


def _opened(content: bytes) -> zipfile.ZipFile:
    """A zip file whose members claim to be within the caps."""
    try:
        opened = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
        raise DataError("damaged_file", "a zip file that does not open") from error
    members = opened.infolist()
    if len(members) > _MAX_MEMBERS or sum(member.file_size for member in members) > _MAX_UNPACKED:
        opened.close()
        raise DataError("decompression_bomb", f"{len(members)} members, more than {_MAX_MEMBERS} or too many bytes")
    return opened


def _chapter(book: zipfile.ZipFile, name: str) -> bytes:
    content = _member(book, name)
    if len(content) > _MAX_CHAPTER:
        raise DataError("html_too_large", f"a chapter of more than {_MAX_CHAPTER} bytes")
    return content


def _member(book: zipfile.ZipFile, name: str) -> bytes:
    try:
        with book.open(name) as member:
            content = member.read(_MAX_UNPACKED + 1)
    except (KeyError, RuntimeError, zipfile.BadZipFile, EOFError, OSError, NotImplementedError) as error:
        raise DataError("damaged_file", f"{type(error).__name__} in a member of the archive") from error
    return content


def _attributes(text: str) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(text))


PARSERS: dict[str, Callable[[bytes], dict[str, Any]]] = {"pdf": pdf_text, "docx": docx_text, "epub": epub_text}
