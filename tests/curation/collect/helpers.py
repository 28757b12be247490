"""Sources read into memory, and small archives to read."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from curation.collect.source import Source

SENTENCE = "The quick brown fox jumps over the lazy dog while the seven boxing wizards watch it from the tower. "
PAGE = f"<html><head><title>Foxes</title></head><body><article><p>{SENTENCE * 6}</p></article></body></html>"


def read(source: Source) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(documents with `meta` as a dict, rows of quarantine)."""
    documents: list[dict[str, Any]] = []
    rejected: list[dict[str, Any]] = []

    def take(batch: pa.RecordBatch) -> None:
        batch.validate(full=True)
        documents.extend(batch.to_pylist())

    sink = source.sink(take, lambda batch: rejected.extend(batch.to_pylist()))
    for unit in source.pieces():
        for piece in unit:
            source.read(piece, sink)
    sink.flush()
    for document in documents:
        document["meta"] = json.loads(document["meta"] or "{}")
    return documents, rejected


def skipped(source: Source) -> dict[str, int]:
    """What the source passes over, by reason."""
    sink = source.sink(lambda batch: None, lambda batch: None)
    for unit in source.pieces():
        for piece in unit:
            source.read(piece, sink)
    return dict(sink.skipped)


def http(body: bytes = PAGE.encode(), headers: str = "", kind: str = "text/html", status: int = 200) -> bytes:
    return f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\n{headers}\r\n".encode() + body


def record(block: bytes, kind: str = "response", length: int | None = None, headers: str = "") -> bytes:
    content = "text/plain" if kind == "conversion" else "application/http; msgtype=response"
    lines = [
        "WARC/1.0",
        f"WARC-Type: {kind}",
        "WARC-Target-URI: https://fox.example/page",
        "WARC-Date: 2024-05-18T01:58:10Z",
        f"Content-Type: {content}",
        f"Content-Length: {len(block) if length is None else length}",
    ]
    return ("\r\n".join(lines) + f"\r\n{headers}\r\n").encode() + block + b"\r\n\r\n"


def arc(block: bytes, url: str = "http://fox.example/a b") -> bytes:
    return f"{url} 192.0.2.1 20140216050221 text/html {len(block)}\n".encode() + block + b"\n"


def pdf(text: str) -> bytes:
    """The smallest file of one page with a text layer."""
    stream = f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        f"<</Length {len(stream)}>>stream\n{stream}\nendstream",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    content, offsets = "%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(content))
        content += f"{number} 0 obj{each}endobj\n"
    table = "".join(f"{offset:010d} 00000 n \n" for offset in offsets)
    tail = f"xref\n0 6\n0000000000 65535 f \n{table}trailer<</Size 6/Root 1 0 R>>\nstartxref\n{len(content)}\n%%EOF"
    return (content + tail).encode()
