"""Telling a damaged file, which goes to quarantine, from a disk or network that fails, which stops the run."""

from __future__ import annotations

import zlib

import zstandard

__all__ = ["DAMAGE", "is_system_error", "why_damaged"]

# What readers of packed files raise, among them OSError: gzip and bz2 use it for bad data.
DAMAGE = (EOFError, OSError, zlib.error, zstandard.ZstdError)


def is_system_error(error: BaseException) -> bool:
    """Whether the operating system, not the data, is to blame: only it gives errors a number."""
    return isinstance(error, OSError) and error.errno is not None


def why_damaged(error: BaseException) -> str:
    """The detail for quarantine. Raises the error itself when the system failed: the next run may read the file."""
    if is_system_error(error):
        raise error
    return f"{type(error).__name__} while unpacking"
