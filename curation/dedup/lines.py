"""Lines, paragraphs or three-sentence spans that occur more than once in the corpus: one copy stays, the others go.

    keys(batch)     a 128-bit key for every unit, and its owner: which document has first claim to keep it
    lost(...)       of all units with one key, all but one
    rewrite(batch)  the texts without what they lost

Which copy stays is drawn by hash, so it depends on no order and on no site: that of the document whose id has the
smallest hash (C4, Raffel et al. 2020, hashes the URL), within it the first. So documents that share a passage agree on
who keeps all of it; were the hash of line and document, every one of them would lose a part.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.dedup.grouping import GroupingContract, Identified
from curation.dedup.ranges import removed_characters, too_short, without_spans
from curation.kernels.hashing import hash_ranges, hash_ranges128, mix_all
from curation.kernels.normalize import Rules, normalize
from curation.kernels.spans import cut
from curation.schema import text_buffers

__all__ = ["DuplicateLines", "lost"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]


class DuplicateLines(Identified):
    """Units are compared normalized, as exact duplicates are; a unit without letters and digits never goes.

    unit                line, paragraph (as CCNet) or sentences: every three that follow each other
    min_characters      shorter units (normalized, in code points) stay, however often they occur
    min_left            documents that lost something and have fewer characters left are dropped
    min_left_sentences  likewise for sentences (`kernels.sentences`), as C4 asks for 3 once more
    """

    contract: ClassVar[GroupingContract] = GroupingContract(name="lines", version=3)
    method: ClassVar[Literal["equal", "linked", "units", "passages"]] = "units"

    unit: Literal["line", "paragraph", "sentences"] = "line"
    min_characters: int = Field(0, ge=0)
    min_left: int = Field(1, ge=0)
    min_left_sentences: int = Field(0, ge=0)
    fold_case: bool = True
    strip_marks: bool = True
    spell_digits: bool = False
    drop_symbols: bool = True

    def keys(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`key_hi`, `key_lo`, `owner` (uint64), `row`, `first`, `last` (int32).

        The last two are the first and last span of the unit, counted within its document.
        """
        data, offsets = text_buffers(batch.column("text"))
        bounds, spans = cut(data, offsets, self._span)
        rules = Rules(self.fold_case, self.strip_marks, self.spell_digits, self.drop_symbols)
        normal, normal_bounds = normalize(data, bounds, rules)
        filled = np.flatnonzero(_characters(normal, normal_bounds) >= max(self.min_characters, 1))
        high, low = hash_ranges128(normal, normal_bounds[filled], normal_bounds[filled + 1])
        row = np.searchsorted(spans, filled, side="right") - 1
        first = last = filled - spans[row]
        if self.unit == "sentences":
            high, low, row, first, last = _windows(high, low, row, first)
        owner = self._owners(batch.column("id"))[row]
        words = [pa.array(column) for column in (high, low, owner)]
        places = [pa.array(column.astype(np.int32)) for column in (row, first, last)]
        return pa.RecordBatch.from_arrays([*words, *places], ["key_hi", "key_lo", "owner", "row", "first", "last"])

    def rewrite(self, batch: pa.RecordBatch, row: Indexes, first: Indexes, last: Indexes) -> pa.RecordBatch:
        """`text` without the units that `lost` names, with `removed_spans` (int32) and `removed_characters` (int64)."""
        bounds, spans = cut(*text_buffers(batch.column("text")), self._span)
        text, removed = without_spans(batch.column("text"), bounds, spans, spans[row] + first, spans[row] + last + 1)
        columns = [text, pa.array(removed.astype(np.int32)), removed_characters(batch.column("text"), text)]
        return pa.RecordBatch.from_arrays(columns, ["text", "removed_spans", "removed_characters"])

    def too_short(self, text: pa.Array) -> npt.NDArray[np.bool_]:
        """True for texts of which too little is left."""
        return too_short(text, self.min_left, self.min_left_sentences)

    @property
    def _span(self) -> Literal["line", "paragraph", "sentence"]:
        return "sentence" if self.unit == "sentences" else self.unit

    def _owners(self, ids: pa.Array) -> Words:
        data, offsets = text_buffers(ids)
        return hash_ranges(data, offsets[:-1], offsets[1:])


def lost(key_hi: Words, key_lo: Words, owner: Words, document: Indexes, first: Indexes) -> npt.NDArray[np.bool_]:
    """True for every unit but one of each key: the smallest owner keeps it, in its first place.

    `document` numbers documents in the order of their ids, for owners that collide.
    """
    order = np.lexsort((first, document, owner, key_lo, key_hi))
    repeated = np.zeros(len(order), np.bool_)
    same = (key_hi[order[1:]] == key_hi[order[:-1]]) & (key_lo[order[1:]] == key_lo[order[:-1]])
    repeated[order[1:]] = same
    return repeated


def _characters(data: npt.NDArray[np.uint8], bounds: Indexes) -> Indexes:
    """Code points between bounds: bytes that do not continue a character."""
    counted = np.concatenate(([0], np.cumsum((data & 0xC0) != 0x80)))
    lengths: Indexes = np.diff(counted[bounds])
    return lengths


def _windows(high: Words, low: Words, row: Indexes, place: Indexes) -> tuple[Words, Words, Indexes, Indexes, Indexes]:
    """Keys of every three sentences that follow each other in a document, and the first and last of them."""
    count = max(len(row) - 2, 0)
    keys = [mix_all(mix_all(mix_all(word[:count]) ^ word[1 : count + 1]) ^ word[2 : count + 2]) for word in (high, low)]
    inside = row[:count] == row[2 : count + 2]
    windows = keys[0], keys[1], row[:count], place[:count], place[2 : count + 2]
    return tuple(column[inside] for column in windows)
