"""The command `gristmill fetch` against an index and archives on this machine."""

from __future__ import annotations

import gzip
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from typer.testing import CliRunner, Result

from curation.collect.warc import Warc
from curation.errors import GristmillError, IntegrityError, RecipeError, ResourceError
from pipelines.cli import app
from tests.curation.collect.helpers import http, read, record

MEMBERS = [gzip.compress(record(http())) for _ in range(5)]
BAD = gzip.compress(b"no record at all")
ARCHIVE = "crawl-data/CC-MAIN-2024-22/segments/1/warc/CC-MAIN-2024-22-00000.warc.gz"
CONTENT = b"".join([*MEMBERS, BAD])


def capture(number: int) -> dict[str, str]:
    member = [*MEMBERS, BAD][number]
    return {
        "url": "https://fox.example/page",
        "filename": ARCHIVE,
        "offset": str(sum(map(len, MEMBERS[:number]))),
        "length": str(len(member)),
        "status": "200",
    }


class Handler(BaseHTTPRequestHandler):
    """An index of two pages, and one archive."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked.append(self.path)
        if parts.path == "/collinfo.json":
            self._send(json.dumps([{"id": "CC-MAIN-2024-22"}, {"id": "CC-MAIN-2024-18"}]).encode())
        elif parts.path == "/CC-MAIN-2024-22-index":
            self._index({name: values[0] for name, values in parse_qs(parts.query).items()})
        elif parts.path == f"/{ARCHIVE}":
            first, last = map(int, self.headers["Range"].removeprefix("bytes=").split("-"))
            self._send(CONTENT[first : last + 1], 206 if self.server.ranges else 200)
        else:
            self._send(b"not here", 404)

    def _index(self, query: dict[str, str]) -> None:
        if query["url"] == "none.example":
            self._send(b'{"message": "No Captures found for: none.example"}', 404)
        elif query["url"] == "busy.example" and self.server.asked.count(self.path) == 1:
            self._send(b"", 503, **{"Retry-After": "0"})
        elif "showNumPages" in query:
            self._send(b'{"pages": 2, "pageSize": 5, "blocks": 9}')
        else:
            numbers = (0, 1, 2) if query["page"] == "0" else (2, 3)
            self._send("".join(json.dumps(capture(number)) + "\n" for number in numbers).encode())

    def _send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *parts: object) -> None:
        """Quiet."""


class Server(ThreadingHTTPServer):
    daemon_threads = True
    ranges = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def fetch(server: Server, to: Path, *more: str) -> Result:
    base = f"http://127.0.0.1:{server.server_port}"
    fixed = ("--agent", "fox/1.0 (+https://fox.example)", "--delay", "0", "--allow-private", "--quiet")
    return CliRunner().invoke(app, ["fetch", "--to", str(to), *fixed, "--index", base, "--data", base, *more])


def crawl(server: Server, to: Path, url: str = "fox.example/*", *more: str) -> Result:
    return fetch(server, to, "--common-crawl", url, *more)


def error_of(result: Result) -> GristmillError:
    assert isinstance(result.exception, GristmillError)
    return result.exception


def test_captures_become_an_archive_that_the_warc_source_reads(server: Server, tmp_path: Path) -> None:
    result = crawl(server, tmp_path / "fox.warc.gz", "fox.example/*", "--filter", "=status:200")
    assert "ok                              4" in result.stdout  # five lines, one of them twice
    documents, rejected = read(Warc(name="web", path=str(tmp_path)))
    assert (len(documents), rejected) == (4, [])
    assert documents[0]["meta"]["snapshot"] == "CC-MAIN-2024-22"
    assert not any("robots.txt" in path for path in server.asked)


def test_a_fetch_that_is_run_again_asks_for_nothing(server: Server, tmp_path: Path) -> None:
    crawl(server, tmp_path / "fox.warc.gz")
    content = (tmp_path / "fox.warc.gz").read_bytes()
    server.asked.clear()
    assert crawl(server, tmp_path / "fox.warc.gz").exit_code == 0
    assert (server.asked, (tmp_path / "fox.warc.gz").read_bytes()) == ([], content)
    assert "another query" in str(error_of(crawl(server, tmp_path / "fox.warc.gz", "other.example")))


def test_a_number_of_captures_and_a_crawl_can_be_named(server: Server, tmp_path: Path) -> None:
    result = crawl(server, tmp_path / "fox.warc.gz", "fox.example/*", "--limit", "2", "--snapshot", "CC-MAIN-2024-22")
    assert "ok                              2" in result.stdout
    assert not any("collinfo" in path for path in server.asked)


def test_no_captures_are_an_empty_archive(server: Server, tmp_path: Path) -> None:
    assert crawl(server, tmp_path / "fox.warc.gz", "none.example").exit_code == 0
    assert read(Warc(name="web", path=str(tmp_path))) == ([], [])


def test_an_index_that_is_busy_is_asked_again(server: Server, tmp_path: Path) -> None:
    assert "ok                              4" in crawl(server, tmp_path / "fox.warc.gz", "busy.example").stdout


def test_an_unknown_crawl_is_named(server: Server, tmp_path: Path) -> None:
    error = error_of(crawl(server, tmp_path / "fox.warc.gz", "fox.example", "--snapshot", "CC-MAIN-1999-01"))
    assert isinstance(error, ResourceError)
    assert "no crawl `CC-MAIN-1999-01`" in str(error)


def test_an_answer_that_is_not_the_stretch_is_an_outcome(server: Server, tmp_path: Path) -> None:
    server.ranges = False
    assert "no_range                        4" in crawl(server, tmp_path / "fox.warc.gz").stdout
    server.ranges = True
    (tmp_path / "bad.warc.gz.index.jsonl").write_text((tmp_path / "fox.warc.gz.index.jsonl").read_text())
    with (tmp_path / "bad.warc.gz.index.jsonl").open("a") as lines:
        lines.write(json.dumps(capture(5)) + "\n")
    result = crawl(server, tmp_path / "bad.warc.gz")
    assert "not_a_record                    1" in result.stdout
    assert len(read(Warc(name="web", path=str(tmp_path / "bad.warc.gz")))[0]) == 4


def test_addresses_come_from_a_file(server: Server, tmp_path: Path) -> None:
    base = f"http://127.0.0.1:{server.server_port}"
    (tmp_path / "urls.txt").write_text(f"# pages\n{base}/a\n\n{base}/b \n{base}/a\n")
    result = fetch(server, tmp_path / "a.warc.gz", "--urls", str(tmp_path / "urls.txt"))
    assert "http_error                      2" in result.stdout


@pytest.mark.parametrize(
    ("more", "kind", "message"),
    [
        ((), RecipeError, "no list and no query"),
        (("--urls", "nowhere.txt"), ResourceError, "FileNotFoundError"),
    ],
)
def test_mistakes_are_one_line(
    server: Server, tmp_path: Path, more: tuple[str, ...], kind: type[GristmillError], message: str
) -> None:
    error = error_of(fetch(server, tmp_path / "a.warc.gz", *more))
    assert isinstance(error, kind)
    assert message in str(error)


def test_a_damaged_journal_is_named(server: Server, tmp_path: Path) -> None:
    crawl(server, tmp_path / "fox.warc.gz")
    journal = tmp_path / "fox.warc.gz.journal.jsonl"
    journal.write_bytes(journal.read_bytes().replace(b"{", b"[", 1))
    assert isinstance(error_of(crawl(server, tmp_path / "fox.warc.gz")), IntegrityError)
