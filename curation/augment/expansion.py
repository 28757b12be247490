"""What every augmentation shares: which documents are chosen, and what a new row carries of its parent."""

from __future__ import annotations

import random
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

import orjson
import pyarrow as pa
from pydantic import Field

from curation.operator import Operator
from curation.schema import DOCUMENT, child_id, seed_for

__all__ = ["ByDocument", "Copying", "Expansion", "Made", "fields_of", "pair"]

_INHERITED = ["id", "source", "url", "text", "meta"]


class Made(NamedTuple):
    """A new text, the seed it was made with, and fields of `meta` that are its own."""

    text: str
    seed: int
    fields: Mapping[str, Any] = MappingProxyType({})


def pair(prompt: str, response: str, seed: int, **fields: Any) -> Made:
    """A pair to train on: the text is the prompt and then the response, and `meta` holds both by these names."""
    return Made(prompt + response, seed, {"prompt": prompt, "response": response, **fields})


class Expansion(Operator):
    """Makes new documents from a share of the documents, chosen by a hash of the id.

    A new row has `parent_id`, the source and URL of its parent, `key` "operator:number", and in `meta` what the parent
    has there, `operator`, `seed`, and the operator's own fields. `near_parent` says whether it may be a near-duplicate
    of its parent or of its parent's other children; equal texts are never kept twice. `where` takes only documents with
    one of these words in an attribute, such as `{language.label: [zh-cn, zh-tw]}`.
    """

    # Whether the text is a format, of use only exactly as it was made: a row that cleaning would change is dropped.
    is_format: ClassVar[bool] = False

    share: float = Field(1.0, ge=0, le=1)
    near_parent: Literal["drop", "keep"] = "drop"
    where: dict[str, Annotated[tuple[str, ...], Field(strict=False)]] = Field({})

    def needs(self) -> tuple[str, ...]:
        return tuple(self.where)

    def chosen(self, batch: pa.RecordBatch) -> list[dict[str, Any]]:
        """Documents with text that belong to the share."""
        return [parent for parent in batch.select(_INHERITED).to_pylist() if self._is_chosen(parent)]

    def _is_chosen(self, parent: dict[str, Any]) -> bool:
        if not parent["text"]:
            return False
        return self.share >= 1 or seed_for(f"{self.contract.name}.share", parent["id"]) / 2**64 < self.share

    def rows_of(self, parent: dict[str, Any], children: Iterable[Made]) -> Iterable[dict[str, Any]]:
        """New texts of one document as rows."""
        name = self.contract.name
        for number, made in enumerate(children):
            meta = {**fields_of(parent["meta"]), "operator": name, "seed": made.seed, **made.fields}
            yield {
                **parent,
                "id": child_id(parent["id"], name, number),
                "key": f"{name}:{number}",
                "parent_id": parent["id"],
                "text": made.text,
                "meta": orjson.dumps(meta).decode(),
            }


def fields_of(meta: str | None) -> dict[str, Any]:
    """The fields of a document's `meta`."""
    fields = orjson.loads(meta) if meta else {}
    return fields if isinstance(fields, dict) else {}


class ByDocument(Expansion):
    """Asks nothing of other documents for the new texts of one."""

    @abstractmethod
    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        """New texts of one document, `id` and `text` among its fields; the same ones each time."""

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        rows = [row for parent in self.chosen(batch) for row in self.rows_of(parent, self.children(parent))]
        return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


class Copying(ByDocument):
    """Makes `copies` of a document, each changed by chance; one that comes out unchanged is not kept."""

    copies: int = Field(1, ge=1, le=100)

    @abstractmethod
    def vary(self, text: str, chance: random.Random) -> str:
        """The text changed."""

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        return self.varied(parent, self.vary)

    def varied(self, parent: dict[str, Any], vary: Callable[[str, random.Random], str]) -> Iterable[Made]:
        for number in range(self.copies):
            seed = seed_for(self.contract.name, child_id(parent["id"], self.contract.name, number))
            text = vary(parent["text"], random.Random(seed))
            if text != parent["text"]:
                yield Made(text, seed)
