"""Summaries made of a document's own sentences, as targets for summarisation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from curation.augment.expansion import ByDocument, Made, pair
from curation.augment.pieces import sentences_of
from curation.augment.sentence_scores import Method, scores_of
from curation.operator import Contract
from curation.schema import seed_for

__all__ = ["ExtractiveSummary"]


class ExtractiveSummary(ByDocument):
    """A pair for each document: the text, and its best sentences as a summary.

    A pair for each document: the text, and its `sentences` best sentences in the order of the text.

    lead        the first sentences
    frequency   those whose words occur in most sentences, with more weight for the first ones
    textrank    those that have most words in common with others, and with others of that kind (Mihalcea and Tarau 2004)

    Only the first `window` sentences are looked at, and documents with fewer than `min_sentences` are left out. The
    prompt is `prompt` with the document for {text}. `meta` holds `prompt` and `response`.
    """

    contract: ClassVar[Contract] = Contract("extractive_summary", 2, "expand", reads=("id", "source", "text"))
    is_format: ClassVar[bool] = True

    near_parent: Literal["drop", "keep"] = "keep"
    method: Method = "frequency"
    sentences: int = Field(3, ge=1)
    min_sentences: int = Field(8, ge=2)
    window: int = Field(200, ge=2, le=1000)
    prompt: str = "{text}\n\nSummary:\n"

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        text = parent["text"].strip()
        sentences = [sentence.strip() for sentence in sentences_of(text)]
        if len(sentences) >= self.min_sentences > self.sentences:
            response = self._summary(sentences[: self.window])
            seed = seed_for(self.contract.name, parent["id"])
            yield pair(self.prompt.replace("{text}", text), response, seed, method=self.method)

    def _summary(self, sentences: list[str]) -> str:
        # Rounded, so that the last bits of another machine's sums cannot change the order.
        scores = np.round(scores_of(sentences, self.method), 9)
        best = np.sort(np.lexsort((np.arange(len(sentences)), -scores))[: self.sentences])
        return " ".join(" ".join(sentences[place].split()) for place in best)
