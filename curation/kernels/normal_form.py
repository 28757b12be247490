"""Which documents are not in normal form already: the cheap test in front of `normalize_unicode`.

`flags` and `classes` are indexed by code point (uint8[0x110000]): what stands against a character, as bits of the
caller's choice, and its canonical combining class. Two bits have meaning here, see `find_unnormalized`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.jit import helper, kernel
from curation.kernels.utf8 import decode

__all__ = ["FORM", "JOINER", "find_unnormalized"]

FORM = 0x20
JOINER = 0x40
# Left of this no script needs a joiner: Latin, Greek, Cyrillic and Armenian lie below, Hebrew, Arabic, Indic above.
FIRST_JOINING = 0x590


@helper
def _is_unnormalized(
    data: npt.NDArray[np.uint8],
    start: np.int64,
    end: np.int64,
    flags: npt.NDArray[np.uint8],
    classes: npt.NDArray[np.uint8],
    unwanted: int,
    joiners: bool,
    ordered: bool,
) -> bool:
    previous = np.int64(0)
    previous_class = np.int64(0)
    i = start
    while i < end:
        if data[i] < 0x80:
            if flags[data[i]] & unwanted:
                return True
            previous = np.int64(data[i])
            previous_class = np.int64(0)
            i += 1
            continue
        point, i = decode(data, i, end)
        flag = flags[point]
        if flag & unwanted:
            return True
        if joiners and flag & JOINER and previous < FIRST_JOINING:
            return True
        if ordered:
            combining = np.int64(classes[point])
            if combining and combining < previous_class:
                return True
            previous_class = combining
        previous = point
    return False


@kernel
def find_unnormalized(
    data: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    flags: npt.NDArray[np.uint8],
    classes: npt.NDArray[np.uint8],
    mask: int,
) -> npt.NDArray[np.bool_]:
    """bool[n]: documents with a character whose flags share a bit with `mask`, or out of canonical order.

    When `mask` holds FORM, combining marks must also stand in canonical order (Unicode Standard Annex 15, quick
    check). JOINER counts only where the character on the left is below U+0590 or there is none.
    """
    out = np.zeros(len(offsets) - 1, np.bool_)
    unwanted, joiners, ordered = mask & ~JOINER, mask & JOINER != 0, mask & FORM != 0
    for row in range(len(offsets) - 1):
        out[row] = _is_unnormalized(data, offsets[row], offsets[row + 1], flags, classes, unwanted, joiners, ordered)
    return out
