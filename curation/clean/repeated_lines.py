"""Repeats that stand next to each other, taken out but for the first copy: blocks of lines, loops of words, long runs
of one character. Templates gone wrong, pages pasted twice and what language models stutter.

Repeats apart from each other are the business of the repetition scores and of line dedup.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.clean.edits import Edit, apply_edits, compose, edit_columns, rewrite
from curation.clean.line_spans import merge_touching
from curation.kernels.adjacent_repeats import character_runs, find_repetitive, line_hashes, token_places
from curation.kernels.hashing import frozen
from curation.kernels.unicode_tables import character_classes
from curation.operator import Contract, Operator
from curation.schema import text_buffers

__all__ = ["RemoveRepeatedLines", "tandem_repeats"]

Numbers = npt.NDArray[np.int64]


class RemoveRepeatedLines(Operator):
    """Three parts, each off at None, one after the other:

    `max_block_lines`: where a block of up to so many lines (blank ones and space at line ends left out) comes again at
    once, and when the text is one block twice, the copies go.
    `max_loop_words`: where up to so many tokens come again at once `min_loop_copies` times or more, the copies go.
    Both only where that takes out `min_repeat_bytes` or more.
    `max_character_run`: of one character in a row so many stay. `lines_removed` counts lines of the first part.
    """

    contract: ClassVar[Contract] = Contract(
        "remove_repeated_lines",
        1,
        "rewrite",
        adds={**edit_columns("remove_repeated_lines"), "remove_repeated_lines.lines_removed": pa.int64()},
    )

    max_block_lines: int | None = Field(default=16, ge=1, le=1000)
    min_repeat_bytes: int = Field(default=30, ge=1)
    max_loop_words: int | None = Field(default=16, ge=1, le=64)
    min_loop_copies: int = Field(default=5, ge=1)
    max_character_run: int | None = Field(default=100, ge=1)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column("text")
        removed = np.zeros(batch.num_rows, np.int64)

        def find(row: int, text: str) -> list[Edit]:
            edits: list[Edit] = []
            if self.max_block_lines is not None:
                edits, removed[row] = self._blocks(text, self.max_block_lines)
            if self.max_loop_words is not None:
                edits = compose(text, edits, self._loops(apply_edits(text, edits), self.max_loop_words))
            if self.max_character_run is not None:
                edits = compose(text, edits, _runs(apply_edits(text, edits), self.max_character_run))
            return edits

        answer = rewrite(self.contract.name, column, np.flatnonzero(self._needs(column)), find)
        return pa.RecordBatch.from_pydict(answer | {"remove_repeated_lines.lines_removed": pa.array(removed)})

    def _needs(self, column: pa.Array) -> npt.NDArray[np.bool_]:
        data, offsets = text_buffers(column)
        lines, words, run = (
            limit or 0 for limit in (self.max_block_lines, self.max_loop_words, self.max_character_run)
        )
        limits = (lines, self.min_repeat_bytes, words, self.min_loop_copies, run)
        return np.asarray(find_repetitive(frozen(data), frozen(offsets), character_classes(), *limits))

    def _blocks(self, text: str, max_block_lines: int) -> tuple[list[Edit], int]:
        """Edits that take out copies of blocks and what stands between them and the line before; how many lines."""
        data = np.frombuffer(text.encode(), np.uint8)
        hashes, starts, stops = line_hashes(data, 0, len(data))
        kept = np.arange(len(hashes))
        for period in [*range(1, max_block_lines + 1), -1]:
            block = len(kept) // 2 if period < 0 else period
            stays = np.ones(len(kept), np.bool_)
            for first, last in tandem_repeats(hashes[kept], block, 1):
                lines = kept[first:last]
                if (stops[lines] - starts[lines]).sum() >= self.min_repeat_bytes and (period > 0 or last == len(kept)):
                    stays[first:last] = False
            kept = kept[stays]
        gone = np.setdiff1d(np.arange(len(hashes)), kept)
        return _taken_out(data, [(stops[k - 1], stops[k]) for k in gone]), len(gone)

    def _loops(self, text: str, max_loop_words: int) -> list[Edit]:
        data = np.frombuffer(text.encode(), np.uint8)
        hashes, _, stops = token_places(data, 0, len(data), character_classes())
        spans = [
            (stops[first - 1], stops[last - 1])
            for period in range(1, max_loop_words + 1)
            for first, last in tandem_repeats(hashes, period, self.min_loop_copies)
        ]
        return _taken_out(data, [span for span in spans if span[1] - span[0] >= self.min_repeat_bytes])


def tandem_repeats(elements: npt.NDArray[np.uint64], period: int, copies: int) -> list[tuple[int, int]]:
    """[first, last) of further copies of a block of `period` elements, where at least `copies` whole ones follow it."""
    if period < 1 or len(elements) < 2 * period:
        return []
    same = np.concatenate([[False], elements[period:] == elements[:-period], [False]])
    first, last = np.flatnonzero(same[1:] != same[:-1]).reshape(-1, 2).T
    whole = (last - first) // period
    enough = whole >= copies
    starts = first[enough] + period
    return list(zip(starts.tolist(), (starts + whole[enough] * period).tolist(), strict=True))


def _taken_out(data: npt.NDArray[np.uint8], spans: list[tuple[int, int]]) -> list[Edit]:
    """Deletions of byte spans, as edits in characters."""
    edits: list[Edit] = []
    position = characters = 0
    for first, last, _ in merge_touching((int(first), int(last), "") for first, last in spans):
        start = characters + _characters(data[position:first])
        position, characters = last, start + _characters(data[first:last])
        edits.append((start, characters, ""))
    return edits


def _characters(data: npt.NDArray[np.uint8]) -> int:
    return int(np.count_nonzero((data & 0xC0) != 0x80))


def _runs(text: str, limit: int) -> list[Edit]:
    data = np.frombuffer(text.encode(), np.uint8)
    return [(int(start) + limit, int(end), "") for start, end in character_runs(data, 0, len(data), limit)]
