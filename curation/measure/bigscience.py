"""The filters of the BigScience ROOTS corpus (Laurençon et al. 2022): repetition, special characters, stop words."""

from __future__ import annotations

from typing import ClassVar

import pyarrow as pa
from pydantic import Field

from curation.kernels import bigscience, text
from curation.kernels.unicode_tables import character_classes, lower_case
from curation.measure.ratios import kernel_text, ratio
from curation.operator import Contract, Operator

__all__ = ["BigScience"]

_RATIOS = (
    "bigscience.character_repetition_ratio",
    "bigscience.word_repetition_ratio",
    "bigscience.special_character_ratio",
    "bigscience.stop_word_ratio",
)
# Function words of English. ROOTS has a list of its own for each language, which is longer.
_ENGLISH = """
a about after again all also am an and any are as at be because been before being between both but by can
could did do does doing down during each few for from further had has have having he her here hers him his
how i if in into is it its just may me might more most must my no nor not now of off on once one only or
other our out over own same shall she should so some such than that the their them then there these they
this those through to too under until up upon us very was we were what when where which while who whom whose
why will with would you your
"""


class BigScience(Operator):
    """Four ratios and a number of words.

    bigscience.character_repetition_ratio  of the f distinct n-grams of `character_ngram` characters the most frequent
                                           min(floor(sqrt(f)), number that occur twice): their occurrences to all
    bigscience.word_repetition_ratio       occurrences of n-grams of `word_ngram` words that occur twice, to all
    bigscience.special_character_ratio     characters that are neither letters nor marks, white space among them, to all
    bigscience.stop_word_ratio             words of the list `stop_words`, to words
    bigscience.words                       words: split at white space, in lower case, without special characters at
                                           both ends, not empty

    The original lists special characters one by one (punctuation, digits, white space, emoji and some more) and cuts
    words of some languages with SentencePiece; stop words are compared with a list that is longer than the one here, so
    set `stop_words` where the share matters. A ratio is 0 where there is nothing to divide by.
    """

    contract: ClassVar[Contract] = Contract(
        name="bigscience",
        version=1,
        kind="annotate",
        adds={**dict.fromkeys(_RATIOS, pa.float64()), "bigscience.words": pa.int64()},
    )

    character_ngram: int = Field(default=10, ge=1)
    word_ngram: int = Field(default=5, ge=1)
    stop_words: tuple[str, ...] = tuple(_ENGLISH.split())

    def open(self) -> None:
        character_classes()
        lower_case()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        data, offsets = kernel_text(batch)
        classes = character_classes()
        characters = bigscience.count_repeated_characters(data, offsets, classes, self.character_ngram)
        words = bigscience.count_repeated_words(
            data, offsets, classes, lower_case(), self.word_ngram, text.word_keys(self.stop_words)
        )
        measures = (
            ratio(characters[:, bigscience.TOP_NGRAMS], characters[:, bigscience.NGRAMS]),
            ratio(words[:, bigscience.REPEATED_NGRAMS], words[:, bigscience.WORD_NGRAMS]),
            ratio(characters[:, bigscience.SPECIAL], characters[:, bigscience.CHARACTERS]),
            ratio(words[:, bigscience.STOP_WORDS], words[:, bigscience.WORDS]),
        )
        columns = dict(zip(_RATIOS, measures, strict=True))
        columns["bigscience.words"] = pa.array(words[:, bigscience.WORDS])
        return pa.RecordBatch.from_pydict(columns)
