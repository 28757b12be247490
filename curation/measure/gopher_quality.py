"""Does a text look like prose: the scores of Gopher's quality rules (Rae et al. 2021, appendix A.1.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation import fineweb2
from curation.kernels import lines, sentences, text, word_counts
from curation.kernels.unicode_tables import character_classes, lower_case
from curation.measure.ratios import Counts, kernel_text, ratio
from curation.measure.word_counts import count_words
from curation.operator import Contract, Operator

__all__ = ["STOP_WORDS", "GopherQuality"]

_P = "gopher_quality."
_COUNTS = (_P + "words", _P + "stop_words")
_RATIOS = (
    _P + "word_length",
    _P + "symbol_ratio",
    _P + "hash_ratio",
    _P + "ellipsis_ratio",
    _P + "bullet_line_ratio",
    _P + "ellipsis_line_ratio",
    _P + "alphabetic_word_ratio",
)
STOP_WORDS = ("the", "be", "to", "of", "and", "that", "have", "with")
_CURATOR_BULLETS = "•‣⁃⁌⁍∙○●◘◦⦾⦿"
_CURATOR_ENDINGS = ("...", "…", "[...]", "[…]", "(...)", "-»", "read more", "read more..")
_LANGUAGE = "language.label"
_Text = tuple[np.ndarray, np.ndarray]


class GopherQuality(Operator):
    """Words, their length and kind, symbols, and how lines begin and end.

    gopher_quality.words                  number of words
    gopher_quality.word_length            their mean length in characters (dolma: the median)
    gopher_quality.hash_ratio             "#" to words (datatrove)
    gopher_quality.ellipsis_ratio         "..." and "…" to words (datatrove)
    gopher_quality.symbol_ratio           both in one (dolma: words that hold "#" or "…"; dclm: occurrences of "#",
                                          "...", ". . .", "…"; curator: words that are an ellipsis or mostly "#")
    gopher_quality.bullet_line_ratio      lines that begin with a bullet (datatrove: • -; dolma: * -; dclm: ● • * -)
    gopher_quality.ellipsis_line_ratio    lines that end with an ellipsis (datatrove: ... …; dolma: …; dclm: also . . .)
    gopher_quality.alphabetic_word_ratio  words with at least one letter
    gopher_quality.stop_words             datatrove: how many distinct ones occur; dolma: occurrences; dclm: occurrences
                                          in any case

    What a word and a line is:

    datatrove  Unicode words and punctuation (`kernels.words`; the original takes spaCy's or NLTK's tokens). Number and
               length leave out tokens of punctuation only, the ratios are over all tokens. Lines as `str.splitlines`,
               looked at without the whitespace around them, empty ones included.
    dolma      words split at whitespace, lines at each newline and looked at as they are.
    dclm       words split at whitespace, except for their number: Unicode words that begin with a letter or digit (the
               original: uniseg). Lines are stripped, empty ones do not count.
    curator    words split at whitespace, stop words as for dolma. Sentences (`kernels.sentences`; the original has its
               own splitter) stand for lines: with a bullet • ‣ ⁃ ⁌ ⁍ ∙ ○ ● ◘ ◦ ⦾ ⦿ first, or with ... … [...] […] (...)
               -» "read more" or "read more.." last, in any case.

    What the original of `datatrove` (0.10.1, spaCy) cuts otherwise: marks of punctuation are tokens there as here, and
    ratios are over words and marks; but "don't" and "it's" are two tokens, and so is French "l'homme", "U.S." is one,
    and a stretch of Chinese without marks is one where here each character is.

    Ratios are 0 where there are no words or lines. `stop_words` are compared as a whole word. With
    `stop_words_by_language` (a list for each value of `language.label`, or `fineweb2` for those of FineWeb-2) a
    document is compared with the list of its language, and where there is none stop_words is null.
    """

    contract: ClassVar[Contract] = Contract(
        name="gopher_quality",
        version=2,
        kind="annotate",
        adds=dict.fromkeys(_COUNTS, pa.int64()) | dict.fromkeys(_RATIOS, pa.float64()),
    )

    dialect: Literal["datatrove", "dolma", "dclm", "curator"] = "datatrove"
    stop_words: tuple[str, ...] = STOP_WORDS
    stop_words_by_language: Literal["fineweb2"] | dict[str, tuple[str, ...]] | None = None

    def needs(self) -> tuple[str, ...]:
        return () if self.stop_words_by_language is None else (_LANGUAGE,)

    def adds(self) -> Mapping[str, pa.DataType]:
        separate = (_P + "hash_ratio", _P + "ellipsis_ratio")
        without = (_P + "symbol_ratio",) if self.dialect == "datatrove" else separate
        return {name: kind for name, kind in self.contract.adds.items() if name not in without}

    def open(self) -> None:
        character_classes()
        lower_case()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        if self.stop_words_by_language is None:
            return self._measured(batch, self.stop_words)
        return self._by_language(batch, self._lists(self.stop_words_by_language))

    def _measured(self, batch: pa.RecordBatch, stop_words: tuple[str, ...]) -> pa.RecordBatch:
        measures = _DIALECTS[self.dialect](kernel_text(batch), stop_words)
        return pa.RecordBatch.from_pydict({name: measures[name] for name in self.adds()})

    def _lists(self, given: str | dict[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        """FineWeb-2 has no English; Gopher's words, the default of `stop_words`, are English."""
        return {"en": self.stop_words, **fineweb2.stop_words()} if isinstance(given, str) else given

    def _by_language(self, batch: pa.RecordBatch, lists: dict[str, tuple[str, ...]]) -> pa.RecordBatch:
        """Documents of one language at a time, put back into their order."""
        places = pc.index_in(batch.column(_LANGUAGE), value_set=pa.array(lists, batch.column(_LANGUAGE).type))
        numbers = places.fill_null(len(lists)).to_numpy(zero_copy_only=False)
        order = np.argsort(numbers, kind="stable")
        parts = []
        for number in np.unique(numbers):
            rows = order[numbers[order] == number]
            part = self._measured(batch.take(pa.array(rows)), [*lists.values(), ()][number])
            parts.append(part if number < len(lists) else _without_stop_words(part))
        if not parts:
            return self._measured(batch, ())
        return pa.concat_batches(parts).take(pa.array(np.argsort(order, kind="stable")))


