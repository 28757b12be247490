"""The demo corpus: documentation that lies in the user's own Python environment.

Package descriptions, licence files, and docstrings of modules, classes and functions. Real text with real exact and
near duplicates, boilerplate and e-mail addresses; it needs no network and nothing shipped. Sources are parsed, not run.
"""

from __future__ import annotations

import ast
import importlib.metadata
import inspect
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from pydantic import Field

from curation.collect.inputs import InputFile
from curation.collect.source import UNIT_BYTES, Piece, Sink, Source, filled
from curation.errors import ResourceError

__all__ = ["Environment"]

_LICENCES = ("LICENSE", "LICENCE", "COPYING", "NOTICE", "AUTHORS")
_Documented = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


class Environment(Source):
    """Descriptions, licences and docstrings of the packages in this Python environment.

    `packages` picks distributions by name (all by default); `max_bytes` stops after that much of their files;
    docstrings of fewer than `min_docstring_chars` are counted and skipped.
    """

    format: ClassVar[str] = "environment"

    packages: tuple[str, ...] | None = None
    max_bytes: int = Field(48 << 20, gt=0)
    min_docstring_chars: int = Field(200, ge=0)
    unit_bytes: int = Field(UNIT_BYTES // 8, gt=0)

    def pieces(self) -> list[list[Piece]]:
        pieces = [Piece(file=file) for file in self._within_budget()]
        if not pieces:
            where = f"source `{self.name}`"
            raise ResourceError(where, "no documentation", "installed distributions", "name other `packages`")
        return list(filled(iter(pieces), lambda piece: piece.file.bytes, self.unit_bytes))

    def _within_budget(self) -> Iterator[InputFile]:
        taken = 0
        for file in self._files():
            if taken + file.bytes > self.max_bytes:
                continue
            taken += file.bytes
            yield file

    def _files(self) -> Iterator[InputFile]:
        """Small distributions first, so that the corpus has many voices; then by name."""
        found = {_name(each): each for each in importlib.metadata.distributions() if _name(each)}
        wanted = found if self.packages is None else {name: found[name] for name in self.packages if name in found}
        listed = {name: list(_documentation(each)) for name, each in wanted.items()}
        for name in sorted(listed, key=lambda name: (sum(file.bytes for file in listed[name]), name)):
            yield from listed[name]

    def read(self, piece: Piece, sink: Sink) -> None:
        content = Path(piece.file.path).read_bytes()
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            found = f"byte {error.start} of the file is not UTF-8"
            sink.reject(piece.file.key, error.start, len(content), "invalid_utf8", found, content)
            return
        if piece.file.path.endswith(".py"):
            self._docstrings(piece.file.key, text, content, sink)
        else:
            sink.add(piece.file.key, text, meta={"kind": "file"})

    def _docstrings(self, file: str, text: str, content: bytes, sink: Sink) -> None:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # invalid escapes in foreign sources
                module = ast.parse(text)
        except (SyntaxError, ValueError, RecursionError) as error:
            sink.reject(file, 0, len(content), "not_python", f"{type(error).__name__} while parsing", content)
            return
        for name, docstring in _docstrings(module):
            if len(docstring) < self.min_docstring_chars:
                sink.skip("short_docstring")
            elif _is_utf8(docstring):
                sink.add(f"{file}:{name}", docstring, meta={"kind": "docstring"})
            else:
                sink.reject(file, 0, 0, "invalid_utf8", "a docstring that UTF-8 cannot hold", b"")


def _name(distribution: importlib.metadata.Distribution) -> str:
    metadata = distribution.metadata
    return str(metadata["Name"] or "").lower() if metadata is not None and "Name" in metadata else ""


def _documentation(distribution: importlib.metadata.Distribution) -> Iterator[InputFile]:
    """METADATA, licence files and Python sources that exist, by name."""
    for file in sorted(distribution.files or [], key=str):
        is_licence = ".dist-info" in str(file) and file.name.upper().startswith(_LICENCES)
        if not (file.suffix == ".py" or file.name == "METADATA" or is_licence) or str(file).startswith(".."):
            continue
        path = Path(str(file.locate()))
        if path.is_file():
            key = f"{_name(distribution)}/{file.as_posix()}"
            yield InputFile(path=str(path), key=key, bytes=path.stat().st_size)


def _docstrings(module: ast.Module) -> Iterator[tuple[str, str]]:
    """(line number and name, cleaned docstring), in the order of the file."""
    for node in ast.walk(module):
        if isinstance(node, _Documented) and node.body:
            docstring = ast.get_docstring(node, clean=False)
            if docstring:
                name = f"{node.lineno}:{node.name}" if not isinstance(node, ast.Module) else "module"
                yield name, inspect.cleandoc(docstring)


def _is_utf8(text: str) -> bool:
    """Whether UTF-8 can hold it; a literal such as "\\ud800" cannot be stored."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
