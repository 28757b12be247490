"""Records of WARC and ARC files, one after the other, with a way on after every kind of damage.

The framing is our own because what is broken has to be found, named and passed over: fastwarc 2.0 reads no ARC, stops
at the first malformed header, loses its place when a payload is not read to its end, and gives all records of one gzip
member the same offset.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import IO

from curation.collect.archive.stream import ArchiveStream
from curation.collect.archive.unpack import begins_record

__all__ = ["ArchiveRecord", "Broken", "read_records"]

_MAX_HEADER = 64 << 10
# A block above the limit is passed over by unpacking it while it is at most this many times the limit; beyond that, by
# looking for the next member in the packed bytes.
_PATIENCE = 4
_HEAD = 64
_WARC = re.compile(rb"warc/\d+\.\d+\s*$", re.IGNORECASE)
_ARC = re.compile(rb"([a-z][a-z0-9+.-]*:.*) (\S+) (\d{8,20}) (\S+)(?: .*)? (\d{1,18})\s*$", re.IGNORECASE)
_ARC_FIELDS = ("warc-target-uri", "warc-ip-address", "warc-date", "content-type", "content-length")
_LENGTH = re.compile(r"\s*\d{1,18}\s*$", re.ASCII)


@dataclass(frozen=True, slots=True)
class ArchiveRecord:
    """`headers` by lower-case name, the first of a repeated one; `block` as it stands in the archive.

    `truncated` says that the file ends before the block does; what is missing may be no more than a line end.
    """

    place: str
    offset: int
    kind: str
    headers: dict[str, str] = field(repr=False)
    block: bytes = field(repr=False)
    truncated: bool = False

    @property
    def url(self) -> str | None:
        return self.headers.get("warc-target-uri", "").strip("<> ") or None

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Broken:
    """A stretch of the file that is no record. `offset` is in the file, `length` in unpacked bytes."""

    offset: int
    length: int
    reason: str
    detail: str
    head: bytes = field(repr=False)


def read_records(raw: IO[bytes], max_block: int) -> Iterator[ArchiveRecord | Broken]:
    """All records of a file, and all stretches that are none. Blocks above `max_block` bytes are broken too."""
    stream = ArchiveStream(raw)
    while True:
        stream.skip_blank()
        if stream.peek(1):
            yield _Attempt(stream).record(max_block)
        elif stream.damage is not None:
            yield _Attempt(stream).stray("damaged_file")
        else:
            return


class _Attempt:
    """One try at a record, from the place where it should begin."""

    def __init__(self, stream: ArchiveStream) -> None:
        self._stream = stream
        self._place, self._offset = stream.place()
        self._begun, self._head = stream.offset, stream.peek(_HEAD)

    def record(self, max_block: int) -> ArchiveRecord | Broken:
        headers = self._headers()
        if isinstance(headers, str):
            return self.stray(headers)
        if not _LENGTH.match(headers.get("content-length", "")):
            return self.stray("no_content_length")
        length = int(headers["content-length"])
        if length > max_block:
            return self._too_large(length, max_block)
        block = self._stream.read(length)
        truncated = len(block) < length
        whole = not truncated and self._at_boundary()
        if whole or (truncated and self._stream.at_end() and not self._stream.holds_record(block)):
            if truncated:
                self._stream.finish()
            kind = headers.get("warc-type", "").lower()
            return ArchiveRecord(self._place, self._offset, kind, headers, block, truncated)
        self._stream.back(block)
        return self.stray("wrong_length")

    def stray(self, reason: str) -> Broken:
        """What lies between here and the next record."""
        if self._stream.offset == self._begun:
            self._stream.read(1)  # a second look at the same bytes would find the same
        damage = self._stream.damage
        self._stream.find_record()
        detail = f"{damage}" if damage is not None else _DETAILS[reason]
        return self._broken("damaged_file" if damage is not None else reason, detail)

    def _headers(self) -> dict[str, str] | str:
        """Headers, or the reason why there are none."""
        line = self._stream.read_line(_MAX_HEADER)
        if not _WARC.match(line):
            return _arc_headers(line) or "not_a_record"
        header = self._stream.read_header(_MAX_HEADER)
        if header is None:
            whole = len(self._stream.peek(_MAX_HEADER)) == _MAX_HEADER
            return "header_too_large" if whole else "truncated_record"
        return _warc_headers(header)

    def _at_boundary(self) -> bool:
        """Whether a record can end here: at its two line ends, at the end of the file, or before another record."""
        ahead = self._stream.peek(4)
        if ahead.startswith((b"\r\n\r\n", b"\n\n")):
            return True
        ahead = self._stream.peek(4096)
        if self._stream.damage is not None and len(ahead) < 4096:
            return False
        return not ahead.strip(b"\r\n") or begins_record(ahead)

    def _too_large(self, length: int, max_block: int) -> Broken:
        unread = self._stream.unread()
        if unread is not None and length > unread:
            return self.stray("truncated_record")
        if unread is not None or length <= _PATIENCE * max_block:
            self._stream.skip(length)
        elif not self._stream.skip_to_member():
            self._stream.find_record()
        return self._broken("record_too_large", f"{length} bytes, more than max_record_bytes {max_block}")

    def _broken(self, reason: str, detail: str) -> Broken:
        return Broken(self._offset, self._stream.offset - self._begun, reason, detail, self._head)


_DETAILS = {
    "not_a_record": "bytes that begin no record",
    "no_content_length": "a header without a Content-Length that is a number",
    "header_too_large": f"a header of more than {_MAX_HEADER} bytes",
    "truncated_record": "the file ends before the record does",
    "wrong_length": "Content-Length does not lead to the end of a record",
    "damaged_file": "bytes that do not unpack",
}


def _warc_headers(header: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    name = ""
    for line in header.decode("utf-8", "replace").split("\n"):
        if line[:1] in (" ", "\t") and name:
            headers[name] += " " + line.strip()
            continue
        name, colon, value = line.partition(":")
        name = name.strip().lower() if colon else ""
        if name in headers:
            name = ""  # a continuation of a repeated header is not one of the first
        elif name:
            headers[name] = value.strip()
    return headers


def _arc_headers(line: bytes) -> dict[str, str] | None:
    found = _ARC.match(line)
    if found is None:
        return None
    headers = dict(zip(_ARC_FIELDS, (value.decode("utf-8", "replace") for value in found.groups()), strict=True))
    return {**headers, "warc-type": "arc_header" if line.lower().startswith(b"filedesc:") else "response"}
