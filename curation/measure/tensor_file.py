"""Arrays with a few words about them in one file: the safetensors format, which holds numbers and nothing that runs.

Eight bytes of header length, a JSON header of names, types, shapes and places, then the bytes of the arrays. The same
content gives the same file.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.errors import ResourceError
from curation.files import whole_file

__all__ = ["read_tensors", "write_tensors"]

_CODES = {"F32": "<f4", "F64": "<f8", "U64": "<u8", "I64": "<i8", "U32": "<u4", "I32": "<i4", "U8": "|u1"}
_NAMES = {np.dtype(code): name for name, code in _CODES.items()}
_MAX_HEADER = 1 << 20


def write_tensors(path: str | Path, tensors: Mapping[str, npt.NDArray[Any]], metadata: Mapping[str, str]) -> None:
    """Whole or not at all; arrays are stored in the order of their names."""
    header: dict[str, Any] = {"__metadata__": dict(sorted(metadata.items()))}
    place = 0
    for name in sorted(tensors):
        array = tensors[name]
        header[name] = {
            "dtype": _NAMES[array.dtype],
            "shape": list(array.shape),
            "data_offsets": [place, place + array.nbytes],
        }
        place += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with whole_file(Path(path)) as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for name in sorted(tensors):
            file.write(np.ascontiguousarray(tensors[name]).data)


def read_tensors(path: str | Path, format: str) -> tuple[dict[str, npt.NDArray[Any]], dict[str, str]]:
    """Read-only arrays by name, and the words. `format` is what the metadata must say the file is.

    Raises ResourceError when the file is missing, is another kind of file or is not whole.
    """
    try:
        raw = Path(path).read_bytes()
    except OSError as error:
        raise _bad(path, error.strerror or "an error") from error
    size = int.from_bytes(raw[:8], "little")
    if len(raw) < 8 or not 2 <= size <= min(_MAX_HEADER, len(raw) - 8):
        raise _bad(path, "no header")
    try:
        header = json.loads(raw[8 : 8 + size])
        metadata = header.pop("__metadata__", {})
        tensors = {name: _tensor(raw, 8 + size, entry) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _bad(path, "a header that does not fit the file") from error
    if metadata.get("format") != format:
        raise _bad(path, f"a file of format {str(metadata.get('format'))[:40]!r}", f"`{format}`")
    return tensors, metadata


def _tensor(raw: bytes, base: int, entry: Mapping[str, Any]) -> npt.NDArray[Any]:
    kind, shape = np.dtype(_CODES[entry["dtype"]]), [int(n) for n in entry["shape"]]
    start, end = entry["data_offsets"]
    count = math.prod(shape)
    if min([0, *shape]) < 0 or start < 0 or end - start != count * kind.itemsize:
        raise ValueError("place of a tensor")
    return np.frombuffer(raw, kind, count, base + start).reshape(shape)  # ValueError beyond the end


def _bad(path: str | Path, found: str, expected: str = "a whole model file") -> ResourceError:
    return ResourceError(f"model file {path}", found, expected, "check the path, or train the model again")
