"""Documents in other words."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, field_validator

from curation.augment.rewording.answers import Request, ask
from curation.augment.rewording.models import Model
from curation.augment.rewording.reworded import Reworded
from curation.errors import DataError
from curation.operator import Contract

__all__ = ["Rephrase"]


class Rephrase(Reworded):
    """Documents in other words, by a local model or an endpoint.

    A document in a model's words: a local transformers model, or an endpoint that speaks OpenAI's chat protocol.

    `prompt` is what the model is asked, with the text for {text}; models made for paraphrasing want a short one, such
    as "paraphrase: {text}". See `quality` for which answers are kept, and `max_requests` and `max_tokens` for the cost.
    """

    contract: ClassVar[Contract] = Contract("rephrase", 3, "expand", reads=("id", "source", "text"))

    model: Model
    prompt: str = Field(
        "Rewrite the following text in other words. Keep its meaning, its language and its facts. "
        "Answer with the new text alone.\n\n{text}"
    )

    @field_validator("prompt")
    @classmethod
    def _holds_the_text(cls, prompt: str) -> str:
        if "{text}" not in prompt:
            raise ValueError("a prompt that holds {text}")
        return prompt

    def models(self) -> tuple[Model, ...]:
        return (self.model,)

    def reword(self, texts: list[Request]) -> list[str | DataError]:
        return ask(self.model, [Request(self.prompt.replace("{text}", text), seed) for text, seed in texts])
