"""Files that are either whole or absent: temporary name, sync, rename. And their checksums."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

__all__ = [
    "TEMPORARY",
    "canonical_json",
    "checksum",
    "digest_of",
    "read_json",
    "same_file",
    "sweep",
    "whole_file",
    "write_json",
]

TEMPORARY = ".tmp-"
_BLOCK = 1 << 20


def checksum(path: str | Path) -> str:
    """sha256 of a file, as hex."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def canonical_json(value: Any) -> str:
    """One text for one value: sorted keys, two spaces, a final newline."""
    return json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def digest_of(value: Any) -> str:
    """sha256 of the canonical JSON of a value, as hex."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """Write a file that appears under its name only when it is complete and on the disk.

    Two writers of the same file do no harm: each has its own temporary name and the last rename wins.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{uuid.uuid4().hex[:12]}")
    try:
        with temporary.open("wb", buffering=_BLOCK) as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def same_file(path: Path, other: Path) -> None:
    """A second name for a file that nobody writes into any more; a copy where there can be no second name."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{TEMPORARY}{path.name}-{uuid.uuid4().hex[:12]}")
    try:
        os.link(other, temporary)
    except OSError:  # another file system, or one that has no such names
        with whole_file(path) as file, other.open("rb") as source:
            shutil.copyfileobj(source, file, _BLOCK)
        return
    temporary.replace(path)
    temporary.unlink(missing_ok=True)  # a rename between two names of one file does nothing
    _sync_folder(path.parent)


def write_json(path: Path, value: Any) -> None:
    with whole_file(path) as file:
        file.write(canonical_json(value).encode())


def read_json(path: Path) -> Any:
    return json.loads(path.read_bytes())


def sweep(folder: Path) -> int:
    """Remove what killed writers left behind; returns how many files. Only the holder of the run's lock may call it."""
    stale = [path for path in folder.rglob(f"{TEMPORARY}*") if path.is_file()]
    for path in stale:
        path.unlink(missing_ok=True)
    return len(stale)


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
