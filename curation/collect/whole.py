"""Files that are one record each: read whole, within the limit, or not at all."""

from __future__ import annotations

from curation.collect.damage import DAMAGE, why_damaged
from curation.collect.inputs import open_input
from curation.collect.source import Piece, Sink
from curation.errors import DataError

__all__ = ["read_whole", "reject_file"]


def read_whole(piece: Piece, max_bytes: int) -> bytes:
    """The file's bytes, unpacked. Raises DataError for too many of them, or for a file that does not unpack."""
    try:
        with open_input(piece.file) as file:
            content = file.read(max_bytes + 1)
    except DAMAGE as error:
        raise DataError("damaged_file", why_damaged(error)) from error
    if len(content) > max_bytes:
        raise DataError("record_too_large", f"more than max_record_bytes {max_bytes}")
    return content


def reject_file(sink: Sink, piece: Piece, error: DataError, content: bytes = b"") -> None:
    """The whole file to quarantine."""
    sink.reject(piece.file.key, 0, piece.file.bytes, error.reason, error.detail, content)
