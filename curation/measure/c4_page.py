"""What C4's page rules look at, measured on a text as it stands and without touching it."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from curation.kernels import c4
from curation.kernels.unicode_tables import character_classes
from curation.measure.ratios import kernel_text
from curation.operator import Contract, Operator

__all__ = ["C4Page"]

_COLUMNS = {
    "c4_page.lines": c4.PAGE_LINES,
    "c4_page.long_lines": c4.PAGE_LONG_LINES,
    "c4_page.sentences": c4.PAGE_SENTENCES,
    "c4_page.lorem_ipsum_lines": c4.PAGE_LOREM,
    "c4_page.curly_bracket_lines": c4.PAGE_CURLY,
    "c4_page.javascript_lines": c4.PAGE_JAVASCRIPT,
    "c4_page.policy_lines": c4.PAGE_POLICY,
    "c4_page.longest_word": c4.PAGE_WORD,
}


class C4Page(Operator):
    """Lines (of `str.splitlines`), how many of them have at least `long_line_characters` (mC4 asks for three of 200),
    hold "lorem ipsum", "{", "javascript" or a policy phrase; sentences; and the longest word in characters.

    `c4_lines` counts the same phrases as C4 does, on lines that passed the rules before; this operator counts every
    line.
    """

    contract: ClassVar[Contract] = Contract(
        name="c4_page", version=2, kind="annotate", adds=dict.fromkeys(_COLUMNS, pa.int64())
    )

    long_line_characters: int = Field(default=200, ge=0)

    def open(self) -> None:
        character_classes()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        counts = c4.count_page(*kernel_text(batch), character_classes(), self.long_line_characters)
        return pa.RecordBatch.from_pydict({name: pa.array(counts[:, column]) for name, column in _COLUMNS.items()})
