"""Repeated passages: runs of at least `min_tokens` equal words anywhere in the corpus; one copy stays.

    anchors(batch)          a sample of n-grams such that no two copies of a run note none in common
    runs(batch, places)     128-bit keys of the runs around anchors that occur more than once in the corpus
    lost(...)               of all runs with one key, all but one (curation.dedup.lines.lost)
    rewrite(batch, starts)  the texts without the lines or sentences that lie wholly within lost runs

Each step sees one batch; between them only keys travel, a few for every hundred words. Words are compared normalized.
Which copy stays is drawn by a hash of the document id, so documents that share a passage agree on who keeps all of it.
`repeats` does all steps for documents in memory and verifies every run on its bytes.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.dedup.grouping import GroupingContract, Identified
from curation.dedup.lines import lost
from curation.dedup.ranges import removed_characters, too_short, without_ranges
from curation.kernels.hashing import hash_ranges
from curation.kernels.normalize import Rules, normalize, normalize_traced, widths
from curation.kernels.passages import anchors, equal_runs, run_keys, runs_at
from curation.kernels.runs import occurs_again, sorted_unique
from curation.kernels.shingles import TokenTable, token_table
from curation.schema import text_buffers

__all__ = ["RepeatedPassages"]

Words = npt.NDArray[np.uint64]
Indexes = npt.NDArray[np.int64]


class RepeatedPassages(Identified):
    """Runs are token by token equal; what goes are whole spans of `unit` that lie within, so no word is ever cut.

    Documents that lost something and have fewer than `min_left` characters left are dropped.
    """

    contract: ClassVar[GroupingContract] = GroupingContract(name="substring", version=2)
    method: ClassVar[Literal["equal", "linked", "units", "passages"]] = "passages"

    min_tokens: int = Field(50, ge=8)
    min_left: int = Field(1, ge=0)
    unit: Literal["line", "paragraph", "sentence"] = "sentence"
    fold_case: bool = True
    strip_marks: bool = True
    spell_digits: bool = False
    drop_symbols: bool = True

    def anchors(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """`key` (uint64), `row` (int32) and `place` (int32), the token of the document at which the anchor begins."""
        table = self._tokens(batch)
        keys, places = anchors(table.hashes, table.offsets, self.min_tokens)
        row = np.searchsorted(table.offsets, places, side="right") - 1
        columns = [pa.array(keys), *_small(row, places - table.offsets[row])]
        return pa.RecordBatch.from_arrays(columns, ["key", "row", "place"])

    def runs(self, batch: pa.RecordBatch, row: Indexes, place: Indexes) -> pa.RecordBatch:
        """Of repeated anchors: `key_hi`, `key_lo`, `owner` (uint64), `row`, `start` (int32), the run's first token."""
        table = self._tokens(batch)
        starts = runs_at(table.offsets[row] + place, table.offsets, self.min_tokens)
        high, low = run_keys(table.hashes, starts, self.min_tokens)
        row = np.searchsorted(table.offsets, starts, side="right") - 1
        data, offsets = text_buffers(batch.column("id"))
        owner = hash_ranges(data, offsets[:-1], offsets[1:])[row]
        columns = [pa.array(high), pa.array(low), pa.array(owner), *_small(row, starts - table.offsets[row])]
        return pa.RecordBatch.from_arrays(columns, ["key_hi", "key_lo", "owner", "row", "start"])

    def too_short(self, text: pa.Array) -> npt.NDArray[np.bool_]:
        """True for texts of which too little is left."""
        return too_short(text, self.min_left)

    def rewrite(self, batch: pa.RecordBatch, row: Indexes, start: Indexes) -> pa.RecordBatch:
        """`text` without spans within lost runs, `removed_spans` (int32), `removed_characters` (int64)."""
        row, first, last = self.ranges(batch, row, start)
        text, spans = without_ranges(batch.column("text"), row, first, last, self.unit, "inside")
        columns = [text, pa.array(spans.astype(np.int32)), removed_characters(batch.column("text"), text)]
        return pa.RecordBatch.from_arrays(columns, ["text", "removed_spans", "removed_characters"])

    def ranges(self, batch: pa.RecordBatch, row: Indexes, start: Indexes) -> tuple[Indexes, Indexes, Indexes]:
        """Row, first byte and byte after the end of maximal lost passages, with the punctuation and space around."""
        data, offsets = text_buffers(batch.column("text"))
        normal, normal_offsets, sources = normalize_traced(data, offsets, self._rules)
        table = token_table(normal, normal_offsets, "auto")
        begin, end = _merged(sorted_unique(table.offsets[row] + start), table.offsets, self.min_tokens)
        text = np.searchsorted(table.offsets, begin, side="right") - 1
        at_start, at_end = begin == table.offsets[text], end == table.offsets[text + 1]
        first, last = offsets[text], offsets[text + 1]
        before = sources[table.ends[begin[~at_start] - 1] - 1]
        first[~at_start] = before + widths(data[before])
        last[~at_end] = sources[table.starts[end[~at_end]]]
        return text, first - offsets[text], last - offsets[text]

    def repeats(self, batch: pa.RecordBatch) -> tuple[Indexes, Indexes]:
        """Row and first token of every lost run among the documents of one batch, verified on the bytes."""
        noted = self.anchors(batch)
        key, row, place = (column.to_numpy() for column in noted.columns)
        twice = occurs_again(key)
        runs = self.runs(batch, row[twice].astype(np.int64), place[twice].astype(np.int64))
        high, low, owner, row, start = (column.to_numpy() for column in runs.columns)
        gone = lost(high, low, owner, row.astype(np.int64), start)
        return self._verified(batch, high, low, gone, row.astype(np.int64), start.astype(np.int64))

    def _verified(
        self, batch: pa.RecordBatch, high: Words, low: Words, gone: npt.NDArray[np.bool_], row: Indexes, start: Indexes
    ) -> tuple[Indexes, Indexes]:
        """Lost runs whose bytes equal those of the run that stays."""
        data, offsets = normalize(*text_buffers(batch.column("text")), self._rules)
        table = token_table(data, offsets, "auto")
        order = np.lexsort((gone, low, high))
        stays = np.maximum.accumulate(np.where(gone[order], -1, np.arange(len(order))))
        keeper = np.empty(len(order), np.int64)
        keeper[order] = order[stays]
        runs = table.offsets[row] + start
        same = equal_runs(data, table.starts, table.ends, runs[gone], runs[keeper[gone]], self.min_tokens)
        return row[gone][same], start[gone][same]

    @property
    def _rules(self) -> Rules:
        return Rules(self.fold_case, self.strip_marks, self.spell_digits, self.drop_symbols)

    def _tokens(self, batch: pa.RecordBatch) -> TokenTable:
        return token_table(*normalize(*text_buffers(batch.column("text")), self._rules), "auto")


def _small(*columns: Indexes) -> list[pa.Array]:
    return [pa.array(column.astype(np.int32)) for column in columns]


def _merged(starts: Indexes, offsets: Indexes, length: int) -> tuple[Indexes, Indexes]:
    """Begin and end of the unions of overlapping or touching runs, within one text each."""
    if not len(starts):
        return starts, starts
    text = np.searchsorted(offsets, starts, side="right") - 1
    new = np.concatenate(([True], (starts[1:] > starts[:-1] + length) | (text[1:] != text[:-1])))
    last = np.concatenate((np.flatnonzero(new)[1:] - 1, [len(starts) - 1]))
    return starts[new], starts[last] + length
