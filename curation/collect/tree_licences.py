"""The licence of each folder of a source tree: its licence files, known by their text, else what its package says."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any

from curation.collect.inputs import InputFile, open_input
from curation.licences import joined, licence_of_text, spdx_of

__all__ = ["TreeLicences", "header_licence"]

_LICENCE_FILE = re.compile(r"(?:licen[cs]e|copying|unlicense)(?:[-._].*)?$", re.IGNORECASE)
_MAX_BYTES = 256 << 10
_HEADER = re.compile(rb"SPDX-License-Identifier:[ \t]*([A-Za-z0-9.+() -]{2,100})")
_CLASSIFIER = re.compile(r"^(?:Classifier: )?License :: OSI Approved :: (.{2,100})$", re.MULTILINE)
_FIELD = re.compile(r"^License(?:-Expression)?: (?!UNKNOWN)(.{2,100})$", re.MULTILINE)
_SETUP = re.compile(r"^license\s*=\s*(.{2,100})$", re.MULTILINE)


def header_licence(head: bytes) -> str | None:
    """The SPDX expression that a file begins with."""
    found = _HEADER.search(head)
    return spdx_of(found[1].decode().strip().removesuffix("--")) if found else None


class TreeLicences:
    """Licences by folder, read once from the files of a tree; a folder without one has that of the folder above."""

    def __init__(self, files: Iterable[InputFile]) -> None:
        self._folders: dict[str, list[InputFile]] = {}
        for file in files:
            path = PurePosixPath(file.key)
            if _LICENCE_FILE.match(path.name) or path.name in _PACKAGE:
                self._folders.setdefault(path.parent.as_posix(), []).append(file)
        self._known: dict[str, tuple[str, str] | None] = {}

    def of(self, key: str) -> tuple[str, str] | None:
        """(licence, the file that says so) for a file, or None when nothing above it names one that is known."""
        return self._of_folder(PurePosixPath(key).parent)

    def _of_folder(self, folder: PurePosixPath) -> tuple[str, str] | None:
        name = folder.as_posix()
        if name not in self._known:
            own = self._read(self._folders.get(name, []))
            self._known[name] = own or (self._of_folder(folder.parent) if folder != folder.parent else None)
        return self._known[name]

    def _read(self, files: list[InputFile]) -> tuple[str, str] | None:
        texts = {file.key: licence_of_text(_text(file)) for file in files if _LICENCE_FILE.match(_name(file))}
        found = sorted({(licence, key) for key, licence in texts.items() if licence})
        licences = sorted({licence for licence, _ in found})
        if len(licences) == 1:
            return found[0]
        said = next((each for each in (_declared(file) for file in files) if each is not None), None)
        if said is not None:  # which of several texts holds, the package says
            return said
        return (joined(licences, "AND"), found[0][1]) if licences else None


def _name(file: InputFile) -> str:
    return PurePosixPath(file.key).name


def _text(file: InputFile) -> str:
    with open_input(file) as content:
        return content.read(_MAX_BYTES).decode("utf-8", "replace")


def _declared(file: InputFile) -> tuple[str, str] | None:
    read = _PACKAGE.get(_name(file))
    try:
        value = read(_text(file)) if read is not None else None
    except (ValueError, RecursionError, AttributeError, TypeError):
        return None
    return (spdx_of(value), file.key) if isinstance(value, str) and value.strip() else None


def _pyproject(text: str) -> Any:
    project = tomllib.loads(text).get("project", {})
    said = project.get("license")
    if isinstance(said, dict):
        said = licence_of_text(str(said.get("text", ""))) or said.get("text")
    return said or _classifier("\n".join(project.get("classifiers", [])))


def _classifier(text: str) -> str | None:
    found = _CLASSIFIER.search(text)
    return found[1] if found else None


def _metadata(text: str) -> str | None:
    found = _FIELD.search(text)
    return found[1] if found else _classifier(text)


def _setup(text: str) -> str | None:
    found = _SETUP.search(text)
    return found[1] if found else None


_PACKAGE: dict[str, Callable[[str], Any]] = {
    "pyproject.toml": _pyproject,
    "Cargo.toml": lambda text: tomllib.loads(text)["package"].get("license"),
    "package.json": lambda text: json.loads(text).get("license"),
    "composer.json": lambda text: json.loads(text).get("license"),
    "setup.cfg": _setup,
    "PKG-INFO": _metadata,
    "METADATA": _metadata,
}
