"""Web archives: WARC, WET and ARC files, plain or packed with gzip or zstd.

Responses and resources that hold pages or plain text become documents, conversions (WET) are taken as the text they
are. Other records (requests, metadata, images, errors) are not documents and are passed over; every stretch of a file
that is no record, and every page that cannot be read, goes to quarantine.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar

from curation.collect import inputs
from curation.collect.archive.http import decode_body, parse_response
from curation.collect.archive.records import ArchiveRecord, Broken, read_records
from curation.collect.pages import HTML_TYPES, PageSource
from curation.collect.source import Piece, Sink
from curation.errors import DataError

__all__ = ["Warc"]

_MAX_RATIO = 1000.0
_KINDS = ("response", "resource", "conversion")
# What crawlers keep beside pages: look-ups, their own logs, and the rules they obey.
_NO_PAGE = re.compile(r"^(?:dns|whois|metadata|filedesc):|^https?://[^/]{1,300}/robots\.txt$", re.IGNORECASE)
_ARC_DATE = re.compile(r"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$")
_NAMES = {"warc-date": "fetched", "warc-record-id": "record_id", "warc-truncated": "truncated_by_crawler"}
_LANGUAGES = "warc-identified-content-language"


class Warc(PageSource):
    """`types` are the media types that become documents, `statuses` the HTTP answers that count as pages."""

    format: ClassVar[str] = "warc"
    suffixes: ClassVar[tuple[str, ...]] = (".warc", ".wet", ".arc")

    types: tuple[str, ...] = (*HTML_TYPES, "text/plain")
    statuses: tuple[int, ...] = (200,)

    def read(self, piece: Piece, sink: Sink) -> None:
        file = piece.file.key
        with inputs._open_raw(piece.file.path) as raw:
            for record in read_records(raw, self.max_record_bytes):
                if isinstance(record, Broken):
                    sink.reject(file, record.offset, record.length, record.reason, record.detail, record.head)
                else:
                    self._take(file, record, sink)

    def _take(self, file: str, record: ArchiveRecord, sink: Sink) -> None:
        try:
            found = self._page(record)
        except DataError as error:
            sink.reject(file, record.offset, len(record.block), error.reason, error.detail, record.block[:64])
            return
        if found is not None:
            text, meta = found
            sink.add(f"{file}:{record.place}", text, record.url, {**meta, **_origin(record)})

    def _page(self, record: ArchiveRecord) -> tuple[str, dict[str, Any]] | None:
        """Text and metadata, or None for a record that is no document."""
        if record.kind not in _KINDS or _NO_PAGE.search(record.url or ""):
            return None
        if record.kind == "conversion":
            return self._whole(record, record.block, "text/plain", {})
        if record.kind == "resource" and "application/http" not in record.content_type:
            headers = {"content-type": record.headers.get("content-type", "")}
            return self._whole(record, record.block, record.content_type, headers)
        response = parse_response(record.block)
        if response.status not in self.statuses or _wanted(response.content_type, self.types) is None:
            return None
        body = decode_body(response, self.max_record_bytes, _MAX_RATIO)
        return self._whole(record, body, response.content_type, response.headers)

    def _whole(
        self, record: ArchiveRecord, body: bytes, content_type: str, headers: dict[str, str]
    ) -> tuple[str, dict[str, Any]] | None:
        kind = _wanted(content_type, self.types)
        if kind is None or not body:
            return None
        length = headers.get("content-length", "")
        if record.truncated and not (length.isascii() and length.isdigit() and int(length) <= len(body)):
            raise DataError("truncated_record", "the file ends before the record does")
        is_html = kind in HTML_TYPES or (not kind and _looks_like_html(body))
        return self.document(body, is_html, record.url, headers)


def _wanted(content_type: str, types: tuple[str, ...]) -> str | None:
    """The media type, empty if none is given; None for one that is not wanted."""
    return content_type if not content_type or content_type in types else None


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
