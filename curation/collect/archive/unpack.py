"""Unpackers of archive files: bounded chunks out, whatever the packing, and a way on after damage.

A chunk is never larger than `CHUNK`, so a file that unpacks to terabytes costs its reader nothing it did not ask for.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable
from typing import IO, Protocol

import zstandard

__all__ = ["CHUNK", "Damage", "Unpacker", "begins_record", "unpacker"]

CHUNK = 256 << 10
_GZIP, _ZSTD, _ZSTD_DICTIONARY = b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18"
_MAX_WINDOW = 128 << 20
_MAX_DICTIONARY = 16 << 20
# Bytes of a record that must unpack before a magic number counts as the beginning of a member.
_PROBE = 4096
# A version line, or a line of an ARC file: address, host, date, type, length.
_BEGINS = re.compile(rb"[\r\n]*(?:WARC/\d|[a-z][a-z0-9+.-]{1,10}:[^\n]{1,2000} \S{1,45} \d{8,20} [^\n]{1,500}\n)", re.I)


class Damage(Exception):  # noqa: N818 - a state of the file, turned into a row of quarantine by the reader of records
    """The file cannot be unpacked any further from here; `at_end` if it is because the file ends too early."""

    def __init__(self, what: str, at_end: bool = False) -> None:
        super().__init__(what)
        self.at_end = at_end


class Unpacker(Protocol):
    packed: bool

    def read(self) -> tuple[bytes, int | None]:
        """The next chunk, empty at the end; with the offset in the file where its member begins, if it is the first."""

    def skip_damage(self) -> int | None:
        """Go to the next member that unpacks to the beginning of a record; its offset, or None if there is none."""

    def unread(self) -> int | None:
        """Bytes of the file that were not read yet, if they are as many as the unpacked ones."""


def unpacker(raw: IO[bytes]) -> Unpacker:
    """By the file's first bytes, not by its name."""
    magic = raw.read(4)
    raw.seek(0)
    if magic.startswith(_GZIP):
        return _Gzip(raw)
    return _Zstd(raw) if magic in (_ZSTD, _ZSTD_DICTIONARY) else _Plain(raw)


class _Plain:
    packed = False

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self._first = raw, True

    def read(self) -> tuple[bytes, int | None]:
        first, self._first = self._first, False
        return self._raw.read(CHUNK), 0 if first else None

    def skip_damage(self) -> int | None:
        return None

    def unread(self) -> int | None:
        at = self._raw.tell()
        end = self._raw.seek(0, 2)
        self._raw.seek(at)
        return end - at


class _Gzip:
    """Concatenated gzip members. Offsets are those of members, as the indexes of web archives give them."""

    packed = True

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw, self._packed, self._at = raw, b"", 0
        self._begin()

    def _begin(self) -> None:
        self._inflate, self._member = zlib.decompressobj(31), self._at
        self._untouched = self._fresh = True  # nothing of the member read yet; nothing of it unpacked yet

    def read(self) -> tuple[bytes, int | None]:
        while True:
            packed = self._packed or self._raw.read(CHUNK)
            if not packed:
                if not self._untouched:
                    raise Damage("the last gzip member is cut short", at_end=True)
                return b"", None
            if self._untouched and not packed.startswith(_GZIP[: len(packed)]):
                packed = self._after_padding(packed)
                if not packed:
                    continue
            chunk, first = self._step(packed)
            if chunk:
                return chunk, first

    def _after_padding(self, packed: bytes) -> bytes:
        """Zeros between members are padding; anything else is damage."""
        rest = packed.lstrip(b"\0")
        if rest and not rest.startswith(_GZIP[: len(rest)]):
            raise Damage("bytes between gzip members")
        self._at += len(packed) - len(rest)
        self._member, self._packed = self._at, rest
        return rest

    def _step(self, packed: bytes) -> tuple[bytes, int | None]:
        self._untouched = False
        try:
            chunk = self._inflate.decompress(packed, CHUNK)
        except zlib.error as error:
            raise Damage("a gzip member does not unpack") from error
        self._packed = self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
        self._at += len(packed) - len(self._packed)
        first = self._member if self._fresh and chunk else None
        self._fresh = self._fresh and not chunk
        if self._inflate.eof:
            self._begin()
        return chunk, first

    def skip_damage(self) -> int | None:
        found = _find_member(self._raw, _GZIP, self._member + 1, _inflates_to_record)
        if found is not None:
            self._raw.seek(found)
            self._packed, self._at = b"", found
            self._begin()
        return found

    def unread(self) -> int | None:
        return None


class _Zstd:
    """Zstandard frames, with the dictionary that `.warc.zst` files carry in front."""

    packed = True

    def __init__(self, raw: IO[bytes]) -> None:
        self._raw = raw
        self._dictionary = _dictionary(raw)
        self._begin(raw.tell())

    def _begin(self, offset: int) -> None:
        self._start, self._fresh = offset, True
        self._raw.seek(offset)
        unpack = zstandard.ZstdDecompressor(dict_data=self._dictionary, max_window_size=_MAX_WINDOW)
        self._reader = unpack.stream_reader(self._raw, read_across_frames=True, closefd=False)

    def read(self) -> tuple[bytes, int | None]:
        try:
            chunk = self._reader.read(CHUNK)
        except zstandard.ZstdError as error:
            raise Damage("a zstd frame does not unpack") from error
        first = self._start if self._fresh else None
        self._fresh = False
        return chunk, first

    def skip_damage(self) -> int | None:
        found = _find_member(self._raw, _ZSTD, self._start + 1, self._unpacks_to_record)
        if found is not None:
            self._begin(found)
        return found

    def unread(self) -> int | None:
        return None

    def _unpacks_to_record(self, packed: bytes) -> bool:
        unpack = zstandard.ZstdDecompressor(dict_data=self._dictionary, max_window_size=_MAX_WINDOW)
        try:
            return begins_record(unpack.stream_reader(packed).read(_PROBE))
        except zstandard.ZstdError:
            return False


def _dictionary(raw: IO[bytes]) -> zstandard.ZstdCompressionDict | None:
    """The dictionary in a skippable frame at the beginning, itself packed or not; `raw` is left behind it."""
    magic, size = raw.read(4), raw.read(4)
    if magic != _ZSTD_DICTIONARY or len(size) < 4:
        raw.seek(0)
        return None
    length = min(struct.unpack("<I", size)[0], _MAX_DICTIONARY)
    content = raw.read(length)
    if content.startswith(_ZSTD):
        content = zstandard.ZstdDecompressor().stream_reader(content).read(_MAX_DICTIONARY)
    return zstandard.ZstdCompressionDict(content)


def _find_member(raw: IO[bytes], magic: bytes, start: int, begins: Callable[[bytes], bool]) -> int | None:
    """Offset of the first place from `start` on that has the magic number and passes the test."""
    offset, window = start, b""
    raw.seek(start)
    while block := raw.read(CHUNK):
        window += block
        place = window.find(magic)
        while place >= 0:
            if len(window) - place < _PROBE:
                window += raw.read(_PROBE)
            if begins(window[place : place + _PROBE]):
                return offset + place
            place = window.find(magic, place + 1)
        keep = min(len(window), len(magic) - 1)
        offset, window = offset + len(window) - keep, window[len(window) - keep :]
    return None


def _inflates_to_record(packed: bytes) -> bool:
    try:
        return begins_record(zlib.decompressobj(31).decompress(packed, _PROBE))
    except zlib.error:
        return False


def begins_record(content: bytes) -> bool:
    """Whether a record begins here, blank lines aside."""
    return _BEGINS.match(content) is not None
