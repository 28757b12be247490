"""The error that stopped a unit, in a file of the run: engines wrap and reword what a worker raises."""

from __future__ import annotations

import json
from pathlib import Path

from curation import errors
from curation.errors import GristmillError
from curation.files import write_json

__all__ = ["clear", "leave", "read"]


def _path(root: Path) -> Path:
    return root / "logs" / "failure.json"


def leave(root: Path, error: GristmillError) -> None:
    fields = {"kind": type(error).__name__, "where": error.where, "found": error.found}
    write_json(_path(root), {**fields, "expected": error.expected, "do": error.do})


def clear(root: Path) -> None:
    _path(root).unlink(missing_ok=True)


def read(root: Path) -> GristmillError | None:
    """The error that a worker left since `clear`, as it was raised there."""
    if not _path(root).is_file():
        return None
    fields = json.loads(_path(root).read_bytes())
    kind: type[GristmillError] = getattr(errors, fields.pop("kind"), GristmillError)
    return kind(**fields)
