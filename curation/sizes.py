"""Sizes in bytes, as people write them."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, WithJsonSchema

__all__ = ["Size", "bytes_of"]

_UNITS = {
    "": 1,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "KI": 1 << 10,
    "MI": 1 << 20,
    "GI": 1 << 30,
    "TI": 1 << 40,
}


def bytes_of(text: str) -> int:
    """Bytes from "512MB", "1.5 GiB" or a plain number. Raises ValueError for anything else."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]I?)?B?\s*", text.upper())
    if match is None:
        raise ValueError("a size, written like 512MB or 1.5GiB")
    return int(float(match[1]) * _UNITS[match[2] or ""])


def _parsed(value: Any) -> Any:
    size = bytes_of(value) if isinstance(value, str) else value
    if isinstance(size, int) and size < 0:
        raise ValueError("a size of 0 bytes or more")
    return size


# A parameter of a recipe in bytes that may be written as text.
Size = Annotated[
    int,
    BeforeValidator(_parsed),
    WithJsonSchema({"anyOf": [{"type": "integer", "minimum": 0}, {"type": "string"}]}),
]
