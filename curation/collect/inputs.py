"""Input files: found in a fixed order, opened through fsspec, decompressed by their ending."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import hashlib
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Any, cast

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from curation.collect.addresses import Unbroken, filesystem_of, told
from curation.collect.damage import DAMAGE
from curation.errors import ResourceError

__all__ = [
    "COMPRESSED",
    "DecompressionBombError",
    "InputFile",
    "find",
    "is_compressed",
    "open_input",
    "open_raw",
    "packed_ratio",
    "with_checksums",
]

COMPRESSED = (".gz", ".zst", ".bz2")
_BLOCK = 1 << 20
_STEP = 16 << 10
_WINDOW, _MAX_RATIO = 512 << 20, 500


class InputFile(BaseModel):
    """`path` is where it lies, `key` its name below the source's folder, `sha256` empty until it has been read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: str
    key: str
    bytes: int
    sha256: str = ""


def find(paths: Sequence[str], suffixes: tuple[str, ...], where: str) -> list[InputFile]:
    """Files behind paths, folders and globs, sorted by key. Raises ResourceError for none, or two under one key."""
    found: dict[str, InputFile] = {}
    for path in paths:
        matches = list(_matches(path, suffixes))
        if not matches:
            raise ResourceError(
                where, f"no file behind `{path}`", f"files ending in {', '.join(suffixes)}", "mend the path"
            )
        for file in matches:
            if any("\ud800" <= letter <= "\udfff" for letter in file.path):
                shown = file.key.encode("ascii", "backslashreplace").decode()
                raise ResourceError(where, f"a file name that is not UTF-8: `{shown}`", "names in UTF-8", "rename it")
            other = found.setdefault(file.key, file)
            if other.path != file.path:
                do = "list the folders as two sources with names of their own"
                raise ResourceError(where, f"two files called `{file.key}`", "one file for a name", do)
    return [found[key] for key in sorted(found)]


def _matches(path: str, suffixes: tuple[str, ...]) -> Iterator[InputFile]:
    if "://" not in path:
        yield from _local_matches(Path(path).expanduser(), suffixes)
        return
    filesystem, root = filesystem_of(path)
    base = root if "?" in root and path.startswith("http") else _static_prefix(root)
    for entry in _entries(filesystem, root, path):
        if entry.endswith(_endings(suffixes)) or entry == root:
            key = entry.removeprefix(base).lstrip("/") or PurePosixPath(entry.partition("?")[0]).name
            yield InputFile(path=filesystem.unstrip_protocol(entry), key=key, bytes=_size(filesystem, entry))


def _entries(filesystem: Any, root: str, path: str) -> list[str]:
    """Names behind an address, sorted. Raises ResourceError for a store that does not answer, or refuses.

    An address of the web is one file: a `?` begins its query, and a folder there is whatever its page links to.
    """
    if path.startswith(("http://", "https://")):
        return [root]
    try:
        return sorted(filesystem.glob(root) if _is_glob(root) else filesystem.find(root))
    except FileNotFoundError:
        return []
    except Exception as error:  # drivers raise errors of their own kinds
        raise told(path, error) from error


def _size(filesystem: Any, entry: str) -> int:
    try:
        return int(filesystem.size(entry) or 0)
    except Exception as error:  # drivers raise errors of their own kinds
        raise told(entry, error) from error


def _local_matches(path: Path, suffixes: tuple[str, ...]) -> Iterator[InputFile]:
    if path.is_file():
        yield InputFile(path=str(path.absolute()), key=path.name, bytes=path.stat().st_size)
        return
    base = Path(_static_prefix(str(path.absolute())))
    pattern = str(path.absolute().relative_to(base)) if _is_glob(str(path)) else "**/*"
    for entry in sorted(base.glob(pattern)) if base.is_dir() else []:
        if entry.is_file() and (entry.name.endswith(_endings(suffixes)) or _is_glob(str(path))):
            yield InputFile(path=str(entry), key=entry.relative_to(base).as_posix(), bytes=entry.stat().st_size)


def _endings(suffixes: tuple[str, ...]) -> tuple[str, ...]:
    return suffixes + tuple(suffix + packed for suffix in suffixes for packed in COMPRESSED)


