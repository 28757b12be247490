"""How many characters of a text bear each mark of a table."""

from __future__ import annotations

import numpy as np

from curation.kernels.jit import kernel
from curation.kernels.utf8 import decode

__all__ = ["count_marked"]


@kernel
def count_marked(data, offsets, marks, kinds):  # type: ignore[no-untyped-def]
    """Characters by mark, int64 of shape (n, kinds); `marks` gives each code point a number below `kinds`."""
    documents = len(offsets) - 1
    counts = np.zeros((documents, kinds), np.int64)
    for document in range(documents):
        position, end = offsets[document], offsets[document + 1]
        while position < end:
            point, position = decode(data, position, end)
            counts[document, marks[point]] += 1
    return counts
