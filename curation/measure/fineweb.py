"""FineWeb's own quality scores (Penedo et al. 2024, section 3.6): list-like and menu-like pages."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.kernels import lines, pieces, word_counts
from curation.kernels.unicode_tables import character_classes
from curation.measure.ratios import kernel_text, ratio
from curation.measure.word_counts import count_words
from curation.operator import Contract, Operator

__all__ = ["FineWeb"]

_NAMES = (
    "fineweb.end_mark_line_ratio",
    "fineweb.duplicate_line_character_ratio",
    "fineweb.short_line_ratio",
    "fineweb.newline_ratio",
)
# Marks that a line may end with (none: Unicode's sentence terminators), and whether blank lines are left out.
_DIALECTS = {"2024-04": (".'\"!?", False), "2024-12": ("", True)}


class FineWeb(Operator):
    """Four ratios over the lines of a text, which end at "\\n" alone and are not stripped.

    fineweb.end_mark_line_ratio             lines that end with an end mark, to lines
    fineweb.short_line_ratio                lines of at most `short_line_characters`, to lines
    fineweb.duplicate_line_character_ratio  characters in copies of a line (after the first; blank lines never count),
                                            to characters that are no newline
    fineweb.newline_ratio                   newlines, to words

    2024-04  as the dataset was made: end marks . ' " ! ? and blank lines count as lines.
    2024-12  datatrove since then: end marks are Unicode's sentence terminators (here the 163 characters that have the
             property Sentence_Terminal in Unicode 15, there a list of 159), blank lines are left out.

    Words are Unicode words and punctuation (`kernels.words`; the originals: NLTK's, then spaCy's tokens). A ratio is 0
    where there is nothing to divide by.
    """

    contract: ClassVar[Contract] = Contract(
        name="fineweb", version=1, kind="annotate", adds=dict.fromkeys(_NAMES, pa.float64())
    )

    dialect: Literal["2024-04", "2024-12"] = "2024-12"
    short_line_characters: int = Field(default=30, ge=0)

    def open(self) -> None:
        character_classes()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        data, offsets = kernel_text(batch)
        classes = character_classes()
        marks, filled_only = _DIALECTS[self.dialect]
        points = np.array([ord(mark) for mark in marks], np.int64)
        ends = lines.count_line_ends(data, offsets, classes, points, filled_only, self.short_line_characters)
        copies = pieces.count_duplicates(data, offsets, classes, 1, False, False, pieces.FILLED)
        measures = (
            ratio(ends[:, lines.MARKED_LINES], ends[:, lines.END_LINES]),
            ratio(copies[:, pieces.EXTRA_CHARACTERS], ends[:, lines.LINE_CHARACTERS]),
            ratio(ends[:, lines.SHORT_LINES], ends[:, lines.END_LINES]),
            ratio(ends[:, lines.NEWLINES], count_words((data, offsets))[:, word_counts.TOKENS]),
        )
        return pa.RecordBatch.from_pydict(dict(zip(_NAMES, measures, strict=True)))
