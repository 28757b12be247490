"""Runs of equal values in sorted columns: where they start, and what follows from it. Plain numpy sorts, no hashing."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import numpy.typing as npt

__all__ = ["occurs_again", "run_starts", "sorted_unique"]

Scalar = TypeVar("Scalar", bound=np.generic)


def run_starts(*columns: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    """Rows at which any of the columns (n,) differs from the row before; row 0 among them if there is one."""
    if not len(columns[0]):
        return np.zeros(0, np.int64)
    changes = np.zeros(len(columns[0]) - 1, np.bool_)
    for column in columns:
        changes |= column[1:] != column[:-1]
    return np.flatnonzero(np.concatenate(([True], changes)))


def sorted_unique(values: npt.NDArray[Scalar]) -> npt.NDArray[Scalar]:
    """What `np.unique` gives; for integers sorting is several times as fast as its hash table."""
    ordered = np.sort(values)
    return ordered[run_starts(ordered)]


def occurs_again(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    """True for each element that has an equal one elsewhere."""
    order = np.argsort(values)
    same = values[order[1:]] == values[order[:-1]]
    never = np.zeros(min(len(values), 1), np.bool_)
    again = np.empty(len(values), np.bool_)
    again[order] = np.concatenate((same, never)) | np.concatenate((never, same))
    return again
