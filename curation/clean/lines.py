"""Lines made tidy: no trailing space, few blank lines, no line twice in a row, no menus and notices.

Lines are divided by LF alone, so run `normalize_unicode` first where other line ends occur.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.clean.boilerplate import boilerplate_kind, may_hold_boilerplate
from curation.clean.edits import Edit, edit_columns, rewrite
from curation.clean.line_spans import Span, line_spans, merge_touching, without_lines
from curation.kernels.hashing import frozen
from curation.kernels.line_faults import OFF, find_line_faults
from curation.operator import Contract, Operator
from curation.schema import text_buffers

__all__ = ["CleanLines"]

_SPACE = " \t\n\v\f\r"


class CleanLines(Operator):
    """Trailing space, blank lines, repeats and boilerplate, in this order of meaning:

    `trailing_space`: white space (ASCII) at the end of a line goes; a line of nothing else is blank.
    `boilerplate`: lines go that `curation.clean.boilerplate` calls navigation, notice or counter.
    `max_repeats`: of equal lines in a row this many stay, when the line holds a letter or digit (rulers may repeat).
    `max_blank_lines`: of blank lines in a row this many stay.
    Repeats and blank lines are counted over the lines that stay. `lines_removed` counts whole lines.
    """

    contract: ClassVar[Contract] = Contract(
        "clean_lines", 1, "rewrite", adds={**edit_columns("clean_lines"), "clean_lines.lines_removed": pa.int64()}
    )

    trailing_space: bool = True
    max_blank_lines: int | None = Field(default=1, ge=0)
    boilerplate: bool = True
    max_repeats: int | None = Field(default=1, ge=1)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column("text")
        removed = np.zeros(batch.num_rows, np.int64)

        def find(row: int, text: str) -> list[Edit]:
            spans, dropped = self._choose(text)
            removed[row] = len(dropped)
            trailing = [(end, full, "") for end, full in self._trailing(text, spans, dropped)]
            return merge_touching(trailing + without_lines(line_spans(text), dropped))

        answer = rewrite(self.contract.name, column, np.flatnonzero(self._needs(column)), find)
        return pa.RecordBatch.from_pydict(answer | {"clean_lines.lines_removed": pa.array(removed)})

    def _needs(self, column: pa.Array) -> npt.NDArray[np.bool_]:
        data, offsets = text_buffers(column)
        limits = [OFF if limit is None else limit for limit in (self.max_blank_lines, self.max_repeats)]
        needs: npt.NDArray[np.bool_] = find_line_faults(frozen(data), frozen(offsets), self.trailing_space, *limits)
        return needs | may_hold_boilerplate(column) if self.boilerplate else needs

    def _choose(self, text: str) -> tuple[list[Span], set[int]]:
        """Lines without what trails, and the numbers of those that go."""
        spans = line_spans(text)
        if self.trailing_space:
            spans = [(start, start + len(text[start:end].rstrip(_SPACE))) for start, end in spans]
        dropped: set[int] = set()
        last, copies, blank = "", 0, 0
        for number, (start, end) in enumerate(spans):
            line = text[start:end]
            if self.boilerplate and boilerplate_kind(line) is not None:
                dropped.add(number)
                continue
            copies, blank, last = copies + 1 if line == last else 1, blank + 1 if not line else 0, line
            if self._too_many(line, copies, blank):
                dropped.add(number)
        return spans, dropped

    def _too_many(self, line: str, copies: int, blank: int) -> bool:
        if not line:
            return self.max_blank_lines is not None and blank > self.max_blank_lines
        return self.max_repeats is not None and copies > self.max_repeats and _has_word(line)

    def _trailing(self, text: str, spans: Sequence[Span], dropped: set[int]) -> list[Span]:
        full = line_spans(text)
        return [
            (end, whole_end)
            for number, ((_, end), (_, whole_end)) in enumerate(zip(spans, full, strict=True))
            if end < whole_end and number not in dropped
        ]


def _has_word(line: str) -> bool:
    return any(not character.isascii() or character.isalnum() for character in line)
