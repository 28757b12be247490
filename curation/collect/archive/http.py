"""HTTP messages as archives hold them: status, headers, and the body with chunks joined and packing undone."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

import brotli  # type: ignore[import-untyped]
import zstandard

from curation.errors import DataError

__all__ = ["Response", "decode_body", "parse_response"]

_STATUS = re.compile(rb"HTTP/\d(?:\.\d)? +(\d{3})(?: [^\r\n]*)?\r?\n", re.IGNORECASE)
_END_OF_HEADERS = re.compile(rb"\r?\n\r?\n")
_CHUNK_SIZE = re.compile(rb"([0-9a-fA-F]{1,15})[ \t]*(?:;[^\n]{0,1000})?\r?\n")
_MAX_HEADERS = 256 << 10
_MAX_ENCODINGS = 4
_STEP = 64 << 10


@dataclass(frozen=True, slots=True)
class Response:
    """`headers` by lower-case name, repeated ones joined by a comma; `body` as it was sent."""

    status: int
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


def parse_response(message: bytes) -> Response:
    """Raises DataError when the message does not begin with a status line."""
    first = _STATUS.match(message)
    if first is None:
        raise DataError("not_http", "the block of a response does not begin with an HTTP status line")
    blank = _END_OF_HEADERS.search(message, first.end() - 2, _MAX_HEADERS)
    if blank is None:
        return Response(int(first[1]), _headers(message[first.end() : _MAX_HEADERS]), b"")
    return Response(int(first[1]), _headers(message[first.end() : blank.start()]), message[blank.end() :])


def decode_body(response: Response, max_bytes: int, max_ratio: float) -> bytes:
    """The body as its author meant it. Raises DataError above `max_bytes`, or `max_ratio` times the packed size.

    Servers lie: a body that is not chunked or packed although its headers say so is taken as it is.
    """
    body = response.body
    if "chunked" in response.headers.get("transfer-encoding", "").lower():
        body = _joined(body)
    names = [name.strip().lower() for name in response.headers.get("content-encoding", "").split(",")]
    packings = [name for name in names if name in _UNPACK]
    if len(packings) > _MAX_ENCODINGS:
        raise DataError("too_many_encodings", f"a body packed {len(packings)} times over")
    limit = min(max_bytes, int(max(len(body), _STEP) * max_ratio))
    for name in reversed(packings):
        body = _unpacked(body, name, limit)
    if len(body) > max_bytes:
        raise DataError("record_too_large", f"{len(body)} bytes, more than max_record_bytes {max_bytes}")
    return body


def _headers(lines: bytes) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.partition(":")
        name, value = name.strip().lower(), value.strip()
        if colon and name:
            headers[name] = f"{headers[name]}, {value}" if name in headers else value
    return headers


def _joined(body: bytes) -> bytes:
    """Chunks joined; the body itself if it does not begin with a chunk, what came so far if a later one is broken."""
    parts, at = [], 0
    while (size := _CHUNK_SIZE.match(body, at)) and int(size[1], 16):
        start = size.end()
        parts.append(body[start : start + int(size[1], 16)])
        at = start + int(size[1], 16)
        at += 2 if body[at : at + 2] == b"\r\n" else 1 if body[at : at + 1] == b"\n" else 0
    return b"".join(parts) if parts or _CHUNK_SIZE.match(body) else body


def _unpacked(body: bytes, name: str, limit: int) -> bytes:
    try:
        content, whole = _UNPACK[name](body, limit + 1)
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        if body.lstrip()[:1] == b"<":
            return body
        raise DataError("bad_encoding", f"a body that is not {name} although it says so") from error
    if len(content) > limit:
        detail = f"a body of {len(body)} bytes that unpacks to more than {limit}"
        raise DataError("decompression_bomb", detail)
    if not whole:
        raise DataError("truncated_record", f"the {name} body ends early")
    return content


def _inflate(body: bytes, limit: int) -> tuple[bytes, bool]:
    inflate = zlib.decompressobj(31)
    return inflate.decompress(body, limit), inflate.eof or not body


def _inflate_raw(body: bytes, limit: int) -> tuple[bytes, bool]:
    """With the zlib header that the standard wants, or without, as some servers send it."""
    try:
        inflate = zlib.decompressobj()
        return inflate.decompress(body, limit), inflate.eof
    except zlib.error:
        inflate = zlib.decompressobj(-15)
        return inflate.decompress(body, limit), inflate.eof


def _unbrotli(body: bytes, limit: int) -> tuple[bytes, bool]:
    unpack = brotli.Decompressor()
    parts, held = [unpack.process(body, output_buffer_limit=_STEP)], 0
    held = len(parts[0])
    while held < limit and not unpack.is_finished() and not unpack.can_accept_more_data():
        parts.append(unpack.process(b"", output_buffer_limit=_STEP))
        held += len(parts[-1])
    return b"".join(parts)[:limit], unpack.is_finished() or held >= limit


def _unzstd(body: bytes, limit: int) -> tuple[bytes, bool]:
    reader = zstandard.ZstdDecompressor(max_window_size=8 << 20).stream_reader(io.BytesIO(body))
    parts, held = [], 0
    while held < limit and (part := reader.read(min(_STEP, limit - held))):
        parts.append(part)
        held += len(part)
    return b"".join(parts), True


_UNPACK: dict[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "gzip": _inflate,
    "x-gzip": _inflate,
    "deflate": _inflate_raw,
    "br": _unbrotli,
    "zstd": _unzstd,
}
