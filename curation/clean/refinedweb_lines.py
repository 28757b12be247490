"""RefinedWeb's line corrections: shouting, counters, lone words and the remains of page controls."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from curation.clean.edits import edit_columns
from curation.clean.stretches import rewritten
from curation.kernels import refinedweb
from curation.kernels.unicode_tables import character_classes, lower_case
from curation.measure.ratios import kernel_text, ratio
from curation.operator import Contract, Operator

__all__ = ["RefinedWebLines"]

_P = "refinedweb_lines."
_COLUMNS = {
    _P + "lines": refinedweb.LINES,
    _P + "upper_case_lines": refinedweb.UPPER_CASE,
    _P + "number_lines": refinedweb.NUMBERS,
    _P + "counter_lines": refinedweb.COUNTERS,
    _P + "few_words_lines": refinedweb.FEW_WORDS,
    _P + "phrases_removed": refinedweb.PHRASES,
}


class RefinedWebLines(Operator):
    """Lines (at "\\n") are dropped, and counted under the first reason that holds:

    upper_case_lines  more than half of the characters are capitals
    number_lines      all characters are digits (more than 0.999999 of them)
    counter_lines     nothing but a number and what it counts: "3 likes", "1.2k views"
    few_words_lines   fewer than 2 words at white space; empty lines stay

    Then in lines of at most 10 words "items in cart", "Read more..." at the end and "Sign-in" at the beginning are
    taken out, in this order and in any (ASCII) case, with one white space before them ("Sign-in": after); a line that
    held nothing else goes. White space around the page goes too. After DCLM's `dclm_baseline_refinedweb.yaml`, where an
    unescaped pattern lets any three characters stand for the dots of "Read more..."; here they have to be dots.

    `removed_word_ratio` is the share of words (at white space, beginning with a letter or digit) that went, 0 for a
    page without any. Null stays null.
    """

    contract: ClassVar[Contract] = Contract(
        name="refinedweb_lines",
        version=1,
        kind="rewrite",
        adds={
            **edit_columns("refinedweb_lines"),
            **dict.fromkeys(_COLUMNS, pa.int64()),
            _P + "removed_word_ratio": pa.float64(),
        },
    )

    max_upper_case_ratio: float = Field(default=0.5, ge=0)
    max_digit_ratio: float = Field(default=0.999999, ge=0)
    min_words: int = Field(default=2, ge=0)

    def open(self) -> None:
        character_classes()
        lower_case()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        data, offsets = kernel_text(batch)
        classes = character_classes()
        stretches, first, counts = refinedweb.correct_lines(
            data, offsets, classes, lower_case(), self.max_upper_case_ratio, self.max_digit_ratio, self.min_words
        )
        columns = rewritten(self.contract.name, batch, stretches, first)
        after = pa.RecordBatch.from_pydict({"text": columns["text"]})
        words = refinedweb.count_lexical_fields(data, offsets, classes)
        left = refinedweb.count_lexical_fields(*kernel_text(after), classes)
        columns |= {name: pa.array(counts[:, column]) for name, column in _COLUMNS.items()}
        columns[_P + "removed_word_ratio"] = ratio(words - left, words)
        return pa.RecordBatch.from_pydict(columns)
