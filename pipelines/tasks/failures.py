"""The error that stopped a unit, in a file of the run: engines wrap and reword what a worker raises."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from curation import errors
from curation.errors import GristmillError, ResourceError
from curation.files import write_json

__all__ = ["clear", "leave", "left", "read"]


_latest: GristmillError | None = None


def _path(root: Path) -> Path:
    return root / "logs" / "failure.json"


def leave(root: Path, error: GristmillError | OSError) -> None:
    """Where the disk itself fails there is no file: then memory serves, if the work is done in the driver's process."""
    global _latest
    error = ResourceError.of(error) if isinstance(error, OSError) else error
    _latest = error
    fields = {"kind": type(error).__name__, "where": error.where, "found": error.found}
    with contextlib.suppress(OSError):
        write_json(_path(root), {**fields, "expected": error.expected, "do": error.do})


@contextlib.contextmanager
def left(root: Path) -> Iterator[None]:
    """What stops the block is left there, and raised."""
    try:
        yield
    except (GristmillError, OSError) as error:
        leave(root, error)
        raise


def clear(root: Path) -> None:
    global _latest
    _latest = None
    _path(root).unlink(missing_ok=True)


def read(root: Path) -> GristmillError | None:
    """The error that a worker left since `clear`, as it was raised there."""
    if not _path(root).is_file():
        return _latest
    fields = json.loads(_path(root).read_bytes())
    kind: type[GristmillError] = getattr(errors, fields.pop("kind"), GristmillError)
    return kind(**fields)
