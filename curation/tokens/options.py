"""The `tokens` part of a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from curation.files import checksum

__all__ = ["TokenOptions"]


class TokenOptions(BaseModel):
    """Token shards beside the text. `tokenizer` is a folder with tokenizer.json, or a name on the hub with its
    `revision`.

    A special token that stands in a document is text like any other, unless `special_tokens` is `ids`. The only token
    ever added is `end_of_text`, once after each document: the tokenizer's own unless named here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    tokenizer: str = Field(min_length=1)
    revision: str | None = None
    special_tokens: Literal["text", "ids"] = "text"
    end_of_text: str | None = None

    def identity(self) -> dict[str, Any]:
        """A folder counts by its content, a name on the hub by its revision."""
        path = Path(self.tokenizer) / "tokenizer.json"
        known = {"sha256": checksum(path)} if path.is_file() else {"name": self.tokenizer, "revision": self.revision}
        return {**known, "special_tokens": self.special_tokens, "end_of_text": self.end_of_text}
