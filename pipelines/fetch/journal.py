"""What has been fetched: a WARC file and a journal beside it, which together survive being killed at any moment.

A record is on the disk before the journal names it. On opening, what lies behind the last named record is cut off.
"""

from __future__ import annotations

import fcntl
import gzip
import json
import os
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from curation.errors import IntegrityError, ResourceError
from pipelines.fetch.exchange import Answer

__all__ = ["Journal"]

_DROPPED = ("transfer-encoding", "content-length", "set-cookie")


class Journal:
    """`entries` by the name of the target: the last line about each. `about` is what the archive says of itself.

    Raises ResourceError when another process writes here, IntegrityError for an archive that is not the journal's.
    """

    def __init__(self, warc: Path, about: Mapping[str, str] | None = None) -> None:
        self._warc, self._lines = warc, warc.with_name(warc.name + ".journal.jsonl")
        warc.parent.mkdir(parents=True, exist_ok=True)
        self.entries: dict[str, dict[str, Any]] = {}
        self._end = 0
        self._log = self._lines.open("ab")
        self._lock()
        self._recover()
        self._file = warc.open("ab")
        if not self._end:
            self._append(_warcinfo(about or {}))

    def _lock(self) -> None:
        try:
            fcntl.flock(self._log, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._log.close()
            raise ResourceError(str(self._warc), "another fetch at work", "one at a time", "wait for it") from error

    def _recover(self) -> None:
        whole = 0
        if self._lines.exists():
            for line in self._lines.read_bytes().splitlines(keepends=True):
                if not line.endswith(b"\n"):
                    break
                self._remember(line)
                whole += len(line)
            os.truncate(self._lines, whole)
        size = self._warc.stat().st_size if self._warc.exists() else 0
        if size < self._end:
            do = "fetch to another file, or remove archive and journal"
            raise IntegrityError(str(self._warc), f"{size} bytes", f"the {self._end} bytes of its journal", do)
        if size:
            os.truncate(self._warc, self._end)

    def _remember(self, line: bytes) -> None:
        try:
            entry = json.loads(line)
            self.entries[entry["url"]] = entry
            self._end = max(self._end, entry["end"])
        except (ValueError, KeyError, TypeError) as error:
            do = "fetch to another file, or remove archive and journal"
            raise IntegrityError(
                str(self._lines), "a line that is damaged", "lines as they were written", do
            ) from error

    def store(
        self,
        url: str,
        outcome: str,
        answer: Answer | None = None,
        final_url: str | None = None,
        signals: Mapping[str, str] | None = None,
    ) -> None:
        """Write the record of a page, if the outcome has one, and then the line. `signals` go into the record."""
        known = self.entries.get(url, {}) if outcome == "not_modified" else {}
        entry: dict[str, Any] = {**known, "url": url, "outcome": outcome, "time": _now()}
        if answer is not None:
            seen = {"etag": answer.header("etag"), "modified": answer.header("last-modified")}
            entry |= {"status": answer.status, **{name: value for name, value in seen.items() if value}}
        if answer is not None and outcome == "ok":
            entry |= {"final_url": final_url or url, "offset": self._end}
            self._append(gzip.compress(_record(final_url or url, answer, entry["time"], signals or {}), mtime=0))
        self._note(entry)

    def store_packed(self, name: str, record: bytes) -> None:
        """Take over a packed record as it is."""
        offset = self._end
        self._append(record)
        self._note({"url": name, "outcome": "ok", "time": _now(), "offset": offset})

    def _append(self, packed: bytes) -> None:
        self._file.write(packed)
        _sync(self._file)
        self._end = self._file.tell()

    def _note(self, entry: dict[str, Any]) -> None:
        entry["end"] = self._end
        self._log.write(json.dumps(entry).encode() + b"\n")
        _sync(self._log)
        self.entries[entry["url"]] = entry

    def close(self) -> None:
        self._file.close()
        self._log.close()


def _warcinfo(about: Mapping[str, str]) -> bytes:
    fields = {"format": "WARC File Format 1.1", **about}
    block = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    header = (
        f"WARC/1.1\r\nWARC-Type: warcinfo\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\nWARC-Date: {_now()}\r\n"
        f"Content-Type: application/warc-fields\r\nContent-Length: {len(block)}\r\n\r\n"
    )
    return gzip.compress(header.encode() + block + b"\r\n\r\n", mtime=0)


def _record(url: str, answer: Answer, now: str, signals: Mapping[str, str]) -> bytes:
    """A WARC response. Chunks are joined, so the length is stated and the chunking is not; cookies are not kept."""
    kept = [(name, value) for name, value in answer.headers if name.lower() not in _DROPPED]
    lines = [f"HTTP/1.1 {answer.status} {answer.reason}", *(f"{name}: {value}" for name, value in kept)]
    lines.append(f"Content-Length: {len(answer.body)}")
    block = (
        "\r\n".join(line.replace("\r", " ").replace("\n", " ") for line in lines) + "\r\n\r\n"
    ).encode() + answer.body
    named = "".join(f"{name}: {value}\r\n" for name, value in signals.items())
    header = (
        f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{uuid.uuid4()}>\r\nWARC-Target-URI: {url}\r\n"
        f"WARC-Date: {now}\r\n{named}Content-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(block)}\r\n\r\n"
    )
    return header.encode() + block + b"\r\n\r\n"


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _sync(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
