"""C4's line edits (Raffel et al. 2020): only lines that look like sentences stay."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa

from curation.clean.edits import edit_columns
from curation.clean.stretches import rewritten
from curation.kernels import c4
from curation.kernels.unicode_tables import character_classes
from curation.kernels.utf8 import count_all_characters
from curation.measure.ratios import kernel_text
from curation.operator import Contract, Operator

__all__ = ["C4Lines"]

_P = "c4_lines."
_COLUMNS = {
    _P + "lines": c4.LINES,
    _P + "lines_kept": c4.KEPT,
    _P + "long_word_lines": c4.LONG_WORD,
    _P + "no_end_mark_lines": c4.NO_END_MARK,
    _P + "few_words_lines": c4.FEW_WORDS,
    _P + "javascript_lines": c4.JAVASCRIPT_LINES,
    _P + "policy_lines": c4.POLICY_LINES,
    _P + "lorem_ipsum": c4.LOREM_IPSUM,
    _P + "curly_bracket": c4.CURLY_BRACKET,
    _P + "sentences": c4.SENTENCES,
    _P + "citations_removed": c4.CITATIONS,
}
# Bytes a line may end with, words a line must have, whether these are counted before citations are taken out.
_DIALECTS = {"tfds": (b'.?!"', 5, False), "paper": (b".?!\"'", 3, True)}


class C4Lines(Operator):
    """Lines stripped of white space, without citations, and dropped unless they pass every rule in turn:

    long_word_lines    a word (at white space) has more than 1,000 characters
    citations_removed  matches of [12], [], [edit] and [citation needed], taken out of lines that stay
    no_end_mark_lines  the line ends with none of . ? ! " or ends with ... (`end_marks=False`: any line may stay)
    few_words_lines    it has fewer than 5 words
    javascript_lines   "javascript" occurs, in any case
    policy_lines       one of: terms of use, privacy policy, cookie policy, uses cookies, use of cookies, use cookies

    Two things condemn the page, if a line that got so far holds them: `lorem_ipsum` (looked for before "javascript")
    and `curly_bracket` ("{", after it). Such lines are counted and stay; a rule decides. `sentences` are those of the
    kept lines, `characters` those of the page before. What stays is joined by newlines.

    tfds   the code that made C4 (tensorflow_datasets): 5 words, counted without citations.
    paper  3 words as in the paper, counted with citations, and ' ends a line too: datatrove and data-prep-kit.

    Sentences are those of `kernels.sentences`; the originals use NLTK's Punkt model. The duplicate lines of a whole
    corpus are another step.
    """

    contract: ClassVar[Contract] = Contract(
        name="c4_lines",
        version=2,
        kind="rewrite",
        adds={
            **edit_columns("c4_lines"),
            **dict.fromkeys((*_COLUMNS, _P + "characters"), pa.int64()),
        },
    )

    dialect: Literal["tfds", "paper"] = "tfds"
    end_marks: bool = True
    max_word_characters: int = 1000

    def open(self) -> None:
        character_classes()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        data, offsets = kernel_text(batch)
        marks, words, words_first = _DIALECTS[self.dialect]
        ends = np.frombuffer(marks if self.end_marks else b"", np.uint8)
        stretches, first, counts = c4.keep_lines(
            data, offsets, character_classes(), self.max_word_characters, ends, words_first, words
        )
        columns = rewritten(self.contract.name, batch, stretches, first)
        columns |= {name: pa.array(counts[:, column]) for name, column in _COLUMNS.items()}
        columns[_P + "characters"] = pa.array(count_all_characters(data, offsets))
        return pa.RecordBatch.from_pydict(columns)
