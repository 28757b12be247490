"""What `curation.kernels.blocks` has LLVM do, byte by byte; stands in for it where kernels run uncompiled."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np


def bits(data: Any, position: int, also: int, first: int, size: int) -> np.uint64:
    block = data[position : position + 64]
    return np.uint64(sum(1 << k for k in range(64) if ((int(block[k]) | int(also)) - int(first)) % 256 < size))


def repeated_bits(data: Any, position: int) -> np.uint64:
    block = data[position : position + 65]
    return np.uint64(sum(1 << k for k in range(64) if block[k] == block[k + 1]))


def first_bit(number: int) -> int:
    return next((k for k in range(64) if int(number) >> k & 1), 64)


def count_bits(number: int) -> int:
    return int(number).bit_count()


def stand_in() -> None:
    """In this process kernels run uncompiled, and LLVM does nothing."""
    blocks = sys.modules["curation.kernels.blocks"]
    for twin in (bits, repeated_bits, first_bit, count_bits):
        setattr(blocks, f"_{twin.__name__}", twin)
