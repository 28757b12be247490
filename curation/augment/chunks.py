"""Long documents in overlapping pieces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from curation.augment.expansion import ByDocument, Made
from curation.augment.pieces import sentences_of, spaced_words
from curation.operator import Contract
from curation.schema import seed_for

__all__ = ["Chunks"]


class Chunks(ByDocument):
    """Overlapping pieces of a long document, by words, sentences or characters.

    Pieces of `size` words, sentences or characters, each beginning `overlap` before the end of the one before
    it: an eighth of `size` when null.

    A document that fits into one piece gives none. A last piece that has fewer than `min_new` units of its own is left
    out. White space at the ends of a piece is removed. `meta` holds `chunk` and `chunks`, counted from 0.
    """

    contract: ClassVar[Contract] = Contract("chunks", 2, "expand", reads=("id", "source", "text"))

    near_parent: Literal["drop", "keep"] = "keep"
    unit: Literal["words", "sentences", "characters"] = "words"
    size: int = Field(512, ge=1)
    overlap: int | None = Field(None, ge=0)
    min_new: int = Field(1, ge=1)

    @model_validator(mode="after")
    def _goes_on(self) -> Self:
        if self.overlap is not None and self.overlap >= self.size:
            raise ValueError("`overlap` must be smaller than `size`")
        return self

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        units = self._units(parent["text"])
        texts = [text for start, end in self._bounds(len(units)) if (text := "".join(units[start:end]).strip())]
        seed = seed_for(self.contract.name, parent["id"])
        return [Made(text, seed, {"chunk": n, "chunks": len(texts)}) for n, text in enumerate(texts)]

    def _units(self, text: str) -> list[str]:
        if self.unit == "characters":
            return list(text)
        return sentences_of(text) if self.unit == "sentences" else spaced_words(text)

    def _bounds(self, count: int) -> list[tuple[int, int]]:
        if count <= self.size:
            return []
        overlap = self.size // 8 if self.overlap is None else self.overlap
        starts = range(0, count - overlap, self.size - overlap)
        bounds = [(start, min(start + self.size, count)) for start in starts]
        last_new = bounds[-1][1] - bounds[-2][1]
        return bounds if last_new >= self.min_new else bounds[:-1]
