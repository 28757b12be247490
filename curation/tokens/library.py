"""Tokenizers of the library `tokenizers`, read so that a disk that fails says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

__all__ = ["read_tokenizer"]


def read_tokenizer(path: Path) -> Any:
    """The tokenizer of a `tokenizer.json`. OSError where it cannot be read: the library has but Exception."""
    from tokenizers import Tokenizer

    return Tokenizer.from_buffer(path.read_bytes())
