"""Texts put together from stretches of the texts before, with an account of what changed.

A rewriting kernel decides which stretches of a document stay; `assemble` copies them and lists the edits. Nothing is
ever put in but newlines.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.kernels.hash_tables import copy_bytes
from curation.kernels.jit import kernel

__all__ = ["assemble"]

Numbers = npt.NDArray[np.int64]

_NEWLINE = 0x0A


def assemble(
    data: npt.NDArray[np.uint8],
    offsets: Numbers,
    stretches: Numbers,
    first: Numbers,
    most_edits: int,
) -> tuple[npt.NDArray[np.uint8], Numbers, npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """New bytes and offsets, and for each document its edits.

    `stretches`, int64, three numbers each: start and stop in `data`, and 1 where a newline comes before; those of
    document d are the numbers first[d] to first[d + 1]. Edits are int32 triples, flat: byte offset in the text before,
    bytes taken out, bytes put in; after `most_edits` of them the last one of a document grows. Returned: bytes, offsets
    (n+1), triples, and where those of each document begin (n+1, in numbers, three a triple).
    """
    starts, stops, newlines = stretches[first[0] : first[-1]].reshape(-1, 3).T
    size = int((stops - starts + newlines).sum())
    out, out_offsets = np.empty(size + 8, np.uint8), np.zeros(len(offsets), np.int64)
    edits = np.empty(int(first[-1] - first[0]) + 3 * len(offsets), np.int32)
    edit_offsets = np.zeros(len(offsets), np.int32)
    _assemble(data, offsets, stretches, first, most_edits, out, out_offsets, edits, edit_offsets)
    return out[:size], out_offsets, edits[: edit_offsets[-1]], edit_offsets


@kernel
def _assemble(  # type: ignore[no-untyped-def]
    data, offsets, stretches, first, most_edits, out, out_offsets, edits, edit_offsets
):
    documents = len(offsets) - 1
    written, listed = np.int64(0), np.int64(0)
    for document in range(documents):
        begin, copied = offsets[document], offsets[document]
        mine = listed
        for k in range(first[document], first[document + 1] + 1, 3):
            start, stop, newline = offsets[document + 1], offsets[document + 1], np.int64(0)
            if k < first[document + 1]:
                start, stop, newline = stretches[k], stretches[k + 1], stretches[k + 2]
            same = start - copied == newline and (newline == 0 or data[copied] == _NEWLINE)
            if not same and (listed - mine) // 3 < most_edits:
                edits[listed], edits[listed + 1], edits[listed + 2] = copied - begin, start - copied, newline
                listed += 3
            elif not same:
                since = begin + edits[listed - 3]
                last_stop = since + edits[listed - 2]
                edits[listed - 2] = start - since
                edits[listed - 1] += copied - last_stop + newline
            if newline:
                out[written] = _NEWLINE
                written += 1
            copy_bytes(data, start, stop, out, written)
            written += stop - start
            copied = stop
        out_offsets[document + 1] = written
        edit_offsets[document + 1] = listed
