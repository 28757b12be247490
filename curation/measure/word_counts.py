"""Word counts of a batch, found once however many operators ask for them."""

from __future__ import annotations

import threading
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels import word_counts as kernel
from curation.kernels.unicode_tables import character_classes
from curation.measure.ratios import Counts

__all__ = ["Buffers", "count_words", "remember"]

Buffers = tuple[npt.NDArray[np.uint8], Counts]


class _Last(NamedTuple):
    """What was counted last. It holds the arrays, so that no other text can come to lie where they do."""

    buffers: Buffers
    stop_words: tuple[str, ...]
    counts: Counts


_of_this_thread = threading.local()


def count_words(buffers: Buffers, stop_words: tuple[str, ...] | None = None) -> Counts:
    """Columns of `kernels.word_counts`, shape (n, 6); without `stop_words` their column may count any."""
    last: _Last | None = getattr(_of_this_thread, "last", None)
    if last is None or not _same(last.buffers, buffers) or stop_words not in (None, last.stop_words):
        words = stop_words or ()
        counts: Counts = kernel.count_words(*buffers, character_classes(), *kernel.stop_words(words))
        last = remember(buffers, words, counts)
    return last.counts


def remember(buffers: Buffers, stop_words: tuple[str, ...], counts: Counts) -> _Last:
    """Keep counts that another kernel found on its way, until the next are counted."""
    _of_this_thread.last = _Last(buffers, stop_words, counts)
    last: _Last = _of_this_thread.last
    return last


def _same(first: Buffers, second: Buffers) -> bool:
    return _places(first) == _places(second)


def _places(buffers: Buffers) -> tuple[int, ...]:
    data, offsets = buffers
    return data.ctypes.data, data.nbytes, offsets.ctypes.data, offsets.nbytes
