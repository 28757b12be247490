"""Whole objects below an address, by fsspec, with errors that say what to do and hold no secret."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from curation.collect.addresses import filesystem_of, shown, told
from curation.errors import ResourceError
from curation.files import whole_file

__all__ = ["Objects", "address_of", "on_this_machine"]

T = TypeVar("T")

# `s3://bucket/run` has lost a slash where it was made a path.
_ADDRESS = re.compile(r"([a-z][a-z0-9+]+):/{1,2}(?=[^/])")


def address_of(path: Path | str) -> str | None:
    """The address behind an argument of the command line, or None for a path of this machine."""
    match = _ADDRESS.match(str(path))
    return f"{match[1]}://{str(path)[match.end() :]}".rstrip("/") if match else None


def on_this_machine(path: Path | None, command: str) -> None:
    """Raises ResourceError for an address, where a command needs a directory."""
    if path is not None and (address := address_of(path)):
        do = "give the scratch directory of that run, or a copy of it"
        raise ResourceError(shown(address), f"an address for `{command}`", "a directory of this machine", do)


class Objects:
    """Names are relative to the address, with forward slashes. Every method raises ResourceError for what fails."""

    def __init__(self, address: str) -> None:
        self.address, self._full = shown(address), address
        self._files, self._root = filesystem_of(address)

    def sizes(self) -> dict[str, int]:
        """Bytes of every object."""
        self._files.invalidate_cache()
        found = self._asked(lambda: self._files.find(self._root, detail=True))
        return {name.removeprefix(self._root).lstrip("/"): int(each["size"]) for name, each in found.items()}

    def names(self, folder: str) -> list[str]:
        """Names of the objects right below a folder, sorted."""
        self._files.invalidate_cache()
        found = self._asked(lambda: self._files.find(self._at(folder)))
        return sorted(name.rpartition("/")[2] for name in found)

    def read(self, name: str) -> bytes | None:
        """None where there is no such object."""
        try:
            return bytes(self._asked(lambda: self._files.cat_file(self._at(name)), FileNotFoundError))
        except FileNotFoundError:
            return None

    def write(self, name: str, data: bytes) -> None:
        self._asked(lambda: self._files.pipe_file(self._at(name), data))

    def create(self, name: str, data: bytes) -> bool:
        """Write an object that must not be there yet; False where it is. The store decides who came first."""
        try:
            self._asked(lambda: self._files.pipe_file(self._at(name), data, mode="create"), FileExistsError)
        except FileExistsError:
            return False
        return True

    def upload(self, path: Path, name: str) -> None:
        """A whole object appears, or none. FileNotFoundError where the file of this machine is gone."""
        path.stat()
        self._asked(lambda: self._files.put_file(str(path), self._at(name)))

    def download(self, name: str, path: Path) -> None:
        with whole_file(path) as file:
            self._asked(lambda: self._files.get_file(self._at(name), file.name))
            file.seek(0, 2)

    def remove(self, name: str) -> None:
        with contextlib.suppress(FileNotFoundError):
            self._asked(lambda: self._files.rm_file(self._at(name)), FileNotFoundError)

    def _at(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"

    def _asked(self, ask: Callable[[], T], *expected: type[Exception]) -> T:
        try:
            return ask()
        except expected:
            raise
        except Exception as error:  # noqa: BLE001 - drivers raise errors of their own kinds
            raise told(self.address, error) from None
