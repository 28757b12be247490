"""What readers say of documents: an append-only file beside the run.

A document is good (should be kept), bad (should go) or unsure; the last word counts.
"""

from __future__ import annotations

import json
import os
import threading
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from curation.errors import IntegrityError
from curation.files import whole_file
from data_cards.audit.run import AuditedRun

__all__ = ["LABELS", "Label", "Labels", "export"]

LABELS = ("good", "bad", "unsure")
_MOST_NOTE = 2_000


@dataclass(frozen=True)
class Label:
    """`time` is UTC, to the second. An empty label takes an earlier one back."""

    id: str
    label: str
    note: str
    time: str


class Labels:
    def __init__(self, run: AuditedRun) -> None:
        self.path = run.root / "audit" / "labels.jsonl"
        self._lock = threading.Lock()
        self._known: dict[str, Label] = {}
        for number, line in enumerate(self.path.read_text("utf-8").splitlines() if self.path.is_file() else []):
            self._take(_read(line, f"{self.path.name}, line {number + 1}"))

    def add(self, id: str, label: str, note: str) -> Label:
        time = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        entry = Label(id, label if label in LABELS else "", note.strip()[:_MOST_NOTE], time)
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")
                file.flush()
                os.fsync(file.fileno())
            self._take(entry)
        return entry

    def of(self, id: str) -> Label | None:
        return self._known.get(id)

    def all(self) -> list[Label]:
        """The last label of each document, by id."""
        return [entry for _, entry in sorted(self._known.items())]

    def _take(self, entry: Label) -> None:
        if entry.label:
            self._known[entry.id] = entry
        else:
            self._known.pop(entry.id, None)


def _read(line: str, where: str) -> Label:
    try:
        return Label(**json.loads(line))
    except (ValueError, TypeError) as error:
        do = "mend or remove the line"
        raise IntegrityError(where, type(error).__name__, "a label: id, label, note, time", do) from None


def export(run: AuditedRun, labels: Labels, places: dict[str, int]) -> dict[str, tuple[Path, int]]:
    """Files of good and of bad documents beside the labels, as `classifier train` reads them, and their sizes."""
    written = {}
    for wanted in ("good", "bad"):
        chosen = [entry for entry in labels.all() if entry.label == wanted and entry.id in places]
        path = labels.path.with_name(f"labelled-{wanted}.jsonl")
        with whole_file(path) as file:
            for entry in chosen:
                fields = {"id": entry.id, "text": _text(run, places[entry.id]), "note": entry.note}
                file.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
        written[wanted] = (path, len(chosen))
    return written


def _text(run: AuditedRun, n: int) -> str:
    """After cleaning, or as collected where a gate stopped it."""
    cleaned = run.text("clean", n)
    return cleaned if cleaned is not None else run.text("collect", n) or run.published(n) or ""