def _is_glob(path: str) -> bool:
    return any(sign in path for sign in "*?[")


def _static_prefix(path: str) -> str:
    """The folder above the first part that holds a wildcard, or the path itself."""
    if not _is_glob(path):
        return path
    parts = path.split("/")
    first = next(number for number, part in enumerate(parts) if _is_glob(part))
    return "/".join(parts[:first]) or "/"


def is_compressed(path: str) -> bool:
    return path.endswith(COMPRESSED)


@contextmanager
def open_input(file: InputFile) -> Iterator[IO[bytes]]:
    """The file's bytes, decompressed if its name says so, behind a buffer of 1 MiB."""
    with open_raw(file.path) as raw:
        if not is_compressed(file.path):
            yield raw
            return
        with _unpacked(raw, file.path) as unpacked:
            yield io.BufferedReader(_InSteps(unpacked, raw), _BLOCK)


def _unpacked(raw: IO[bytes], path: str) -> Any:
    if path.endswith(".gz"):
        return gzip.GzipFile(fileobj=raw)
    if path.endswith(".bz2"):
        return bz2.BZ2File(raw)
    # Not zstandard's own reader, to which a frame cut short looks like one that has ended.
    return pa.CompressedInputStream(pa.PythonFile(raw, "r"), "zstd")


class DecompressionBombError(OSError):
    """A stretch that unpacks to so many times its size that nobody wrote it."""


class _InSteps(io.RawIOBase):
    """Gives what has been unpacked before it unpacks more, so that nothing whole is lost before a damaged place.

    Every 512 MB it looks how many packed bytes they came from: text packs to a tenth, logs to a hundredth.
    """

    def __init__(self, unpacked: Any, raw: IO[bytes]) -> None:
        self._unpacked, self._raw = unpacked, raw
        self._given = self._packed = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        content = self._unpacked.read1(min(len(buffer), _STEP))
        buffer[: len(content)] = content
        self._given += len(content)
        if self._given >= _WINDOW:
            before, self._packed = self._packed, self._raw.tell()
            if self._given > _MAX_RATIO * (self._packed - before):
                raise DecompressionBombError
            self._given = 0
        return len(content)


@contextmanager
def open_raw(path: str) -> Iterator[IO[bytes]]:
    """The file's bytes as they lie there, from any address that fsspec opens."""
    if "://" not in path:
        with Path(path).open("rb", buffering=_BLOCK) as file:
            yield file
        return
    filesystem, root = filesystem_of(path)
    try:
        opened = filesystem.open(root, "rb", block_size=_BLOCK)
    except Exception as error:
        raise told(path, error) from error
    with opened as file:
        # Lines of a limited length are beyond what drivers' files can.
        yield io.BufferedReader(Unbroken(file, path), _BLOCK)


def packed_ratio(file: InputFile, most: int = 16 << 20) -> float:
    """How many times larger a packed file is once it is unpacked, by its first `most` bytes; 1 for one that is not."""
    if not is_compressed(file.path):
        return 1.0
    with open_raw(file.path) as raw, _unpacked(raw, file.path) as unpacked:
        given = 0
        with contextlib.suppress(*DAMAGE):  # what is damaged is said when it is collected
            while given < most and (content := unpacked.read(_STEP)):
                given += len(content)
        return given / (raw.tell() or 1) or 1.0


def with_checksums(files: Sequence[InputFile], cache: dict[str, list[Any]]) -> list[InputFile]:
    """The files with sha256 filled in, unless it is already. `cache` remembers path -> [bytes, mtime, sha256]."""
    return [file if file.sha256 else file.model_copy(update={"sha256": _checksum(file, cache)}) for file in files]


def _checksum(file: InputFile, cache: dict[str, list[Any]]) -> str:
    changed = Path(file.path).stat().st_mtime_ns if "://" not in file.path else None
    known = cache.get(file.path)
    if known is not None and changed is not None and known[:2] == [file.bytes, changed]:
        return str(known[2])
    with open_raw(file.path) as raw:
        digest = hashlib.file_digest(cast(Any, raw), "sha256").hexdigest()
    cache[file.path] = [file.bytes, changed, digest]
    return digest
