"""What is asked for: an address, or a stretch of a file that holds one packed record of a web archive."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from curation.collect.archive.unpack import begins_record
from curation.collect.inputs import InputFile, open_input
from curation.errors import ResourceError
from pipelines.fetch.addresses import Refused
from pipelines.fetch.exchange import Answer

__all__ = ["Target", "archived_record", "read_list"]

_LONGEST_LINE = 64 << 10
_MAX_RECORD = 256 << 20
_STEP = 1 << 20


@dataclass(frozen=True, slots=True)
class Target:
    """`span` is (offset, length) in bytes. `is_page` is false for an interface that is offered to programs: an index,
    the files of an archive. Rules for robots are for pages.
    """

    url: str
    span: tuple[int, int] | None = None
    is_page: bool = True

    @property
    def name(self) -> str:
        """What the journal calls it."""
        return self.url if self.span is None else f"{self.url}#{self.span[0]}+{self.span[1]}"

    @property
    def headers(self) -> dict[str, str]:
        """Beside those that every request has."""
        if self.span is None:
            return {} if self.is_page else {"Accept-Encoding": "identity"}
        offset, length = self.span
        return {"Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity"}


def read_list(path: str) -> Iterator[Target]:
    """Addresses, one a line; blank lines and those that begin with # are passed over."""
    try:
        with open_input(InputFile(path=path, key=path, bytes=0)) as lines:
            while line := lines.readline(_LONGEST_LINE):
                address = line.decode("utf-8-sig", "replace").strip()
                if address and not address.startswith("#"):
                    yield Target(address)
    except (OSError, EOFError, zlib.error) as error:
        raise ResourceError(path, type(error).__name__, "a file of addresses, one a line", "mend the path") from error


def archived_record(answer: Answer, span: tuple[int, int]) -> bytes:
    """The packed record that was asked for. Refuses anything else than one whole gzip member with a record in it."""
    if answer.status != 206:
        raise Refused("no_range")
    if len(answer.body) != span[1]:
        raise Refused("truncated")
    unpack = zlib.decompressobj(31)
    try:
        begun = unpack.decompress(answer.body, _STEP)
        size, rest = len(begun), unpack.unconsumed_tail
        while rest and size <= _MAX_RECORD:
            size += len(unpack.decompress(rest, _STEP))
            rest = unpack.unconsumed_tail
    except zlib.error as error:
        raise Refused("not_a_record") from error
    if not unpack.eof or unpack.unused_data or not begins_record(begun):
        raise Refused("not_a_record")
    return answer.body
