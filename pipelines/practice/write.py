"""Practice corpora as files: JSON Lines, or a web archive. Same kind, seed and numbers, same bytes."""

from __future__ import annotations

import gzip
import html
import json
from collections.abc import Callable, Iterator
from pathlib import Path

from curation.errors import RecipeError, ResourceError, nearest
from curation.files import whole_file
from pipelines.practice.corpus import Page, pages

__all__ = ["KINDS", "write_practice"]

_WEB = {"en": 0.8, "de": 0.1, "zh": 0.1}
_CHINESE = {"zh": 0.85, "en": 0.15}
_BROKEN = b'{"text": "cut in the mid\n'


def write_practice(kind: str, folder: Path, documents: int, first: int = 0, seed: int = 1) -> list[Path]:
    """The files written; none of them may be there already."""
    if kind not in KINDS:
        raise RecipeError(kind, "no practice corpus of that name", "a kind of corpus", nearest(kind, KINDS))
    shares, write = KINDS[kind]
    written = []
    for name, data in write(pages(seed, first, documents, shares), f"{kind}-{first:05d}"):
        path = folder / name
        if path.exists():
            raise ResourceError(str(path), "a file of that name", "a free name", "choose another folder with --to")
        folder.mkdir(parents=True, exist_ok=True)
        with whole_file(path) as file:
            file.write(gzip.compress(data, mtime=0) if name.endswith(".jsonl.gz") else data)
        written.append(path)
    return written


def _lines(made: Iterator[Page], stem: str) -> Iterator[tuple[str, bytes]]:
    """One file of JSON Lines, with a line that is broken."""
    records = [{"text": each.text, "url": each.url, "title": each.title} for each in made]
    lines = [json.dumps(record, ensure_ascii=False).encode() + b"\n" for record in records]
    yield f"{stem}.jsonl.gz", b"".join([*lines, _BROKEN])


def _archive(made: Iterator[Page], stem: str) -> Iterator[tuple[str, bytes]]:
    """A web archive: pages, and between them what a crawl also brings."""
    members = [_answer(each.url, 200, "text/html; charset=utf-8", _html(each)) for each in made]
    base = "https://mill.example"
    members.append(_answer(f"{base}/logo.png", 200, "image/png", b"\x89PNG\r\n"))
    members.append(_answer(f"{base}/old", 301, "text/html", b""))
    members.append(_answer(f"{base}/gone", 404, "text/html", b"<html><body><p>Page not found.</p></body></html>"))
    yield f"{stem}.warc.gz", b"".join(gzip.compress(member, mtime=0) for member in members)


def _answer(url: str, status: int, media: str, body: bytes) -> bytes:
    http = f"HTTP/1.1 {status} -\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: 2026-01-01T00:00:00Z\r\n"
        f"Content-Type: application/http;msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


def _html(made: Page) -> bytes:
    paragraphs = "".join(f"<p>{html.escape(part)}</p>\n" for part in made.text.split("\n\n"))
    menu = '<nav><a href="/">Home</a> <a href="/about">About us</a> <a href="/contact">Contact</a></nav>'
    title = html.escape(made.title)
    return (
        f'<!doctype html>\n<html lang="{made.language}"><head><meta charset="utf-8"><title>{title}</title></head>\n'
        f"<body>{menu}\n<main><h1>{title}</h1>\n{paragraphs}</main>\n"
        "<footer>All rights reserved.</footer></body></html>\n"
    ).encode()


KINDS: dict[str, tuple[dict[str, float], Callable[[Iterator[Page], str], Iterator[tuple[str, bytes]]]]] = {
    "web": (_WEB, _lines),
    "chinese": (_CHINESE, _lines),
    "archive": (_WEB, _archive),
}
