"""Take ranges of bytes out of texts without cutting a word: only whole lines, paragraphs or sentences go."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.kernels.hashing import frozen
from curation.kernels.sentences import count_sentences
from curation.kernels.spans import Unit, cut, kept_text
from curation.kernels.unicode_tables import character_classes
from curation.schema import TEXT, text_buffers

__all__ = ["removed_characters", "too_short", "without_ranges", "without_spans"]

Indexes = npt.NDArray[np.int64]


def without_ranges(
    text: pa.Array, row: Indexes, start: Indexes, end: Indexes, unit: Unit, which: Literal["touched", "inside"]
) -> tuple[pa.Array, Indexes]:
    """Texts without the spans of `unit` that lie inside ranges, or that ranges touch; and how many spans each lost.

    Ranges are bytes of the text `row`, end exclusive.
    """
    data, offsets = text_buffers(text)
    bounds, spans = cut(data, offsets, unit)
    start, end = start + offsets[row], end + offsets[row]
    if which == "touched":
        first = np.searchsorted(bounds, start, side="right") - 1
        last = np.searchsorted(bounds, end, side="left")
    else:
        first = np.searchsorted(bounds, start, side="left")
        last = np.maximum(np.searchsorted(bounds, end, side="right") - 1, first)
    return without_spans(text, bounds, spans, first, last)


def without_spans(
    text: pa.Array, bounds: Indexes, spans: Indexes, first: Indexes, last: Indexes
) -> tuple[pa.Array, Indexes]:
    """Texts without spans first[k] to last[k], end exclusive, of `kernels.spans.cut`; and how many spans each lost."""
    changes = np.zeros(len(bounds), np.int64)
    np.add.at(changes, first, 1)
    np.add.at(changes, last, -1)
    gone = np.cumsum(changes)[:-1] > 0
    kept, offsets = kept_text(text_buffers(text)[0], bounds, spans, gone)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(kept))]
    lost: Indexes = np.diff(np.concatenate(([0], np.cumsum(gone)))[spans])
    return pa.Array.from_buffers(TEXT, len(text), buffers), lost


def too_short(text: pa.Array, min_characters: int, min_sentences: int = 0) -> npt.NDArray[np.bool_]:
    """True for texts with fewer characters, or fewer sentences (`kernels.sentences`), than asked for."""
    short: npt.NDArray[np.bool_] = pc.utf8_length(text.fill_null("")).to_numpy(zero_copy_only=False) < min_characters
    if min_sentences:
        data, offsets = text_buffers(text)
        short |= count_sentences(frozen(data), frozen(offsets), character_classes()) < min_sentences
    return short


def removed_characters(before: pa.Array, after: pa.Array) -> pa.Array:
    """Code points that each text lost, int64; null reads as empty."""
    return pc.subtract(pc.utf8_length(before.fill_null("")), pc.utf8_length(after)).cast(pa.int64())
