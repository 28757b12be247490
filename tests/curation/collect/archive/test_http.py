from __future__ import annotations

import gzip
import zlib

import brotli
import pytest
import zstandard

from curation.collect.archive.http import decode_body, parse_response
from curation.errors import DataError
from tests.curation.collect.helpers import http

TEXT = b"<p>words words words</p>" * 40
LIMIT = 1 << 20


def body(packed: bytes, headers: str, limit: int = LIMIT, ratio: float = 1000) -> bytes:
    return decode_body(parse_response(http(packed, headers)), limit, ratio)


def raw_deflate(content: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=-15)
    return squeeze.compress(content) + squeeze.flush()


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", raw_deflate(TEXT)),
        ("br", brotli.compress(TEXT)),
        ("zstd", zstandard.compress(TEXT)),
        ("gzip, br", brotli.compress(gzip.compress(TEXT))),
        ("identity", TEXT),
        ("utf-8", TEXT),
        ("gzip", TEXT),
    ],
)
def test_undoes_packing_and_believes_no_lies(encoding: str, packed: bytes) -> None:
    assert body(packed, f"Content-Encoding: {encoding}\r\n") == TEXT


def test_joins_chunks_with_extensions() -> None:
    assert body(b"5;x=1\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n") == b"hello world"


def test_takes_a_body_that_is_not_chunked_as_it_is() -> None:
    assert body(TEXT, "Transfer-Encoding: chunked\r\n") == TEXT


@pytest.mark.parametrize(
    ("encoding", "bomb"),
    [
        ("gzip", gzip.compress(bytes(1 << 24))),
        ("deflate", zlib.compress(bytes(1 << 24))),
        ("br", brotli.compress(bytes(1 << 24))),
        ("zstd", zstandard.compress(bytes(1 << 24))),
    ],
)
def test_bombs_stop_at_the_cap(encoding: str, bomb: bytes) -> None:
    with pytest.raises(DataError) as caught:
        body(bomb, f"Content-Encoding: {encoding}\r\n")
    assert caught.value.reason == "decompression_bomb"


def test_the_ratio_is_a_cap_too() -> None:
    with pytest.raises(DataError) as caught:
        body(gzip.compress(bytes(1 << 19)), "Content-Encoding: gzip\r\n", ratio=2)
    assert caught.value.reason == "decompression_bomb"


@pytest.mark.parametrize(
    ("packed", "reason"),
    [(gzip.compress(TEXT)[:-20], "truncated_record"), (b"\x1f\x8bnot at all", "bad_encoding")],
)
def test_refuses_bodies_that_do_not_unpack(packed: bytes, reason: str) -> None:
    with pytest.raises(DataError) as caught:
        body(packed, "Content-Encoding: gzip\r\n")
    assert caught.value.reason == reason


def test_joins_repeated_headers() -> None:
    response = parse_response(http(b"", "X-Robots-Tag: noai\r\nX-Robots-Tag: noindex\r\n"))
    assert (response.status, response.headers["x-robots-tag"]) == (200, "noai, noindex")


def test_refuses_what_is_no_response() -> None:
    with pytest.raises(DataError):
        parse_response(b"GET / HTTP/1.1\r\n\r\n")
