"""What rephrasing and back-translation share: pieces in, answers out, and a gate behind them."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import pyarrow as pa
from pydantic import Field

from curation.augment.expansion import Expansion, Made
from curation.augment.pieces import sentences_of
from curation.augment.rewording.answers import OVER_BUDGET, Request, current
from curation.augment.rewording.models import Model
from curation.augment.rewording.quality import Quality
from curation.errors import DataError
from curation.operator import Resources
from curation.schema import DOCUMENT, seed_for

__all__ = ["Reworded"]

_CHARACTERS_A_TOKEN = 4


class Reworded(Expansion):
    """A document in a model's words, asked for in pieces of whole sentences of at most `piece` characters.

    Documents of more than `longest` characters are left alone. One that the model fails on or does not end within its
    `max_tokens`, or whose answer breaks a bound of `quality`, gives no new document and is counted by its reason.
    `max_requests` and `max_tokens` are limits of the whole step (a token is taken for four characters, and answers for
    as long as they may be); documents beyond them are counted as over_budget.
    """

    piece: int = Field(2000, ge=50)
    longest: int = Field(20_000, ge=50)
    quality: Quality = Quality()
    max_requests: int | None = Field(None, ge=0)
    max_tokens: int | None = Field(None, ge=0)

    @abstractmethod
    def models(self) -> tuple[Model, ...]:
        """The models a text goes through."""

    @abstractmethod
    def reword(self, texts: list[Request]) -> list[str | DataError]:
        """Each text in other words, or the error that stands for it."""

    def resources(self) -> Resources:
        return Resources({path: sum_ for model in self.models() for path, sum_ in model.resources().items()})

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """All pieces of a batch are asked for together; a bad row then stands alone, with nothing asked twice."""
        parents = [parent for parent in self.chosen(batch) if parent["text"].strip() and self._is_short(parent)]
        paid = {parent["id"] for parent in parents if self._is_paid(parent)}
        asked = [parent for parent in parents if parent["id"] in paid]
        answers = self._answers(asked)
        rows: list[dict[str, Any]] = []
        for parent in parents:
            if parent["id"] not in paid:
                raise DataError(OVER_BUDGET, self.contract.name)
            answer = answers[parent["id"]]
            if isinstance(answer, DataError):
                raise answer
            rows += self.rows_of(parent, [Made(answer, self._seed(parent))])
        return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)

    def _is_short(self, parent: dict[str, Any]) -> bool:
        return len(parent["text"]) <= self.longest

    def _seed(self, parent: dict[str, Any]) -> int:
        return seed_for(self.contract.name, parent["id"])

    def _is_paid(self, parent: dict[str, Any]) -> bool:
        pieces, times, name = self._pieces(parent["text"]), len(self.models()), self.contract.name
        tokens = sum(len(text) for text, _ in pieces) // _CHARACTERS_A_TOKEN
        answers = sum(model.max_tokens for model in self.models()) * len(pieces)
        here = current()
        return here.within(f"{name}.requests", parent["id"], times * len(pieces), self.max_requests) and here.within(
            f"{name}.tokens", parent["id"], times * tokens + answers, self.max_tokens
        )

    def _answers(self, parents: list[dict[str, Any]]) -> dict[str, str | DataError]:
        pieces = {parent["id"]: self._pieces(parent["text"]) for parent in parents}
        flat = [Request(text, self._seed(parent)) for parent in parents for text, _ in pieces[parent["id"]]]
        said = iter(self.reword(flat))
        return {
            parent["id"]: self._judged(parent["text"], [(next(said), space) for _, space in pieces[parent["id"]]])
            for parent in parents
        }

    def _pieces(self, text: str) -> list[tuple[str, str]]:
        """Stretches of whole sentences, each with the white space behind it."""
        stretches: list[str] = [""]
        for sentence in sentences_of(text):
            for part in (sentence[at : at + self.piece] for at in range(0, len(sentence), self.piece)):
                if stretches[-1] and len(stretches[-1]) + len(part) > self.piece:
                    stretches.append("")
                stretches[-1] += part
        return [(own, each[len(each.rstrip()) :]) for each in stretches if (own := each.strip())]

    def _judged(self, original: str, answers: list[tuple[str | DataError, str]]) -> str | DataError:
        for answer, _ in answers:
            if isinstance(answer, DataError):
                return answer
        text = "".join(f"{str(answer).strip()}{space}" for answer, space in answers).strip()
        fault = self.quality.fault(original, text)
        return text if fault is None else DataError(fault, self.contract.name)