def _without_stop_words(measured: pa.RecordBatch) -> pa.RecordBatch:
    at = measured.schema.get_field_index(_P + "stop_words")
    return measured.set_column(at, _P + "stop_words", pa.nulls(measured.num_rows, pa.int64()))


def _datatrove(buffers: _Text, stop_words: tuple[str, ...]) -> dict[str, pa.Array]:
    words, symbols = count_words(buffers, stop_words), text.count_symbols(*buffers)
    tokens = words[:, word_counts.TOKENS]
    return {
        _P + "words": pa.array(words[:, word_counts.WORDS]),
        _P + "word_length": ratio(words[:, word_counts.WORD_CHARACTERS], words[:, word_counts.WORDS]),
        _P + "hash_ratio": ratio(symbols[:, text.HASHES], tokens),
        _P + "ellipsis_ratio": ratio(symbols[:, text.THREE_DOTS] + symbols[:, text.ELLIPSES], tokens),
        _P + "alphabetic_word_ratio": ratio(words[:, word_counts.ALPHABETIC_TOKENS], tokens),
        _P + "stop_words": pa.array(words[:, word_counts.DISTINCT_STOP_WORDS]),
        **_line_ratios(buffers, True, True, "•-", lines.DOTS | lines.ELLIPSIS, lines.LINES),
    }


