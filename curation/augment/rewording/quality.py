"""Which answers of a model are good enough to be a document."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field

from curation.measure.language import Language
from curation.schema import TEXT

__all__ = ["Quality"]

_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+")
_GRAM = 4
# Below this, the language of a text is not known well enough to compare.
_SURE = 0.65


class Quality(BaseModel):
    """Bounds of an answer beside its original; null means off. Every reason is counted.

    length      characters of the answer / characters of the original: too_short, too_long
    similarity  distinct words in both / distinct words in either: too_different, too_similar
    repetition  share of 4-grams of words that came before in the answer: repetitive
    language    of the answer is that of the original, where both are certain: other_language
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    min_length: float | None = Field(0.5, ge=0)
    max_length: float | None = Field(2.0, gt=0)
    min_similarity: float | None = Field(0.1, ge=0, le=1)
    max_similarity: float | None = Field(0.95, ge=0, le=1)
    max_repetition: float | None = Field(0.3, ge=0, le=1)
    same_language: bool = True

    def fault(self, original: str, answer: str) -> str | None:
        """The first bound that an answer breaks, or None."""
        if not answer.strip():
            return "empty_answer"
        length, like = len(answer) / max(len(original), 1), _similarity(original, answer)
        for reason, value, least, most in (
            ("too_short", length, self.min_length, None),
            ("too_long", length, None, self.max_length),
            ("too_different", like, self.min_similarity, None),
            ("too_similar", like, None, self.max_similarity),
            ("repetitive", _repetition(answer), None, self.max_repetition),
        ):
            if (least is not None and value < least) or (most is not None and value > most):
                return reason
        return "other_language" if self.same_language and not _one_language([original, answer]) else None


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def _similarity(one: str, other: str) -> float:
    left, right = set(_words(one)), set(_words(other))
    return len(left & right) / max(len(left | right), 1)


def _repetition(text: str) -> float:
    words = _words(text)
    grams = list(zip(*(words[place:] for place in range(_GRAM)), strict=False))
    return 1 - len(set(grams)) / len(grams) if grams else 0.0


def _one_language(texts: Sequence[str]) -> bool:
    found = Language().apply(pa.RecordBatch.from_pydict({"text": pa.array(texts, TEXT)}))
    labels = found.column("language.label").to_pylist()
    certain = [value is not None and value >= _SURE for value in found.column("language.confidence").to_pylist()]
    return not all(certain) or labels[0] == labels[1]
