"""Documents translated into another language and back (Sennrich et al. 2016; Edunov et al. 2018)."""

from __future__ import annotations

from typing import ClassVar

from curation.augment.rewording.answers import Request, ask
from curation.augment.rewording.models import Model
from curation.augment.rewording.reworded import Reworded
from curation.errors import DataError
from curation.operator import Contract

__all__ = ["BackTranslate"]


class BackTranslate(Reworded):
    """Documents translated into another language and back, by local models or endpoints.

    A document translated by the model `there` and back by the model `back`: local ones, or endpoints.

    Translation models take the text as it is; others are asked with `prompt_there` and `prompt_back`, with the text for
    {text}.
    See `quality` for which answers are kept, and `max_requests` and `max_tokens` for the cost.
    """

    contract: ClassVar[Contract] = Contract("back_translate", 3, "expand", reads=("id", "source", "text"))

    there: Model
    back: Model
    prompt_there: str = "{text}"
    prompt_back: str = "{text}"

    def models(self) -> tuple[Model, ...]:
        return self.there, self.back

    def reword(self, texts: list[Request]) -> list[str | DataError]:
        foreign = ask(self.there, [Request(self.prompt_there.replace("{text}", text), seed) for text, seed in texts])
        answers = [_unless_empty(answer) for answer in foreign]
        good = [
            Request(self.prompt_back.replace("{text}", answer), each.seed)
            for answer, each in zip(answers, texts, strict=True)
            if isinstance(answer, str)
        ]
        home = iter(ask(self.back, good))
        return [next(home) if isinstance(answer, str) else answer for answer in answers]


def _unless_empty(answer: str | DataError) -> str | DataError:
    return answer if isinstance(answer, DataError) or answer.strip() else DataError("empty_answer", "back_translate")
