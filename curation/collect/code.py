"""Source trees: each file of a wanted programming language is one document, with the licence that holds for it.

What stands in a tree and was not written for it is counted and skipped: vendored and generated files, minified ones,
binaries, files of other types. Nothing is run or imported.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import ClassVar

from pydantic import Field

from curation.collect.charset import decode
from curation.collect.inputs import InputFile
from curation.collect.source import FileSource, Piece, Sink, filled
from curation.collect.tree_licences import TreeLicences, header_licence
from curation.collect.whole import read_whole, reject_file
from curation.errors import DataError

__all__ = ["LANGUAGES", "Code"]

LANGUAGES: dict[str, str] = {
    ending: language
    for language, endings in {
        "Ada": "adb ads", "Assembly": "asm s", "C": "c h", "C#": "cs", "C++": "cc cpp cxx hh hpp hxx", "CMake": "cmake",
        "Clojure": "clj cljc cljs", "CSS": "css scss sass less", "CUDA": "cu cuh", "Cython": "pyx pxd", "Dart": "dart",
        "Elixir": "ex exs", "Erlang": "erl hrl", "F#": "fs fsi fsx", "Fortran": "f f90 f95 f03 for", "Go": "go",
        "Groovy": "groovy gradle", "Haskell": "hs lhs", "HTML": "html htm", "Java": "java",
        "JavaScript": "js jsx mjs cjs", "Julia": "jl", "Kotlin": "kt kts", "Lean": "lean", "Lisp": "lisp el scm rkt",
        "Lua": "lua", "Markdown": "md rst", "MATLAB": "m", "Nim": "nim", "Nix": "nix", "OCaml": "ml mli",
        "Pascal": "pas", "Perl": "pl pm", "PHP": "php",
        "PowerShell": "ps1", "Protocol Buffers": "proto", "Python": "py pyi", "R": "r", "Ruby": "rb", "Rust": "rs",
        "Scala": "scala", "Shell": "sh bash zsh", "Solidity": "sol", "SQL": "sql", "Swift": "swift", "Tcl": "tcl",
        "TeX": "tex", "TypeScript": "ts tsx", "Verilog": "v sv", "VHDL": "vhd vhdl", "Zig": "zig",
    }.items()
    for ending in endings.split()
}  # fmt: skip
_BOOKKEEPING = frozenset({".git", ".hg", ".svn"})
_VENDORED = frozenset(
    {
        *("vendor", "vendored", "_vendor", "third_party", "third-party", "thirdparty", "external", "extern"),
        *("node_modules", "bower_components", "site-packages", ".venv", "venv", "Godeps", "Carthage", "Pods"),
    }
)
_BUILT = frozenset({"dist", ".tox", ".nox", ".eggs", "__pycache__", ".next"})
_GENERATED_NAME = re.compile(
    r"(?:_pb2(?:_grpc)?\.pyi?|\.pb\.(?:go|cc|h)|\.g\.dart|\.designer\.cs|_generated\.\w+|\.lock)$", re.I
)
_MINIFIED_NAME = re.compile(r"[.-]min\.\w+$|\.bundle\.js$", re.IGNORECASE)
_GENERATED = re.compile(
    rb"@generated\b|(?:code|file|auto(?:matically)?[ -]?|was) ?generated (?:by|from|file)|do not (?:edit|modify)", re.I
)
_HEAD, _BINARY_HEAD = 2048, 8192
_MAX_LINE, _MAX_MEAN_LINE = 5000, 200
_LOST_CHARACTERS = 0.05


class Code(FileSource):
    """Files of source trees, by programming language, with the licence that holds for each.

    `path` names folders, each a tree or a folder of trees. `languages` picks by name (all that are known by default).
    The licence comes from the file's own SPDX line, else from the nearest licence file above it, known by its text,
    else from the package's metadata; it is kept as `license` with `license_from`, for rules on `origin.licence`. A file
    for which none is found has no `license`. Skipped and counted: `other_type`, `vendored`, `built`, `generated`,
    `minified`, `binary`, `symlink`, `empty`.
    """

    format: ClassVar[str] = "code"
    suffixes: ClassVar[tuple[str, ...]] = ("",)

    languages: tuple[str, ...] | None = None
    max_record_bytes: int = Field(4 << 20, gt=0)

    def pieces(self) -> list[list[Piece]]:
        files = [file for file in self.files() if _BOOKKEEPING.isdisjoint(PurePosixPath(file.key).parts)]
        licences = TreeLicences(file for file in files if not _is_link(file))
        return list(filled((self._piece(file, licences) for file in files), self.weight, self.unit_bytes))

    def _piece(self, file: InputFile, licences: TreeLicences) -> Piece:
        """A file that is skipped for its name is not read, also not for its checksum."""
        skip = self._by_name(file)
        if skip is not None:
            return Piece(file=file.model_copy(update={"sha256": "-", "bytes": 0}), context={"skip": skip})
        licence = licences.of(file.key)
        return Piece(file=file, context={"license": licence[0], "license_from": licence[1]} if licence else {})

    def _by_name(self, file: InputFile) -> str | None:
        """Why a file is no document, as far as its path says it."""
        path = PurePosixPath(file.key)
        folders = set(path.parts[:-1])
        language = LANGUAGES.get(path.suffix[1:].lower())
        reasons = {
            "symlink": _is_link(file),
            "vendored": not _VENDORED.isdisjoint(folders),
            "built": not _BUILT.isdisjoint(folders),
            "other_type": language is None or (self.languages is not None and language not in self.languages),
            "minified": _MINIFIED_NAME.search(path.name) is not None,
            "generated": _GENERATED_NAME.search(path.name) is not None,
        }
        return next((reason for reason, holds in reasons.items() if holds), None)

    def read(self, piece: Piece, sink: Sink) -> None:
        if "skip" in piece.context:
            sink.skip(piece.context["skip"])
            return
        content = b""
        try:
            content = read_whole(piece, self.max_record_bytes)
            skip = _by_content(content)
            text = "" if skip else _text(content)
        except DataError as error:
            reject_file(sink, piece, error, content)
            return
        if skip is not None:
            sink.skip(skip)
            return
        own = header_licence(content[:_HEAD])
        licence = {"license": own, "license_from": piece.file.key} if own else piece.context
        sink.add(piece.file.key, text, meta={**licence, "code_language": LANGUAGES[_ending(piece.file.key)]})


def _ending(key: str) -> str:
    return PurePosixPath(key).suffix[1:].lower()


def _is_link(file: InputFile) -> bool:
    """A link may lead out of the tree."""
    return "://" not in file.path and Path(file.path).is_symlink()


def _by_content(content: bytes) -> str | None:
    if not content.strip():
        return "empty"
    if b"\0" in content[:_BINARY_HEAD] and not content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "binary"
    if _GENERATED.search(content, 0, _HEAD):
        return "generated"
    return "minified" if _is_minified(content.splitlines()) else None


def _is_minified(lines: Sequence[bytes]) -> bool:
    return max(map(len, lines)) > _MAX_LINE and sum(map(len, lines)) > _MAX_MEAN_LINE * len(lines)


def _text(content: bytes) -> str:
    decoded = decode(content, None, look_for_meta=False)
    if decoded.replaced > _LOST_CHARACTERS * len(decoded.text):
        raise DataError("undecodable", f"{decoded.replaced} of {len(decoded.text)} characters are lost")
    return decoded.text
