"""The fetcher against a server on this machine that misbehaves in every way that we have met."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path

import pytest

from curation.errors import IntegrityError, RecipeError, ResourceError
from pipelines.fetch import Fetcher, FetchOptions
from pipelines.fetch.exchange import Limits, origin_of
from pipelines.fetch.hosts import Pace, host_of
from pipelines.fetch.journal import Journal
from tests.curation.collect.helpers import PAGE, read

AGENT = "fox/1.0 (+https://fox.example/bot)"
OPTIONS = FetchOptions(
    agent=AGENT, limits=Limits(seconds=0.5, max_bytes=1 << 20, allow_private=True), min_delay=0.01, max_delay=3
)


SIGNS = str.maketrans("-./", "___")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.robots: tuple[int, bytes] = (200, b"User-agent: *\nDisallow: /secret\n")
        self.packed_robots = self.heard_out = False
        self.asked: list[tuple[float, str, str]] = []

    def handle_error(self, request: object, client_address: object) -> None:
        """Clients that hang up are what these tests are about."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((time.monotonic(), self.path, self.headers["User-Agent"]))
        answer = getattr(self, "_" + self.path.strip("/.").partition("?")[0].translate(SIGNS), None)
        answer() if answer else self._send(PAGE.encode())

    def _send(self, body: bytes, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        for name, value in {"Content_Length": str(len(body)), "Content_Type": "text/html", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def _robots_txt(self) -> None:
        if self.server.packed_robots:
            self._send(gzip.compress(self.server.robots[1]), Content_Encoding="gzip")
        else:
            self._send(self.server.robots[1], self.server.robots[0])

    def _packed(self) -> None:
        self._send(gzip.compress(PAGE.encode()), Content_Encoding="gzip")

    def _drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        for _ in range(50):
            self.wfile.write(b"x")
            time.sleep(0.05)

    def _drip_head(self) -> None:
        for _ in range(50):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: y"[:1])
            time.sleep(0.05)

    def _endless(self) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while True:
            self.wfile.write(b"ffff\r\n" + b"x" * 0xFFFF + b"\r\n")

    def _short(self) -> None:
        self._send(b"only this", Content_Length="5000")
        self.close_connection = True

    def _long(self) -> None:
        self._send(b"more than this", Content_Length="4")
        self.close_connection = True

    def _two_lengths(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 9\r\n\r\n<p>fox</p")
        self.close_connection = True

    def _cut_in_a_chunk(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n99\r\n<p>fox")
        self.close_connection = True

    def _drip_until_it_closes(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
        for _ in range(80):
            self.wfile.write(b"x")
            time.sleep(0.05)
        self.server.heard_out = self.close_connection = True

    def _a_part(self) -> None:
        self._send(PAGE.encode()[:99], 206, Content_Range="bytes 0-98/999")

    def _unchanged(self) -> None:
        self._send(b"", 304)

    def _much_later(self) -> None:
        self._send(b"", 429, Retry_After="3600")

    def _loop(self) -> None:
        self._send(b"", 302, Location="/loop")

    def _moved(self) -> None:
        self._send(b"", 301, Location="/page#part")

    def _to_secret(self) -> None:
        self._send(b"", 302, Location="/secret")

    def _to_file(self) -> None:
        self._send(b"", 302, Location="file:///etc/passwd")

    def _to_metadata(self) -> None:
        self._send(b"", 302, Location="http://169.254.169.254/latest/")

    def _busy(self) -> None:
        if sum(path == "/busy" for _, path, _ in self.server.asked) < 2:
            self._send(b"", 429, Retry_After="1")
        else:
            self._send(PAGE.encode())

    def _tagged(self) -> None:
        if self.headers["If-None-Match"] == '"1"':
            self._send(b"", 304, ETag='"1"')
        else:
            self._send(PAGE.encode(), ETag='"1"')

    def _rubbish(self) -> None:
        self.wfile.write(b"\x16\x03\x01 this is no HTTP at all\r\n\r\n")
        self.close_connection = True

    def _well_known_tdmrep_json(self) -> None:
        rules = [{"location": "/free", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}, {"odd": 1}]
        self._send(json.dumps(rules).encode())

    def _gone(self) -> None:
        self._send(b"gone", 404)

    def log_message(self, *parts: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def fetch(server: Server, folder: Path, *paths: str, options: FetchOptions = OPTIONS) -> dict[str, int]:
    base = f"http://127.0.0.1:{server.server_port}"
    return dict(Fetcher(folder / "pages.warc.gz", options).run([base + path for path in paths]))


def pages(folder: Path) -> list[str]:
    from curation.collect.warc import Warc

    documents, rejected = read(Warc(name="web", path=str(folder / "pages.warc.gz")))
    assert rejected == []
    return [each["url"].rpartition("/")[2] for each in documents]


def test_what_is_fetched_is_what_the_warc_source_reads(server: Server, tmp_path: Path) -> None:
    assert fetch(server, tmp_path, "/page", "/packed", "/moved") == {"ok": 3}
    assert pages(tmp_path) == ["page", "packed", "page"]


@pytest.mark.parametrize(
    ("path", "outcome"),
    [
        ("/drip", "timeout"),
        ("/drip-head", "timeout"),
        ("/drip-until-it-closes", "timeout"),
        ("/endless", "too_large"),
        ("/short", "truncated"),
        ("/cut-in-a-chunk", "truncated"),
        ("/long", "wrong_length"),
        ("/two-lengths", "wrong_length"),
        ("/a-part", "http_error"),
        ("/unchanged", "http_error"),
        ("/loop", "too_many_redirects"),
        ("/secret", "robots_disallowed"),
        ("/to-secret", "robots_disallowed"),
        ("/to-file", "bad_url"),
        ("/rubbish", "connection_error"),
        ("/gone", "http_error"),
    ],
)
def test_a_page_that_misbehaves_has_one_outcome(server: Server, tmp_path: Path, path: str, outcome: str) -> None:
    options = replace(OPTIONS, attempts=1)
    assert fetch(server, tmp_path, path, "/page", options=options) == {outcome: 1, "ok": 1}
    assert pages(tmp_path) == ["page"]
    assert not server.heard_out


@pytest.mark.parametrize(
    "url",
    [
        "ftp://fox.example/",
        "file:///etc/passwd",
        "http://user:word@fox.example/",
        "http://fox.example:x/",
        "nonsense",
        "",
    ],
)
def test_addresses_that_are_not_of_the_web_are_refused(tmp_path: Path, url: str) -> None:
    assert Fetcher(tmp_path / "a.warc.gz", OPTIONS).run([url]) == {"bad_url": 1}


def test_this_machine_is_refused_unless_allowed(server: Server, tmp_path: Path) -> None:
    options = replace(OPTIONS, limits=replace(OPTIONS.limits, allow_private=False))
    assert fetch(server, tmp_path, "/page", options=options) == {"private_address": 1}
    assert server.asked == []


def test_a_name_that_leads_here_is_refused_at_every_look(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leads_here(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", leads_here)
    options = replace(OPTIONS, limits=replace(OPTIONS.limits, allow_private=False))
    Fetcher(tmp_path / "a.warc.gz", options).run([f"http://rebound.example:{server.server_port}/page"])
    assert server.asked == []


def test_waits_as_long_as_the_server_asks(server: Server, tmp_path: Path) -> None:
    assert fetch(server, tmp_path, "/busy") == {"ok": 1}
    first, second = [when for when, path, _ in server.asked if path == "/busy"]
    assert second - first >= 1.0


def test_a_host_that_says_much_later_is_left_alone_until_the_next_run(server: Server, tmp_path: Path) -> None:
    options = replace(OPTIONS, threads=1)
    assert fetch(server, tmp_path, "/much-later", "/page", options=options) == {"delay_too_long": 2}
    assert [path for _, path, _ in server.asked].count("/page") == 0
    assert fetch(server, tmp_path, "/page") == {"ok": 1}


def test_a_run_that_goes_on_asks_again_for_what_failed_for_a_while(server: Server, tmp_path: Path) -> None:
    server.robots = (500, b"")
    assert fetch(server, tmp_path, "/page") == {"robots_unreachable": 1}
    server.robots = (404, b"")
    assert fetch(server, tmp_path, "/page") == {"ok": 1}


def test_the_next_address_of_a_name_is_tried(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def two(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (last, port)) for last in ("127.0.0.9", "127.0.0.1")]

    monkeypatch.setattr(socket, "getaddrinfo", two)
    options = replace(OPTIONS, attempts=1)
    assert Fetcher(tmp_path / "a.warc.gz", options).run([f"http://fox.example:{server.server_port}/"]) == {"ok": 1}


def test_a_host_keeps_its_pace_whoever_asks_it() -> None:
    pace, times = Pace(), []

    def ask() -> None:
        pace.wait("fox.example", 0.1)
        times.append(time.monotonic())

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    times.sort()
    assert min(later - sooner for sooner, later in pairwise(times)) >= 0.05


def test_a_host_is_one_by_any_scheme_and_port() -> None:
    assert {host_of(url) for url in ("http://Fox.example/a", "https://fox.example:8443/b")} == {"fox.example"}
    assert origin_of("http://[2001:db8::1]/a")[0] == "http://[2001:db8::1]:80"


def test_keeps_the_crawl_delay_between_pages_of_a_host(server: Server, tmp_path: Path) -> None:
    server.robots = (200, b"User-agent: *\nCrawl-delay: 0.3\n")
    assert fetch(server, tmp_path, "/a", "/b", "/c") == {"ok": 3}
    times = [when for when, path, _ in server.asked if path in ("/a", "/b", "/c")]
    assert min(later - sooner for sooner, later in pairwise(times)) >= 0.29


def test_a_host_that_wants_too_long_is_left_alone(server: Server, tmp_path: Path) -> None:
    server.robots = (200, b"User-agent: *\nCrawl-delay: 3600\n")
    assert fetch(server, tmp_path, "/a") == {"delay_too_long": 1}


@pytest.mark.parametrize(("status", "outcome"), [(404, "ok"), (403, "ok"), (500, "robots_unreachable")])
def test_missing_rules_allow_all_and_broken_ones_nothing(
    server: Server, tmp_path: Path, status: int, outcome: str
) -> None:
    server.robots = (status, b"")
    assert fetch(server, tmp_path, "/page") == {outcome: 1}


def test_packed_rules_are_unpacked(server: Server, tmp_path: Path) -> None:
    server.packed_robots = True
    assert fetch(server, tmp_path, "/page", "/secret") == {"ok": 1, "robots_disallowed": 1}


def test_reservations_of_a_site_are_kept_with_its_pages(server: Server, tmp_path: Path) -> None:
    from curation.collect.warc import Warc

    fetch(server, tmp_path, "/free", "/page")
    documents, _ = read(Warc(name="web", path=str(tmp_path / "pages.warc.gz")))
    found = {each["url"].rpartition("/")[2]: each["meta"]["tdm_reservation"] for each in documents}
    assert found == {"free": "0", "page": "1"}


def test_a_name_that_leads_elsewhere_the_second_time_is_refused_then(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look gives a public address, every later one this machine: only the first is connected to."""
    answers, connected = iter(["1.1.1.1"]), []

    def resolve(host: str, port: int, **_: object) -> list[tuple[object, ...]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers, "127.0.0.1"), port))]

    def connect(self: socket.socket, place: tuple[str, int]) -> None:
        connected.append(place[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    options = replace(OPTIONS, limits=replace(OPTIONS.limits, allow_private=False))
    Fetcher(tmp_path / "a.warc.gz", options).run(["http://rebound.example/page", "http://rebound.example/other"])
    assert connected == ["1.1.1.1"]


def test_two_fetches_into_one_archive_are_refused(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "a.warc.gz")
    with pytest.raises(ResourceError, match="another fetch"):
        Fetcher(tmp_path / "a.warc.gz", OPTIONS).run([])
    journal.close()


def test_an_archive_that_lost_bytes_is_not_written_on(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path, "/page")
    archive = tmp_path / "pages.warc.gz"
    archive.write_bytes(archive.read_bytes()[:-1])
    with pytest.raises(IntegrityError, match="of its journal"):
        fetch(server, tmp_path, "/other")


def test_the_longest_rule_wins(server: Server, tmp_path: Path) -> None:
    server.robots = (200, b"User-agent: *\nDisallow: /\nAllow: /page$\nUser-agent: other\nAllow: /\n")
    assert fetch(server, tmp_path, "/page", "/pages") == {"ok": 1, "robots_disallowed": 1}


@pytest.mark.parametrize(
    ("rules", "outcome"),
    [
        (b"User-agent: Fox\nDisallow: /page\n\nUser-agent: *\nAllow: /\n", "robots_disallowed"),
        (b"User-agent: fox/2.0\nDisallow: /page\n", "robots_disallowed"),
        (b"\xef\xbb\xbfUser-agent: *\nDisallow: /page\n", "robots_disallowed"),
        (b"User-agent: *\rDisallow: /page\r", "robots_disallowed"),
        (
            b"User-agent: a\nDisallow: /\nUser-agent: fox\nAllow: /\n\nUser-agent: fox\nDisallow: /p",
            "robots_disallowed",
        ),
        (b"User-agent: fo\nDisallow: /\n\nUser-agent: example\nDisallow: /\n\nUser-agent:\nDisallow: /\n", "ok"),
        (b"User-agent: foxes\nDisallow: /\n\nUser-agent: *\nDisallow: /a\n", "ok"),
        (b"User-agent: *\n" + b"#" * 511_970 + b"\nDisallow: /pages\n", "ok"),
    ],
)
def test_rules_are_for_whom_they_name(server: Server, tmp_path: Path, rules: bytes, outcome: str) -> None:
    server.robots = (200, rules)
    assert fetch(server, tmp_path, "/page") == {outcome: 1}


def test_asks_only_for_what_is_missing(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path, "/a", "/gone")
    server.asked.clear()
    assert fetch(server, tmp_path, "/a", "/gone", "/b") == {"ok": 2, "http_error": 1}
    assert [path for _, path, _ in server.asked] == ["/robots.txt", "/.well-known/tdmrep.json", "/b"]


def test_a_refresh_asks_whether_a_page_has_changed(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path, "/tagged")
    assert fetch(server, tmp_path, "/tagged", options=replace(OPTIONS, refresh=True)) == {"not_modified": 1}
    assert fetch(server, tmp_path, "/tagged", options=replace(OPTIONS, refresh=True)) == {"not_modified": 1}
    assert pages(tmp_path) == ["tagged"]


def test_what_a_killed_run_left_half_written_is_cut_off(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path, "/a")
    with (tmp_path / "pages.warc.gz").open("ab") as warc, (tmp_path / "pages.warc.gz.journal.jsonl").open("ab") as log:
        warc.write(b"\x1f\x8b\x08half a record")
        log.write(b'{"url": "half a li')
    assert fetch(server, tmp_path, "/a", "/b") == {"ok": 2}
    assert pages(tmp_path) == ["a", "b"]


def test_says_who_it_is(server: Server, tmp_path: Path) -> None:
    fetch(server, tmp_path, "/a")
    assert {agent for _, _, agent in server.asked} == {AGENT}


def test_an_agent_without_contact_is_refused() -> None:
    for agent, missing in (("Mozilla/5.0", "contact"), ("7 (+https://fox.example)", "letters")):
        with pytest.raises(RecipeError, match=missing):
            FetchOptions(agent=agent)
