"""How much a text repeats itself: the scores of Gopher's repetition rules (Rae et al. 2021, table A1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import pyarrow as pa

from curation.kernels import ngrams, pieces, word_counts
from curation.kernels.unicode_tables import character_classes
from curation.measure.gopher_quality import STOP_WORDS
from curation.measure.ratios import Counts, kernel_text, ratio
from curation.measure.word_counts import remember
from curation.operator import Contract, Operator

__all__ = ["GopherRepetition"]

_LINES = ("gopher_repetition.duplicate_line_fraction", "gopher_repetition.duplicate_line_character_fraction")
_PARAGRAPHS = (
    "gopher_repetition.duplicate_paragraph_fraction",
    "gopher_repetition.duplicate_paragraph_character_fraction",
)
_TOP = {n: f"gopher_repetition.top_{n}_gram_character_fraction" for n in range(2, 5)}
_DUPLICATE = {n: f"gopher_repetition.duplicate_{n}_gram_character_fraction" for n in range(5, 11)}
_COLUMNS = (*_LINES, *_PARAGRAPHS, *_TOP.values(), *_DUPLICATE.values())


@dataclass(frozen=True)
class _Dialect:
    """Arguments of the two kernels, and which of their columns make a score."""

    tokens: int
    counting: int
    longest_of_equals: bool
    spaces: int
    lines: tuple[int, bool, bool, int]
    paragraphs: tuple[int, bool, bool, int] | None
    repeated: tuple[int, int]


_EXTRA = (pieces.EXTRA, pieces.EXTRA_CHARACTERS)
_COPIES = (pieces.COPIES, pieces.COPIES_CHARACTERS)
# Pieces: newlines at a cut, longer runs are one cut, the text is stripped first, which pieces count.
_DIALECTS = {
    "datatrove": _Dialect(
        ngrams.WORDS, ngrams.WALKED, False, 1, (1, True, False, pieces.AS_IS), (2, True, True, pieces.AS_IS), _EXTRA
    ),
    "dolma": _Dialect(ngrams.FIELDS, ngrams.WEIGHTED, False, 0, (1, False, False, pieces.AS_IS), None, _COPIES),
    "dclm": _Dialect(
        ngrams.ALPHANUMERIC_WORDS,
        ngrams.COVERED,
        True,
        0,
        (1, False, False, pieces.STRIPPED),
        (2, False, False, pieces.STRIPPED),
        _COPIES,
    ),
}


class GopherRepetition(Operator):
    """Shares of a text in repeated lines, paragraphs and n-grams, each from 0 (nothing repeats) up.

    The dialects agree on the names and on little else:

    datatrove  lines lie between runs of newlines (a newline at the end is followed by one more, empty, line),
               paragraphs between runs of two or more; every copy after the first is a duplicate; everything is divided
               by the characters of the text. Tokens: Unicode words and punctuation. Duplicate n-grams are found in one
               walk from left to right that jumps over what it has met before.
    dolma      lines end at each newline; every copy of a repeated line is a duplicate, empty lines too; line and
               top n-gram scores are divided by the characters outside whitespace and may exceed 1, duplicate n-grams by
               the characters of all n-grams. Tokens: split at whitespace. There are no paragraph scores.
    dclm       lines and paragraphs (cut at two newlines) are stripped, empty ones do not count; every copy is a
               duplicate; pieces are divided by the characters of pieces, n-grams by the characters of words. Tokens:
               Unicode words that begin with a letter or digit. A most frequent n-gram that occurs once scores 0.

    "Unicode words" are those of `kernels.words`. The original tokenizers are spaCy's (datatrove) and uniseg's (dclm),
    so scores can differ from theirs where words are cut differently: "don't" is one word here, two for spaCy.

    A score is 0 where its denominator is, or where a text has fewer tokens than n.
    """

    contract: ClassVar[Contract] = Contract(
        name="gopher_repetition", version=1, kind="annotate", adds=dict.fromkeys(_COLUMNS, pa.float64())
    )

    dialect: Literal["datatrove", "dolma", "dclm"] = "datatrove"

    def adds(self) -> Mapping[str, pa.DataType]:
        without = _PARAGRAPHS if _DIALECTS[self.dialect].paragraphs is None else ()
        return {name: kind for name, kind in self.contract.adds.items() if name not in without}

    def open(self) -> None:
        character_classes()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        dialect = _DIALECTS[self.dialect]
        data, offsets = kernel_text(batch)
        classes = character_classes()
        how = (dialect.tokens, dialect.counting, dialect.longest_of_equals, dialect.spaces)
        grams, words = ngrams.repeated_ngrams(data, offsets, classes, *how, *word_counts.stop_words(STOP_WORDS))
        if dialect.tokens != ngrams.FIELDS:
            remember((data, offsets), STOP_WORDS, words)
        columns = _ngram_scores(dialect, grams)
        lines = pieces.count_duplicates(data, offsets, classes, *dialect.lines)
        columns |= _piece_scores(dialect, lines, grams, _LINES)
        if dialect.paragraphs is not None:
            paragraphs = pieces.count_duplicates(data, offsets, classes, *dialect.paragraphs)
            columns |= _piece_scores(dialect, paragraphs, grams, _PARAGRAPHS)
        return pa.RecordBatch.from_pydict({name: columns[name] for name in self.adds()})


def _piece_scores(dialect: _Dialect, counts: Counts, grams: Counts, names: tuple[str, str]) -> dict[str, pa.Array]:
    repeated, repeated_characters = dialect.repeated
    characters = {
        ngrams.WALKED: grams[:, ngrams.TEXT_CHARACTERS],
        ngrams.WEIGHTED: grams[:, ngrams.TOKEN_CHARACTERS],
        ngrams.COVERED: counts[:, pieces.CHARACTERS],
    }[dialect.counting]
    return {
        names[0]: ratio(counts[:, repeated], counts[:, pieces.PIECES]),
        names[1]: ratio(counts[:, repeated_characters], characters),
    }


def _ngram_scores(dialect: _Dialect, counts: Counts) -> dict[str, pa.Array]:
    whole = counts[:, ngrams.TEXT_CHARACTERS if dialect.counting == ngrams.WALKED else ngrams.TOKEN_CHARACTERS]
    scores = {name: ratio(counts[:, ngrams.TOP + n], whole) for n, name in _TOP.items()}
    for n, name in _DUPLICATE.items():
        every = counts[:, ngrams.ALL + n] if dialect.counting == ngrams.WEIGHTED else whole
        scores[name] = ratio(counts[:, ngrams.DUPLICATE + n], every)
    return scores
