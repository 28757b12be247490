"""Counts from kernels as attribute columns."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.kernels.hashing import frozen
from curation.schema import text_buffers

__all__ = ["Counts", "kernel_text", "ratio"]

Counts = npt.NDArray[np.int64]


def kernel_text(batch: pa.RecordBatch) -> tuple[npt.NDArray[np.uint8], Counts]:
    """Bytes and offsets of the column `text`, read-only so that each kernel is compiled once."""
    data, offsets = text_buffers(batch.column("text"))
    return frozen(data), frozen(offsets)


def ratio(numerator: Counts, denominator: Counts) -> pa.Array:
    """Quotients as float64; 0 where the denominator is 0."""
    empty = denominator == 0
    return pa.array(np.where(empty, 0.0, numerator / np.where(empty, 1, denominator)), pa.float64())
