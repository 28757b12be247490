"""Web archives: WARC, WET and ARC files, plain or packed with gzip or zstd.

Responses and resources that hold pages or plain text become documents, conversions (WET) are taken as the text they
are. Other records (requests, metadata, images, errors) are no documents: they are counted by what they are. Every
stretch of a file that is no record, and every page that cannot be read, goes to quarantine.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from curation.collect.archive.http import decode_body, parse_response
from curation.collect.archive.records import ArchiveRecord, Broken, read_records
from curation.collect.inputs import open_raw
from curation.collect.pages import HTML_TYPES, PageSource
from curation.collect.source import Piece, Sink
from curation.errors import DataError

__all__ = ["Warc"]

_MAX_RATIO = 1000.0
_KINDS = ("response", "resource", "conversion")
_OTHER_KINDS = ("request", "metadata", "warcinfo", "revisit", "continuation", "arc_header")
# What crawlers keep beside pages: look-ups, their own logs, and the rules they obey.
_NO_PAGE = re.compile(r"^(?:dns|whois|metadata|filedesc):|^https?://[^/]{1,300}/robots\.txt$", re.IGNORECASE)
# Some writers put a whole HTTP answer where only its body belongs. A text about HTTP has lines of its own kind.
_MESSAGE = re.compile(rb"HTTP/1\.[01] [1-5]\d\d(?: [^\r\n]*)?\r\n")
_ARC_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$")
_NAMES = {
    "warc-date": "fetched",
    "warc-record-id": "record_id",
    "warc-truncated": "truncated_by_crawler",
    "tdm-reservation": "tdm_reservation",
    "tdm-policy": "tdm_policy",
}
_LANGUAGES = "warc-identified-content-language"
_PART_OF = re.compile(rb"(?:^|\n)isPartOf: *([\w.:+ -]{1,200})", re.IGNORECASE)
_CRAWL = re.compile(r"CC-(?:MAIN|NEWS)-\d{4}-\d{2}|CC-NEWS-\d{6}")
# Media types that a skip is counted under by name; of others the first half. An archive may name any number of them.
_FAMILIES = ("image", "video", "audio", "font", "text", "application")
_TYPES = ("pdf", "json", "javascript", "xml", "css", "rss+xml", "atom+xml", "x-javascript", "octet-stream", "zip")


class _Skip(Exception):  # noqa: N818 - a record that is no document, not a fault
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Warc(PageSource):
    """Pages and plain text of web archives (`.warc`, `.arc`, `.wet`, also packed).

    `types` are the media types that become documents, `statuses` the HTTP answers that count as pages. All other
    records are counted and skipped. Charset, main content and metadata are found as for `html`. The crawl that an
    archive names (`isPartOf`, or `CC-MAIN-…` in its file's name) is kept as `snapshot`.
    """

    format: ClassVar[str] = "warc"
    suffixes: ClassVar[tuple[str, ...]] = (".warc", ".wet", ".arc")

    types: tuple[str, ...] = (*HTML_TYPES, "text/plain")
    statuses: tuple[int, ...] = (200,)

    def read(self, piece: Piece, sink: Sink) -> None:
        file, crawl = piece.file.key, _crawl_of(piece.file.key)
        with open_raw(piece.file.path) as raw:
            for record in read_records(raw, self.max_record_bytes):
                if isinstance(record, Broken):
                    sink.reject(file, record.offset, record.length, record.reason, record.detail, record.head)
                    continue
                if record.kind == "warcinfo":
                    crawl = _part_of(record.block) or crawl
                self._take(file, record, crawl, sink)

    def _take(self, file: str, record: ArchiveRecord, crawl: dict[str, str], sink: Sink) -> None:
        try:
            text, meta = self._page(record)
        except _Skip as skipped:
            sink.skip(skipped.reason)
        except DataError as error:
            sink.reject(file, record.offset, len(record.block), error.reason, error.detail, record.block[:64])
        else:
            known = crawl if self.snapshot is None else {}
            sink.add(f"{file}:{record.place}", text, record.url, {**known, **_origin(record), **meta})

    def _page(self, record: ArchiveRecord) -> tuple[str, dict[str, Any]]:
        """Text and metadata; raises `_Skip` for a record that is no document, DataError for one that cannot be."""
        if record.kind not in _KINDS:
            raise _Skip(f"record_{record.kind if record.kind in _OTHER_KINDS else 'unknown'}")
        if _NO_PAGE.search(record.url or ""):
            raise _Skip("crawl_record")
        message = "application/http" in record.content_type or bool(_MESSAGE.match(record.block))
        if record.kind == "conversion" and not message:
            return self._whole(record, record.block, "text/plain", {})
        if record.kind == "resource" and not message:
            headers = {"content-type": record.headers.get("content-type", "")}
            return self._whole(record, record.block, record.content_type, headers)
        response = parse_response(record.block)
        if response.status not in self.statuses:
            raise _Skip(f"status_{response.status}")
        self._check_type(response.content_type)
        body = decode_body(response, self.max_record_bytes, _MAX_RATIO)
        return self._whole(record, body, response.content_type, response.headers)

    def _check_type(self, content_type: str) -> None:
        """Skip media types that are not wanted; a record that names none is looked at."""
        if content_type and content_type not in self.types:
            family, _, kind = content_type.partition("/")
            raise _Skip(f"type_{kind if kind in _TYPES else family if family in _FAMILIES else 'other'}")

    def _whole(
        self, record: ArchiveRecord, body: bytes, kind: str, headers: dict[str, str]
    ) -> tuple[str, dict[str, Any]]:
        self._check_type(kind)
        if not body:
            raise _Skip("empty_body")
        length = headers.get("content-length", "")
        if record.truncated and not (length.isascii() and length.isdigit() and int(length) <= len(body)):
            raise DataError("truncated_record", "the file ends before the record does")
        is_html = kind in HTML_TYPES or (not kind and _looks_like_html(body))
        return self.document(body, is_html, record.url, headers)


def _looks_like_html(body: bytes) -> bool:
    head = body[:1024].lstrip().lower()
    return head.startswith((b"<!doctype", b"<html", b"<head", b"<body")) or b"<html" in head


def _origin(record: ArchiveRecord) -> dict[str, str]:
    """When and by which record a page was fetched; a language that the archive's maker found."""
    found = {name: record.headers[header] for header, name in _NAMES.items() if record.headers.get(header)}
    if "fetched" in found:
        found["fetched"] = _ARC_DATE.sub(r"\1-\2-\3T\4:\5:\6Z", found["fetched"])
    if record.headers.get(_LANGUAGES):
        found.setdefault("archive_languages", record.headers[_LANGUAGES])
    return found


def _part_of(warcinfo: bytes) -> dict[str, str]:
    """The crawl that an archive says it is part of."""
    found = _PART_OF.search(warcinfo)
    return {"snapshot": found[1].decode().strip()} if found else {}


def _crawl_of(name: str) -> dict[str, str]:
    found = _CRAWL.search(name)
    return {"snapshot": found[0]} if found else {}
