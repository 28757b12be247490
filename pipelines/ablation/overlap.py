"""Held-out documents that stand in the union of all arms, by 13-grams and by MinHash, and those that do not.

Verbatim overlap only: paraphrases go unseen, so what is left is decontaminated, not clean.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.dedup.minhash import MinHash
from curation.kernels.normalize import Rules, normalize
from curation.kernels.shingles import token_table, windows
from curation.kernels.similarity import jaccard
from curation.schema import text_buffers

__all__ = ["HeldOutIndex"]

_NGRAM = 13
Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]


class HeldOutIndex:
    """Held-out documents, and how much of each was met in what `see` was shown."""

    def __init__(self, documents: pa.Table) -> None:
        batch = _batch(documents)
        hashes, self._owner = _grams(batch)
        self._known, self._gram = np.unique(hashes, return_inverse=True)
        self._met = np.zeros(len(self._known), np.bool_)
        self._minhash, self._rows = MinHash(threshold=0.7), documents.num_rows
        self._values, self._offsets = self._minhash.sets(batch)
        keys = self._minhash.keys(batch)
        band, row = keys.column("key").to_numpy(), keys.column("row").to_numpy().astype(np.int64)
        order = np.argsort(band, kind="stable")
        self._bands, self._band_rows = band[order], row[order]
        self.similarity = np.zeros(self._rows)

    def see(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Text that models are trained on."""
        for batch in batches:
            hashes, _ = _grams(batch)
            places = np.minimum(np.searchsorted(self._known, hashes), max(0, len(self._known) - 1))
            if len(self._known):
                self._met[places[self._known[places] == hashes]] = True
            self._compare(batch)

    def overlap(self) -> npt.NDArray[np.float64]:
        """Share of each document's 13-grams that were met; 0 for documents of fewer words."""
        met = np.bincount(self._owner, self._met[self._gram], self._rows)
        return met / np.maximum(1, np.bincount(self._owner, minlength=self._rows))

    def _compare(self, batch: pa.RecordBatch) -> None:
        """Raise `similarity` to the largest Jaccard similarity with a document of the batch that shares a band."""
        keys = self._minhash.keys(batch)
        band, row = keys.column("key").to_numpy(), keys.column("row").to_numpy().astype(np.int64)
        first, last = (np.searchsorted(self._bands, band, side) for side in ("left", "right"))
        counts = last - first
        if not counts.sum():
            return
        theirs = np.repeat(row, counts)
        starts = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts)
        ours = self._band_rows[starts + np.arange(counts.sum())]
        pairs = np.unique(np.stack([ours, theirs], 1), axis=0)
        values, offsets = self._minhash.sets(batch)
        joined = np.concatenate([self._values, values])
        bounds = np.concatenate([self._offsets, offsets[1:] + self._offsets[-1]])
        found = jaccard(joined, bounds, pairs[:, 0].copy(), pairs[:, 1] + self._rows)
        np.maximum.at(self.similarity, pairs[:, 0], found)


def _grams(batch: pa.RecordBatch) -> tuple[Words, Indexes]:
    """Hashes of all 13-grams of words, and the row each stands in."""
    table = token_table(*normalize(*text_buffers(batch.column("text")), Rules()), "auto")
    hashes = windows(table.hashes, _NGRAM)
    lengths = np.diff(table.offsets)
    row = np.repeat(np.arange(len(lengths)), lengths)
    within = row[: len(hashes)] == row[_NGRAM - 1 : _NGRAM - 1 + len(hashes)]
    return hashes[within], row[: len(hashes)][within]


def _batch(table: pa.Table) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([table.column("text").combine_chunks()], ["text"])
