"""What a run took, session by session, beside what was estimated: kept in `logs/`, apart from all that is compared."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from curation.errors import GristmillError, IntegrityError
from curation.files import write_json
from curation.manifest import MANIFEST, Manifest
from pipelines.estimate import Estimate
from pipelines.resources import Resources, folder_bytes
from pipelines.sizes import show_duration, show_size

__all__ = ["Row", "comparison", "keep_estimate", "kept_estimate", "session"]


@dataclass(frozen=True)
class Row:
    """One line of the comparison, as text; empty where nothing is known."""

    name: str
    estimated: str
    real: str


@contextmanager
def session(root: Path, workers: int, resources: Resources) -> Iterator[None]:
    """One line in the log when the block begins and one when it ends: a killed session has no second one."""
    began = time.monotonic()
    _note(root, {"began": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "workers": workers})
    end = "finished"
    try:
        yield
    except BaseException as error:
        end = type(error).__name__ if isinstance(error, GristmillError | OSError) else "interrupted"
        raise
    finally:
        took: dict[str, Any] = {"ended": end, "seconds": round(time.monotonic() - began, 1)}
        took |= {"memory_bytes": resources.peak_bytes, "disk_bytes": folder_bytes(root)}
        with suppress(OSError):  # a full disk has stopped the run already
            _note(root, took)


def _note(root: Path, line: dict[str, Any]) -> None:
    path = root / "logs" / "sessions.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def keep_estimate(root: Path, estimate: Estimate) -> None:
    write_json(root / "logs" / "estimate.json", asdict(estimate))


def kept_estimate(root: Path) -> Estimate | None:
    try:
        return Estimate(**json.loads((root / "logs" / "estimate.json").read_bytes()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def comparison(root: Path) -> tuple[Row, ...]:
    """What was estimated before the run and what it came to so far; nothing for a run without a log."""
    real, estimate = _real(root), kept_estimate(root)
    shown = (
        ("documents", "documents", lambda value: f"{value:,}"),
        ("kept before duplicates", "kept_share", lambda value: f"{value:.1%}"),
        ("time", "seconds", show_duration),
        ("disk", "disk_bytes", show_size),
        ("memory", "memory_bytes", show_size),
    )
    rows = [
        Row(name, show(getattr(estimate, key)) if estimate else "", show(real[key]) if key in real else "")
        for name, key, show in shown
    ]
    return tuple(row for row in rows if row.real or row.estimated)


def _real(root: Path) -> dict[str, Any]:
    real: dict[str, Any] = {}
    log = root / "logs" / "sessions.jsonl"
    ended = [json.loads(line) for line in log.read_text().splitlines()] if log.is_file() else []
    ended = [line for line in ended if "ended" in line]
    if ended:
        real["seconds"] = sum(line["seconds"] for line in ended)
        real["memory_bytes"] = max(line["memory_bytes"] for line in ended)
        real["disk_bytes"] = ended[-1]["disk_bytes"]
    with suppress(IntegrityError):
        counts = Manifest.read(root / "decide" / MANIFEST).counts
        real["documents"] = counts["documents"]
        if counts["documents"]:
            real["kept_share"] = counts.get("kept", 0) / counts["documents"]
    return real
