"""MediaWiki XML dumps, plain or packed (bz2, gzip, zstd): each page of the wanted namespaces is one document.

The dump is cut at its `<page>` tags, which text in it cannot hold, and not parsed as one XML document: a dump that is
cut short or damaged then loses the page that is damaged, and no entity can be expanded into a bomb.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, ClassVar
from xml.sax.saxutils import unescape

from curation.collect.damage import DAMAGE, why_damaged
from curation.collect.inputs import open_input
from curation.collect.source import FileSource, Piece, Sink
from curation.collect.wikitext import plain_text

__all__ = ["MediaWiki"]

_LINE = 1 << 20
_TAG = re.compile(rb"(?=<page>)|(?<=</page>)")
_WHOLE = (b"<page>", b"</page>")
_LONGEST_TAG = len(b"</page>")
_FIELD = re.compile(r"<(title|ns|id|timestamp|base)>([^<]{0,1000})</\1>")
_TEXT = re.compile(r"<text\b([^<>]{0,1000})>")
_NAMESPACE = re.compile(r'<namespace key="(-?\d+)"[^<>]{0,100}>([^<]{0,100})</namespace>')
# enwiki-20240601-pages-articles.xml.bz2
_DUMP_DAY = re.compile(r"-(\d{8})-")
_DROPPED_KEYS = ("6", "14")
_NAMES = frozenset({"file", "image", "media", "category"})
_QUOTES = {"&quot;": '"', "&apos;": "'"}


class MediaWiki(FileSource):
    """Pages of MediaWiki XML dumps (`.xml`, also packed) as plain text with their sections.

    `namespaces` are numbers of namespaces, 0 that of articles; pages of others and redirects are counted and skipped.
    The dump's date in the file's name is kept as `snapshot`.
    """

    format: ClassVar[str] = "mediawiki"
    suffixes: ClassVar[tuple[str, ...]] = (".xml",)

    namespaces: tuple[int, ...] = (0,)

    def read(self, piece: Piece, sink: Sink) -> None:
        file = piece.file.key
        site = _Site()
        with open_input(piece.file) as dump:
            pages = _pages(dump, site, self.max_record_bytes)
            while True:
                try:
                    offset, length, page = next(pages, (0, 0, None))
                except DAMAGE as error:
                    sink.reject(file, site.offset, 0, "damaged_file", why_damaged(error), b"")
                    return
                if page is None:
                    break
                self._page(file, offset, length, page, site, sink)
            if not site.pages and site.offset:
                sink.reject(file, 0, site.offset, "not_a_dump", "a file in which no page begins", b"")

    def _page(self, file: str, offset: int, length: int, page: bytes, site: _Site, sink: Sink) -> None:
        if length > self.max_record_bytes:
            limit = f"{length} bytes, more than max_record_bytes {self.max_record_bytes}"
            sink.reject(file, offset, length, "record_too_large", limit, page)
            return
        if not page.rstrip().endswith(b"</page>"):
            sink.reject(file, offset, length, "truncated_record", "the page does not end", page)
            return
        try:
            xml = page.decode()
        except UnicodeDecodeError as error:
            sink.reject(file, offset, length, "invalid_utf8", f"byte {error.start} of the page is not UTF-8", page)
            return
        fields = {name: unescape(value, _QUOTES) for name, value in reversed(_FIELD.findall(xml))}
        if "<redirect" in xml[:4000]:
            sink.skip("redirect")
            return
        if fields.get("ns", "0") not in map(str, self.namespaces):
            sink.skip("other_namespace")
            return
        text = _TEXT.search(xml)
        end = xml.rfind("</text>")
        if text is None or (end < 0 and not text[1].endswith("/")):
            sink.reject(file, offset, length, "missing_text", "a page without text", page)
            return
        wikitext = unescape(xml[text.end() : end], _QUOTES) if end >= 0 else ""
        plain, sections = plain_text(wikitext, site.dropped)
        meta = {
            name: fields[key]
            for key, name in (("title", "title"), ("timestamp", "date"), ("id", "page_id"))
            if key in fields
        }
        found = [[section.level, section.title, section.start] for section in sections]
        if self.snapshot is None and (day := _DUMP_DAY.search(file)):
            meta["snapshot"] = day[1]
        sink.add(f"{file}:{offset}", plain, site.address(fields.get("title", "")), {**meta, "sections": found})


class _Site:
    """What the head of a dump says about its wiki."""

    def __init__(self) -> None:
        self.dropped, self.base, self.offset, self.pages = set(_NAMES), "", 0, 0

    def learn(self, line: str) -> None:
        for key, name in _NAMESPACE.findall(line):
            if key in _DROPPED_KEYS:
                self.dropped.add(name.strip().lower())
        for name, value in _FIELD.findall(line):
            self.base = value if name == "base" else self.base

    def address(self, title: str) -> str | None:
        return f"{self.base.rpartition('/')[0]}/{title.replace(' ', '_')}" if self.base and title else None


def _pages(dump: IO[bytes], site: _Site, limit: int) -> Iterator[tuple[int, int, bytes]]:
    """(offset, length, the page or its beginning); at most `limit` bytes are held."""
    start, held, parts = -1, 0, list[bytes]()
    for line in _stretches(dump):
        mark = line.strip()
        if mark.startswith(b"<page>"):
            if start >= 0:
                yield start, held, b"".join(parts)
            start, held, parts = site.offset, 0, []
            site.pages += 1
        site.offset += len(line)
        if start < 0:
            site.learn(line.decode("utf-8", "replace"))
            continue
        held += len(line)
        if held <= limit:
            parts.append(line)
        if mark.endswith(b"</page>"):
            yield start, held, b"".join(parts)
            start = -1
    if start >= 0:
        yield start, held, b"".join(parts)


def _stretches(dump: IO[bytes]) -> Iterator[bytes]:
    """Lines; those that hold more than one tag of a page, cut at the tags. Most dumps have a line for each."""
    rest = b""
    while line := dump.readline(_LINE):
        line, rest = rest + line, b""
        if not line.endswith(b"\n") and len(line) >= _LINE:
            line, rest = line[:-_LONGEST_TAG], line[-_LONGEST_TAG:]  # a tag may go on behind it
        if b"page>" in line and line.strip() not in _WHOLE:
            yield from filter(None, _TAG.split(line))
        else:
            yield line
    if rest:
        yield from filter(None, _TAG.split(rest))
