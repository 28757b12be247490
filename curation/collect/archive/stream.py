"""The unpacked bytes of an archive as a stream that looks ahead, goes back, and finds its way after damage."""

from __future__ import annotations

import re
from collections import deque
from typing import IO

from curation.collect.archive.unpack import CHUNK, Damage, begins_record, unpacker

__all__ = ["ArchiveStream"]

# Where a record may begin inside a member, by a text that is quick to find and a pattern that decides.
_SIGNS = (b"WARC/1.", b"WARC/0.", b"warc/1.", b"warc/0.", b"http://", b"https://", b"dns:")
_RECORD = re.compile(rb"WARC/[01]\.\d|[a-z]{2,8}:[^\s]{1,2000} [\d.:a-f]{2,45} \d{8,20} ", re.IGNORECASE)
# So much of a packed member is unpacked to look for a record; then the search goes on in the packed bytes.
_LOOK = 64 << 20
_BLANK_LINE = re.compile(rb"\n\r?\n")
_OVERLAP = 2100
_LINE_FEED = 10
_MAX_BLANK = 64 << 10


class ArchiveStream:
    """`offset` counts unpacked bytes; `place` names a position in a way that does not depend on how it was reached."""

    def __init__(self, raw: IO[bytes]) -> None:
        self._unpacker = unpacker(raw)
        self._buffer, self._at, self.offset = b"", 0, 0
        self._members: deque[tuple[int, int]] = deque()  # (offset of unpacked bytes, offset in the file)
        self._ended = False
        self.damage: Damage | None = None

    def place(self) -> tuple[str, int]:
        """Name and file offset of the next byte: that of its member, and how far into the member it is."""
        self._fill(1)
        while len(self._members) > 1 and self._members[1][0] <= self.offset:
            self._members.popleft()
        begun, member = self._members[0] if self._members else (0, 0)
        inner = self.offset - begun
        if not self._unpacker.packed:
            return str(inner), inner
        return f"{member}+{inner}" if inner else str(member), member

    def peek(self, count: int) -> bytes:
        """The next `count` bytes without taking them; fewer only at the end, or before damage."""
        self._fill(count)
        return self._buffer[self._at : self._at + count]

    def read(self, count: int) -> bytes:
        content = self.peek(count)
        self._at += len(content)
        self.offset += len(content)
        return content

    def read_line(self, limit: int) -> bytes:
        """Up to and including the next line feed, at most `limit` bytes."""
        line = self.peek(256)
        if b"\n" not in line:
            line = self.peek(limit)
        return self.read(line.find(b"\n") + 1 or len(line))

    def read_header(self, limit: int) -> bytes | None:
        """Up to and including the next blank line; None, and nothing taken, if there is none within `limit` bytes."""
        for ahead in (1024, limit):
            found = _BLANK_LINE.search(self.peek(ahead))
            if found:
                return self.read(found.end())
        return None

    def skip_blank(self) -> None:
        """Pass over line ends, as many as can stand between records."""
        ahead = self.peek(64)
        if not ahead.strip(b"\r\n"):
            ahead = self.peek(_MAX_BLANK)
        self.read(len(ahead) - len(ahead.lstrip(b"\r\n")))

    def skip(self, count: int) -> int:
        """Pass over bytes without holding them, at most to the next member that begins a record; returns how many."""
        passed = 0
        while passed < count:
            step = len(self.peek(min(count - passed, CHUNK)))
            known = self._record_within(1, step)
            self.read(known or step)
            passed += known or step
            if known or not step:
                break
        return passed

    def skip_to_member(self) -> bool:
        """Go on with the next member of the file that begins a record; False when there is none."""
        found = self._unpacker.skip_damage()
        self.offset += len(self._buffer) - self._at
        self._buffer, self._at, self.damage = b"", 0, None
        self._members.clear()
        self._ended = found is None
        return found is not None

    def back(self, content: bytes) -> None:
        """Put back what was read last."""
        self._buffer = content + self._buffer[self._at :]
        self._at = 0
        self.offset -= len(content)

    def unread(self) -> int | None:
        """Bytes left in a file that is not packed."""
        behind = self._unpacker.unread()
        return None if behind is None else behind + len(self._buffer) - self._at

    def finish(self) -> None:
        """Leave the rest of the file unread."""
        self._ended, self.damage = True, None

    def at_end(self) -> bool:
        """Whether the file ends behind what can still be read here."""
        return self._ended or (self.damage is not None and self.damage.at_end)

    def holds_record(self, content: bytes) -> bool:
        """Whether a record may begin in what was read last."""
        self.back(content)
        inside = _sign_of_record(content) is not None or self._record_within(1, len(content)) is not None
        self.read(len(content))
        return inside

    def find_record(self) -> None:
        """Go to the next place where a record may begin, over damage too; to the end if there is none."""
        looked = 0
        while True:
            window = self.peek(CHUNK)
            found = _sign_of_record(window)
            member = self._record_within(0, len(window) if found is None else found)
            if found is not None or member is not None:
                self.read(found or 0 if member is None else member)
                return
            more = self.damage is None and len(window) == CHUNK
            self.read(CHUNK - _OVERLAP if more else len(window))
            looked += len(window)
            if more and (looked < _LOOK or not self._unpacker.packed):
                continue
            if (not more and self.damage is None) or not self.skip_to_member():
                return
            looked = 0

    def _record_within(self, first: int, end: int) -> int | None:
        """How far ahead, from `first` to before `end`, the nearest member begins that begins with a record."""
        for begun, _ in self._members:
            ahead = begun - self.offset
            if first <= ahead < end and begins_record(self._buffer[self._at + ahead : self._at + ahead + _OVERLAP]):
                return ahead
        return None

    def _fill(self, count: int) -> None:
        held = len(self._buffer) - self._at
        if held >= count or self._ended or self.damage:
            return
        parts = [self._buffer[self._at :]]
        while held < count and not self._ended:
            try:
                chunk, member = self._unpacker.read()
            except Damage as damage:
                self.damage = damage
                break
            if member is not None:
                self._members.append((self.offset + held, member))
            self._ended = not chunk
            parts.append(chunk)
            held += len(chunk)
        self._buffer, self._at = b"".join(parts), 0


def _sign_of_record(window: bytes) -> int | None:
    """Where the first line begins that may be the first of a record."""
    nearest = None
    for sign in _SIGNS:
        at = window.find(sign)
        while at >= 0 and (nearest is None or at < nearest):
            if (at == 0 or window[at - 1] == _LINE_FEED) and _RECORD.match(window, at):
                nearest = at
            at = window.find(sign, at + 1)
    return nearest
