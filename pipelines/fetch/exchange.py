"""One HTTP request and its answer, within a time, a size, and the addresses that were checked."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import SplitResult, urlsplit

from curation.collect.archive.http import Response, decode_body
from curation.errors import DataError
from pipelines.fetch.addresses import Place, Refused, places_of

__all__ = ["Answer", "Limits", "origin_of", "request"]

_STEP = 64 << 10
_MAX_RATIO = 1000.0
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`seconds` for the whole exchange, however slowly the bytes come; `max_bytes` of body as it is sent."""

    seconds: float = 30.0
    max_bytes: int = 16 << 20
    allow_private: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """`headers` in their order; the body with its chunks joined, packed as it was sent."""

    status: int
    reason: str
    headers: list[tuple[str, str]] = field(repr=False)
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def unpacked(self, max_bytes: int) -> bytes:
        """The body as it was before it was packed. Refuses what does not unpack, or to more than `max_bytes`."""
        packing = {"content-encoding": self.header("content-encoding") or ""}
        try:
            return decode_body(Response(self.status, packing, self.body), max_bytes, _MAX_RATIO)
        except DataError as error:
            raise Refused(error.reason) from error


def origin_of(url: str) -> tuple[str, SplitResult]:
    """`scheme://host:port` and the parts of an address. Refuses what is not plain http or https."""
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
    except (ValueError, KeyError) as error:
        raise Refused("bad_url") from error
    if not parts.hostname or parts.username is not None or any(ord(letter) < 33 for letter in url):
        raise Refused("bad_url")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}:{port}", parts


def request(url: str, headers: Mapping[str, str], limits: Limits) -> Answer:
    """GET one address, following nothing. Refuses with `timeout`, `truncated`, `too_large`, `connection_error` …"""
    _, parts = origin_of(url)
    host = (parts.hostname or "").encode("idna").decode() if not (parts.hostname or "").isascii() else parts.hostname
    assert host is not None
    places = places_of(host, parts.port or _PORTS[parts.scheme], limits.allow_private)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    with _connected(host, places, parts.scheme, limits) as connection:
        try:
            connection.request("GET", _quoted(path), headers=dict(headers))
            answer = connection.getresponse()
            body = _body(answer, limits.max_bytes, connection)
        except Refused as refused:
            raise Refused("timeout") if connection.timed_out else refused from None
        except (TimeoutError, ssl.SSLError, OSError, http.client.HTTPException, ValueError) as error:
            raise Refused(connection.why(error)) from error
        if connection.timed_out:
            raise Refused("timeout")
        return Answer(answer.status, answer.reason, answer.getheaders(), body)


def _quoted(path: str) -> str:
    """Characters beyond ASCII as UTF-8 percent signs, as browsers send them."""
    return "".join(letter if letter.isascii() else "".join(f"%{b:02X}" for b in letter.encode()) for letter in path)


def _body(answer: http.client.HTTPResponse, max_bytes: int, connection: _Connection) -> bytes:
    """The body, which has to be as long as the answer says it is."""
    if len(set(answer.headers.get_all("Content-Length", ()))) > 1:
        raise Refused("wrong_length")
    promised, answer.length = answer.length, None  # counted here: what comes behind it has to be seen
    if promised is not None and promised > max_bytes:
        raise Refused("too_large")
    parts: list[bytes] = []
    held = 0
    while left := _STEP if promised is None else min(_STEP, promised - held):
        part = answer.read1(left)
        if not part:
            break
        parts.append(part)
        held += len(part)
        if held > max_bytes:
            raise Refused("too_large")
    if promised is not None and held < promised:
        raise Refused("truncated")
    if promised is not None and connection.holds_more(answer.fp):
        raise Refused("wrong_length")
    return b"".join(parts)


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, for the name it was asked under."""

    def __init__(self, host: str, places: Sequence[Place], scheme: str, limits: Limits) -> None:
        super().__init__(host, places[0].port, timeout=limits.seconds)
        self._places, self._scheme = places, scheme
        self.default_port = _PORTS[scheme]
        self._ends = time.monotonic() + limits.seconds
        self._open: socket.socket | None = None  # `sock` is let go of before the body is read, if the server closes
        self.timed_out = False

    def connect(self) -> None:
        """To the first place that answers; each has its share of the time that is left."""
        for left in range(len(self._places), 0, -1):
            place = self._places[-left]
            plain = self._open = socket.socket(place.family, socket.SOCK_STREAM)
            plain.settimeout(max(0.001, (self._ends - time.monotonic()) / left))
            try:
                plain.connect((place.address, place.port))
                break
            except OSError:
                plain.close()
                if left == 1 or self.timed_out:
                    raise
        plain.settimeout(max(0.001, self._ends - time.monotonic()))
        self.sock = self._open = plain
        if self._scheme == "https":
            self.sock = self._open = _tls().wrap_socket(plain, server_hostname=self.host)

    def stop(self) -> None:
        """End the exchange from another thread: whatever waits for a byte then gets none."""
        self.timed_out = True
        if self._open is not None:
            with contextlib.suppress(OSError):
                self._open.shutdown(socket.SHUT_RDWR)

    def holds_more(self, answer: Any) -> bool:
        """Whether bytes have come behind the end of an answer."""
        if self._open is None or answer is None or answer.closed:
            return False
        with contextlib.suppress(OSError):
            self._open.settimeout(0)
            return bool(answer.peek(1).strip())
        return False

    def why(self, error: Exception) -> str:
        if self.timed_out or isinstance(error, TimeoutError):
            return "timeout"
        if isinstance(error, ssl.SSLError):
            return "tls_error"
        return "truncated" if isinstance(error, http.client.IncompleteRead) else "connection_error"


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


@contextlib.contextmanager
def _connected(host: str, places: Sequence[Place], scheme: str, limits: Limits) -> Iterator[_Connection]:
    connection = _Connection(host, places, scheme, limits)
    # A timeout of the socket begins anew with every byte; the whole exchange has one end.
    clock = threading.Timer(limits.seconds, connection.stop)
    clock.daemon = True
    clock.start()
    try:
        yield connection
    finally:
        clock.cancel()
        connection.close()
