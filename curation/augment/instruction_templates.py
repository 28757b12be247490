"""Documents and their metadata put into templates of instructions."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from curation.augment.expansion import ByDocument, Made, fields_of, pair
from curation.errors import ResourceError
from curation.operator import Contract, Resources
from curation.schema import child_id, seed_for

__all__ = ["InstructionTemplates", "Template"]

_FIELD = re.compile(r"\{(\w+)\}")


class Template(BaseModel):
    """What is asked, and what is to be answered. `{text}`, `{url}` and fields of `meta` stand in braces."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    prompt: str = Field(min_length=1)
    response: str = Field(min_length=1)

    def filled(self, fields: dict[str, str]) -> tuple[str, str] | None:
        """Prompt and response; None where a field has no value."""
        names = set(_FIELD.findall(self.prompt + self.response))
        if not names <= fields.keys():
            return None
        prompt, response = (_FIELD.sub(lambda match: fields[match.group(1)], part) for part in self._parts())
        return prompt, response

    def _parts(self) -> tuple[str, str]:
        return self.prompt, self.response


class InstructionTemplates(ByDocument):
    """Pairs of instruction and response, from templates over text and metadata.

    Pairs made from templates such as {prompt: "Write an article with the title {title}.\\n", response: "{text}"}.

    Each document gives `copies` pairs, of different templates chosen by chance among those whose fields it has: `text`,
    `url`, and fields of `meta` that hold words or numbers. Templates stand in the recipe (`templates`), in a file of
    JSON Lines (`file`), or both. `meta` holds `prompt`, `response`, and the number of the `template`.
    """

    contract: ClassVar[Contract] = Contract(
        "instruction_templates", 1, "expand", reads=("id", "source", "url", "text", "meta")
    )
    is_format: ClassVar[bool] = True

    near_parent: Literal["drop", "keep"] = "keep"
    templates: tuple[Template, ...] = Field((), strict=False)
    file: str | None = None
    copies: int = Field(1, ge=1, le=100)

    @model_validator(mode="after")
    def _some_template(self) -> Self:
        if not self.templates and self.file is None:
            raise ValueError("give `templates`, or `file`")
        return self

    def resources(self) -> Resources:
        return Resources.of(*([self.file] if self.file is not None else []))

    def open(self) -> None:
        self._all()

    def _all(self) -> tuple[Template, ...]:
        return (*self.templates, *(_read(self.file) if self.file is not None else ()))

    def children(self, parent: dict[str, Any]) -> Iterable[Made]:
        fields = _words({**fields_of(parent["meta"]), "url": parent["url"], "text": parent["text"]})
        filled = [(number, template.filled(fields)) for number, template in enumerate(self._all())]
        fitting = [(number, both) for number, both in filled if both is not None]
        random.Random(seed_for(self.contract.name, parent["id"])).shuffle(fitting)
        for number, (template, (prompt, response)) in enumerate(fitting[: self.copies]):
            seed = seed_for(self.contract.name, child_id(parent["id"], self.contract.name, number))
            yield pair(prompt, response, seed, template=template)


def _words(fields: dict[str, Any]) -> dict[str, str]:
    """Fields that hold something which can stand in a text."""
    return {
        name: str(value)
        for name, value in fields.items()
        if isinstance(value, (str, int, float)) and not isinstance(value, bool) and str(value).strip()
    }


@lru_cache(maxsize=8)
def _read(path: str) -> tuple[Template, ...]:
    where, expected = f"templates {path}", 'lines such as {"prompt": "…", "response": "…"}'
    found: list[Template] = []
    try:
        for line in Path(path).read_bytes().splitlines():
            if line.strip():
                found.append(Template.model_validate(orjson.loads(line)))
    except (OSError, orjson.JSONDecodeError, ValidationError) as error:
        where = f"{where}, line {len(found) + 1}"
        raise ResourceError(where, type(error).__name__, expected, "mend the file or its path") from None
    return tuple(found)
