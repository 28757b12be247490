"""Files behind addresses that fsspec opens: the same keys, documents and identity as on a disk."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import fsspec
import pytest

from curation.collect.inputs import find
from curation.collect.jsonl import JsonLines
from curation.collect.warc import Warc
from curation.errors import ResourceError
from tests.curation.collect.helpers import http, read, record

LINES = b'{"text": "fox"}\n{"text": "mill"}\n'
FILES = {"/a.jsonl": LINES, "/b.jsonl.gz": gzip.compress(LINES), "/crawl.warc.gz": gzip.compress(record(http()))}


@pytest.fixture
def bucket() -> Iterator[str]:
    memory = fsspec.filesystem("memory")
    for name, content in FILES.items():
        memory.pipe(f"/bucket/deep{name}", content)
    yield "memory://bucket"
    memory.rm("/bucket", recursive=True)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def _answer(self, with_body: bool) -> None:
        content = FILES.get(self.path.partition("?")[0])
        wanted = self.headers["Range"]
        if content is not None and wanted:
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            content = content[int(first) : int(last) + 1 if last else None]
        self.send_response(404 if content is None else 206 if wanted else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("Content-Length", str(len(content or b"")))
        self.end_headers()
        if with_body:
            self.wfile.write(content or b"")

    def log_message(self, *parts: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    pytest.importorskip("aiohttp")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("pattern", ["/deep/*.jsonl*", "/deep", "/**/*.jsonl*"])
def test_a_bucket_is_read_as_a_folder_is(bucket: str, pattern: str) -> None:
    documents, rejected = read(JsonLines(name="s", path=bucket + pattern))
    keys = [each["key"].removeprefix("deep/") for each in documents]
    assert (keys, rejected) == (["a.jsonl:0", "a.jsonl:16", "b.jsonl.gz:0", "b.jsonl.gz:16"], [])


def test_an_archive_in_a_bucket_is_read(bucket: str) -> None:
    assert len(read(Warc(name="s", path=f"{bucket}/deep/crawl.warc.gz"))[0]) == 1


def test_large_files_in_a_bucket_are_cut(bucket: str) -> None:
    source = JsonLines(name="s", path=f"{bucket}/deep/a.jsonl", unit_bytes=16)
    assert len(source.pieces()) == 3
    assert [each["text"] for each in read(source)[0]] == ["fox", "mill"]


@pytest.mark.parametrize("query", ["", "?version=2"])
def test_files_of_a_web_server_are_read(server: str, query: str) -> None:
    source = JsonLines(name="s", path=(f"{server}/a.jsonl{query}", f"{server}/b.jsonl.gz"))
    assert [each["key"] for each in read(source)[0]][::2] == ["a.jsonl:0", "b.jsonl.gz:0"]
    assert len(read(Warc(name="s", path=f"{server}/crawl.warc.gz"))[0]) == 1


def test_a_file_that_is_not_there_is_named(server: str, bucket: str) -> None:
    for address in (f"{server}/none.jsonl", f"{bucket}/none"):
        with pytest.raises(ResourceError, match="none"):
            find([address], (".jsonl",), "source")


def test_a_driver_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(address: str) -> None:
        raise ImportError("Install s3fs to access S3")

    monkeypatch.setattr(fsspec.core, "url_to_fs", missing)
    with pytest.raises(ResourceError, match="no driver for this address, expected s3fs; pip install s3fs"):
        find(["s3://bucket/*.jsonl"], (".jsonl",), "source")


def test_an_unknown_kind_of_address_is_named() -> None:
    with pytest.raises(ResourceError, match="an address of an unknown kind"):
        find(["fox://bucket/*.jsonl"], (".jsonl",), "source")
