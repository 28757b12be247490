"""Questions whose answers stand in the text, made from definitions, headings and lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, ClassVar, Literal

from pydantic import Field

from curation.augment.expansion import ByDocument, Made, pair
from curation.augment.structure import Language, definitions, headings, lists
from curation.operator import Contract
from curation.schema import seed_for

__all__ = ["Kind", "QuestionAnswer"]

Kind = Literal["definitions", "headings", "lists"]

_WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "define": "What {verb} {article}{term}?",
        "section": "What is said about {title}?",
        "list": "{lead}: name them.",
    },
    "zh": {"define": "什么是{term}？", "section": "关于{title}，文中说了什么？", "list": "{lead}有哪些？"},
}


class QuestionAnswer(ByDocument):
    """Pairs of question and answer, from the structure of a text.

    Pairs of question and answer, at most `max_items` for a document, from what `kinds` names.

    definitions   "A mill is a machine …" asks "What is a mill?", and the sentence answers
    headings      the heading asks, by itself if it ends with a question mark, and the first paragraph below answers
    lists         the line above a list asks, and its items answer, one a line

    `language` says how definitions look and how questions are put; `questions` puts them otherwise, by the names
    define ({term}, {article}, {verb}), section ({title}) and list ({lead}). With `with_context`, the prompt begins with
    the line, paragraph or list that holds the answer, and so does `meta.context`: then it is reading, without it is
    knowing. `meta` holds `prompt`, `response`, `question` and `kind`.
    """

    contract: ClassVar[Contract] = Contract("question_answer", 2, "expand", reads=("id", "source", "text"))
    is_format: ClassVar[bool] = True

    near_parent: Literal["drop", "keep"] = "keep"
    kinds: tuple[Kind, ...] = Field(("definitions", "headings", "lists"), strict=False, min_length=1)
    language: Language = "en"
    questions: dict[Literal["define", "section", "list"], str] = Field({})
    with_context: bool = False
    max_items: int = Field(10, ge=1)

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        seed = seed_for(self.contract.name, parent["id"])
        seen: set[str] = set()
        for kind, question, answer, context in self._items(parent["text"]):
            if len(seen) == self.max_items:
                return
            if question not in seen:
                seen.add(question)
                fields = {"question": question, "kind": kind}
                if self.with_context:
                    yield pair(f"{context}\n\n{question}\n", answer, seed, context=context, **fields)
                else:
                    yield pair(f"{question}\n", answer, seed, **fields)

    def _items(self, text: str) -> Iterator[tuple[Kind, str, str, str]]:
        words = _WORDS[self.language] | {str(name): words for name, words in self.questions.items()}
        if "definitions" in self.kinds:
            for each in definitions(text, self.language):
                question = _asked(words["define"], term=each.term, article=each.article, verb=each.verb)
                yield "definitions", question, each.sentence, each.line
        if "headings" in self.kinds:
            for heading in headings(text):
                asks = heading.title.endswith(("?", "？"))
                question = heading.title if asks else _asked(words["section"], title=heading.title)
                yield "headings", question, heading.paragraph, heading.paragraph
        if "lists" in self.kinds:
            for found in lists(text):
                items = "\n".join(found.items)
                yield "lists", _asked(words["list"], lead=found.lead), items, f"{found.lead}:\n{items}"


def _asked(question: str, **fields: str) -> str:
    for name, value in fields.items():
        question = question.replace(f"{{{name}}}", value)
    return question
