"""Tables that take long to make, kept on disk as numba keeps compiled kernels.

A table is known by the version of Unicode, the sources of what makes it, and whatever else the caller names; under
another key it is made anew. Files are checked (zip has a CRC of every array), written under a temporary name and
renamed. Where nothing can be written, or what was written cannot be read, tables are made in memory as before.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import unicodedata
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["Notes", "remembered"]

Arrays = dict[str, npt.NDArray[Any]]

_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def remembered(
    name: str, make: Callable[[], Mapping[str, npt.NDArray[Any]]], modules: Sequence[str], also: object = None
) -> Arrays:
    """What `make` returns, read-only. `modules` are the imported ones that decide it, the first of them the owner."""
    sources = [Path(str(sys.modules[module].__file__)) for module in modules]
    file = f"tables.{name}-{_key(name, sources, also)}.npz"
    folders = list(_folders(sources[0].parent))
    arrays = next((found for folder in folders if (found := _read(folder / file)) is not None), None)
    if arrays is None:
        arrays = dict(make())
        any(_written(folder, file, arrays) for folder in folders)
    for array in arrays.values():
        array.flags.writeable = False
    return arrays


class Notes:
    """What was done with some sources, on disk for as long as these and `also` are as they were.

    They are named as tables are, so that whoever removes compiled kernels and tables removes them.
    """

    def __init__(self, name: str, sources: Sequence[Path], also: object = None) -> None:
        self._name, self._folders = name, list(_folders(sources[0].parent))
        self._sources = _key(name, sources, also)

    def __contains__(self, thing: str) -> bool:
        return any((folder / self._file(thing)).exists() for folder in self._folders)

    def add(self, thing: str) -> None:
        any(_written(folder, self._file(thing), {}) for folder in self._folders)

    def _file(self, thing: str) -> str:
        return f"tables.{self._name}-{hashlib.sha256(f'{self._sources} {thing}'.encode()).hexdigest()[:16]}.npz"


def _key(name: str, sources: Sequence[Path], also: object) -> str:
    state = hashlib.sha256(f"{name} {unicodedata.unidata_version} {np.lib.format.MAGIC_PREFIX!r} {also!r}".encode())
    for source in sources:
        state.update(source.read_bytes())
    return state.hexdigest()[:16]


def _folders(beside: Path) -> Iterator[Path]:
    """Where numba would keep what belongs to a file in `beside`."""
    chosen = os.environ.get("NUMBA_CACHE_DIR")
    if chosen:
        yield Path(chosen)
        return
    yield beside / "__pycache__"
    yield Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "gristmill"


def _read(path: Path) -> Arrays | None:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except _DAMAGED:
        return None


def _written(folder: Path, name: str, arrays: Arrays) -> bool:
    temporary = folder / f".tmp-{uuid.uuid4().hex[:12]}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with temporary.open("xb") as file:
            np.savez(file, **arrays)  # type: ignore[arg-type]
        temporary.replace(folder / name)
    except OSError:
        with contextlib.suppress(OSError):
            temporary.unlink()
        return False
    return True
