"""An index of words (SQLite's FTS5), made on the first search for words and kept beside the run."""

from __future__ import annotations

import re
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import closing, suppress

import pyarrow as pa

from data_cards.audit.run import AuditedRun

__all__ = ["WordIndex"]

_PARTS = re.compile(r'"([^"]*)"|(\S+)')
_MOST = 200_000
_BATCH = 2_000


class WordIndex:
    """Texts after cleaning, or as collected where a gate stopped the document.

    `share` is how much of it is made; a search before it is 1 finds nothing.
    """

    def __init__(self, run: AuditedRun) -> None:
        self._run, self._lock = run, threading.Lock()
        digest = run.manifest("clean").digest[:16]
        self._path = run.root / "audit" / f"words-{digest}.sqlite"
        self._thread: threading.Thread | None = None
        self.share = 1.0 if self._path.is_file() else 0.0

    def prepare(self, wait: float) -> bool:
        """Begin to make the index if nobody has; whether it is ready within `wait` seconds."""
        with self._lock:
            if self.share < 1 and (self._thread is None or not self._thread.is_alive()):
                self._thread = threading.Thread(target=self._make, daemon=True)
                self._thread.start()
        if self._thread is not None:
            self._thread.join(wait)
        return self.share >= 1

    def search(self, asked: str) -> pa.Table:
        """Numbers of the documents with all these words; "in quotes" as a phrase, `mill*` by its beginning."""
        query = _query(asked)
        if not query:
            return pa.table({"n": pa.array([], pa.int64())})
        with closing(sqlite3.connect(f"file:{self._path}?mode=ro", uri=True)) as database:
            rows = database.execute("SELECT rowid FROM words WHERE words MATCH ? LIMIT ?", (query, _MOST)).fetchall()
        return pa.table({"n": pa.array([row[0] for row in rows], pa.int64())})

    def _make(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        for old in self._path.parent.glob("words-*.sqlite*"):
            old.unlink(missing_ok=True)
        temporary = self._path.with_name(f".tmp-{self._path.name}-{uuid.uuid4().hex[:12]}")
        try:
            with closing(sqlite3.connect(temporary)) as made:
                made.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536")
                made.execute("CREATE VIRTUAL TABLE words USING fts5(text, content = '', tokenize = 'unicode61')")
                for rows in self._texts():
                    made.executemany("INSERT INTO words (rowid, text) VALUES (?, ?)", rows)
                made.commit()
            temporary.replace(self._path)
            self.share = 1.0
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()

    def _texts(self) -> Iterator[list[tuple[int, str]]]:
        cleaned, collected = (self._run.texts(stage).column("text") for stage in ("clean", "collect"))
        total = max(1, len(cleaned))
        for start in range(0, total, _BATCH):
            pairs = zip(*(texts.slice(start, _BATCH).to_pylist() for texts in (cleaned, collected)), strict=True)
            texts = (new if new is not None else old for new, old in pairs)
            yield [(n, text) for n, text in enumerate(texts, start) if text]
            self.share = min(0.99, (start + _BATCH) / total)


def _query(asked: str) -> str:
    """Every word or phrase as a quoted string: no operator of FTS5 comes through."""
    parts = []
    for phrase, word in _PARTS.findall(asked):
        text = (phrase or word).replace('"', " ")
        begins = word.endswith("*")
        text = text.rstrip("*").replace("\0", " ")
        if re.search(r"\w", text):
            parts.append(f'"{text}"{"*" if begins else ""}')
    return " ".join(parts)
