"""What has been fetched: a WARC file and a journal beside it, which together survive being killed at any moment.

A record is on the disk before the journal names it. On opening, what lies behind the last named record is cut off.
"""

from __future__ import annotations

import gzip
import json
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.fetch.exchange import Answer

__all__ = ["Journal"]

_DROPPED = ("transfer-encoding", "content-length", "set-cookie")


class Journal:
    """`entries` by the address that was asked for: the last line about each."""

    def __init__(self, warc: Path) -> None:
        self._warc, self._lines = warc, warc.with_name(warc.name + ".journal.jsonl")
        warc.parent.mkdir(parents=True, exist_ok=True)
        self.entries: dict[str, dict[str, Any]] = {}
        self._end = 0
        self._recover()
        self._file = warc.open("ab")
        self._log = self._lines.open("ab")

    def _recover(self) -> None:
        whole = 0
        if self._lines.exists():
            for line in self._lines.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break
                entry = json.loads(line)
                self.entries[entry["url"]] = entry
                self._end = max(self._end, entry["end"])
                whole += len(line)
            os.truncate(self._lines, whole)
        if self._warc.exists():
            os.truncate(self._warc, min(self._end, self._warc.stat().st_size))

    def store(self, url: str, outcome: str, answer: Answer | None = None, final_url: str | None = None) -> None:
        """Write the record, if the outcome has one, and then the line."""
        known = self.entries.get(url, {}) if outcome == "not_modified" else {}
        entry: dict[str, Any] = {**known, "url": url, "outcome": outcome, "time": _now()}
        if answer is not None:
            seen = {"etag": answer.header("etag"), "modified": answer.header("last-modified")}
            entry |= {"status": answer.status, **{name: value for name, value in seen.items() if value}}
        if answer is not None and outcome == "ok":
            entry |= {"final_url": final_url or url, "offset": self._end}
            self._file.write(gzip.compress(_record(final_url or url, answer, entry["time"]), mtime=0))
            _sync(self._file)
            self._end = self._file.tell()
        entry["end"] = self._end
        self._log.write(json.dumps(entry).encode() + b"\n")
        _sync(self._log)
        self.entries[url] = entry

    def close(self) -> None:
        self._file.close()
        self._log.close()


def _record(url: str, answer: Answer, now: str) -> bytes:
    """A WARC response. Chunks are joined, so the length is stated and the chunking is not; cookies are not kept."""
    kept = [(name, value) for name, value in answer.headers if name.lower() not in _DROPPED]
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in kept)]
    lines.append(f"Content-Length: {len(answer.body)}")
    block = (
        "\r\n".join(line.replace("\r", " ").replace("\n", " ") for line in lines) + "\r\n\r\n"
    ).encode() + answer.body
    header = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\nWARC-Target-URI: {url}\r\n"
        f"WARC-Date: {now}\r\nContent-Type: application/http; msgtype=response\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return header.encode() + block + b"\r\n\r\n"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
