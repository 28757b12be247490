"""Which model is asked: one on this machine, or an endpoint that speaks the chat protocol of OpenAI."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from curation.operator import Resources

__all__ = ["Endpoint", "LocalModel", "Model"]


class _Options(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class LocalModel(_Options):
    """A model of transformers, encoder-decoder or causal, by folder or hub name (pin that with `revision`).

    Greedy, so the same text gives the same answer; with `temperature` above 0 tokens are drawn by the seed of the row.
    `batch_size` 1 asks text by text; more is faster and may change an answer by float rounding.
    """

    path: str = Field(min_length=1)
    revision: str | None = None
    device: Literal["auto", "cpu", "cuda"] = "cpu"
    batch_size: int = Field(1, ge=1)
    max_tokens: int = Field(512, ge=1)
    temperature: float = Field(0.0, ge=0)

    def resources(self) -> Resources:
        folder = Path(self.path)
        files = sorted(str(path) for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
        return Resources.of(*files)

    def identity(self) -> dict[str, Any]:
        """What decides an answer."""
        parameters = self.model_dump(mode="json", exclude={"device", "batch_size", "path"})
        files = sorted(self.resources().values())
        return {"local": files or self.path, **parameters}


class Endpoint(_Options):
    """A chat endpoint: `url` up to /v1, and the `name` of a model there.

    The key stands in the environment variable `key_from`, never in a recipe. Requests that fail or take longer than
    `timeout_s` are tried again `retries` times, after `backoff_s` seconds and twice as long each time; `give_up_after`
    failures in a row stop the run. Answers of an endpoint are not repeatable: those in the run's folder `answers/` are
    what makes a second run give the same bytes, so keep it with the run.
    """

    url: str
    name: str = Field(min_length=1)
    key_from: str | None = Field(None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    max_tokens: int = Field(1024, ge=1)
    temperature: float = Field(0.0, ge=0)
    parallel: int = Field(4, ge=1, le=256)
    timeout_s: float = Field(60.0, gt=0)
    retries: int = Field(4, ge=0)
    backoff_s: float = Field(1.0, ge=0)
    give_up_after: int = Field(20, ge=1)

    @field_validator("url")
    @classmethod
    def _bare_address(cls, url: str) -> str:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("an address that begins with http:// or https://")
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("an address without a key, user or query in it; keys come from `key_from`")
        return url.rstrip("/")

    def resources(self) -> Resources:
        return Resources()

    def identity(self) -> dict[str, Any]:
        """What decides an answer."""
        return {"endpoint": self.url, "name": self.name, "max_tokens": self.max_tokens, "temperature": self.temperature}


Model = LocalModel | Endpoint