def _dolma(buffers: _Text, stop_words: tuple[str, ...]) -> dict[str, pa.Array]:
    fields = _fields(buffers, stop_words)
    count = fields[:, text.FIELDS]
    return {
        _P + "words": pa.array(count),
        _P + "word_length": pa.array(fields[:, text.MEDIAN_TWICE] / 2),
        _P + "symbol_ratio": ratio(fields[:, text.SYMBOL_FIELDS], count),
        _P + "alphabetic_word_ratio": ratio(fields[:, text.ALPHABETIC_FIELDS], count),
        _P + "stop_words": pa.array(fields[:, text.STOP_WORDS]),
        **_line_ratios(buffers, False, False, "*-", lines.ELLIPSIS, lines.LINES),
    }


def _dclm(buffers: _Text, stop_words: tuple[str, ...]) -> dict[str, pa.Array]:
    words, fields = count_words(buffers, stop_words), _fields(buffers, stop_words)
    symbols = text.count_symbols(*buffers).sum(axis=1)
    count = fields[:, text.FIELDS]
    marks = lines.DOTS | lines.SPACED_DOTS | lines.ELLIPSIS
    return {
        _P + "words": pa.array(words[:, word_counts.ALPHANUMERIC_TOKENS]),
        _P + "word_length": ratio(fields[:, text.FIELD_CHARACTERS], count),
        _P + "symbol_ratio": ratio(symbols, count),
        _P + "alphabetic_word_ratio": ratio(fields[:, text.ALPHABETIC_FIELDS], count),
        _P + "stop_words": pa.array(fields[:, text.STOP_WORDS_ANY_CASE]),
        **_line_ratios(buffers, False, True, "●•*-", marks, lines.FILLED_LINES),
    }


def _curator(buffers: _Text, stop_words: tuple[str, ...]) -> dict[str, pa.Array]:
    fields = _fields(buffers, stop_words)
    count = fields[:, text.FIELDS]
    bullets = np.array([ord(bullet) for bullet in _CURATOR_BULLETS], np.int64)
    endings = [ending.encode() for ending in _CURATOR_ENDINGS]
    joined, offsets = np.frombuffer(b"".join(endings), np.uint8), np.cumsum([0, *map(len, endings)])
    marks = sentences.count_sentence_marks(*buffers, character_classes(), bullets, joined, offsets)
    return {
        _P + "words": pa.array(count),
        _P + "word_length": ratio(fields[:, text.FIELD_CHARACTERS], count),
        _P + "symbol_ratio": ratio(fields[:, text.ONLY_SYMBOL_FIELDS], count),
        _P + "alphabetic_word_ratio": ratio(fields[:, text.ALPHABETIC_FIELDS], count),
        _P + "stop_words": pa.array(fields[:, text.STOP_WORDS]),
        _P + "bullet_line_ratio": ratio(marks[:, sentences.BULLET_SENTENCES], marks[:, sentences.SENTENCES]),
        _P + "ellipsis_line_ratio": ratio(marks[:, sentences.ELLIPSIS_SENTENCES], marks[:, sentences.SENTENCES]),
    }


_DIALECTS: dict[str, Callable[[_Text, tuple[str, ...]], dict[str, pa.Array]]] = {
    "datatrove": _datatrove,
    "dolma": _dolma,
    "dclm": _dclm,
    "curator": _curator,
}


def _fields(buffers: _Text, stop_words: tuple[str, ...]) -> Counts:
    counts: Counts = text.count_fields(
        *buffers, character_classes(), lower_case(), text.word_keys(stop_words), max(map(len, stop_words), default=0)
    )
    return counts


def _line_ratios(
    buffers: _Text, every_break: bool, stripped: bool, bullets: str, marks: int, column: int
) -> dict[str, pa.Array]:
    points = np.array([ord(bullet) for bullet in bullets], np.int64)
    counts = lines.count_line_marks(*buffers, character_classes(), every_break, stripped, points, marks)
    return {
        _P + "bullet_line_ratio": ratio(counts[:, lines.BULLET_LINES], counts[:, column]),
        _P + "ellipsis_line_ratio": ratio(counts[:, lines.ELLIPSIS_LINES], counts[:, column]),
    }
