"""What a card knows: one model, filled from a finished run, from which every form of the card is made."""

from __future__ import annotations

import re
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

__all__ = [
    "OTHERS",
    "AugmentationFacts",
    "CardFacts",
    "MixtureFacts",
    "MixtureRow",
    "SourceFacts",
    "SplitFacts",
    "Takedown",
    "TokenFacts",
    "TokenRate",
]

# What counts beyond those that are named stand under.
OTHERS = "(others)"


def _ordered(value: dict[str, Any]) -> dict[str, Any]:
    items = {name: _ordered(each) if isinstance(each, dict) else each for name, each in value.items()}
    if items and all(isinstance(each, int) for each in items.values()):
        return dict(sorted(items.items(), key=lambda item: (item[0] == OTHERS, -item[1], item[0])))
    return dict(sorted(items.items()))


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    @field_validator("*")
    @classmethod
    def _in_one_order(cls, value: Any) -> Any:
        """Manifests sort keys: counts stand most first, all else by name, however the facts came here."""
        return _ordered(value) if isinstance(value, dict) else value


class SourceFacts(_Facts):
    """`license` and `snapshot` as the recipe gives them for the whole source."""

    name: str
    format: str
    documents: int
    license: str = ""
    snapshot: str = ""


class SplitFacts(_Facts):
    name: str
    documents: int
    bytes: int
    shards: int


class TokenRate(_Facts):
    """Bytes of text and tokens of one source or language; tokens count the end of each document."""

    name: str
    bytes: int
    tokens: int


class TokenFacts(_Facts):
    """Token shards beside the text. `rates` are by `source` and, where it is detected, by `language`."""

    tokenizer: str
    sha256: str
    vocabulary: int
    dtype: str
    splits: tuple[TokenRate, ...]
    rates: dict[str, tuple[TokenRate, ...]]


class AugmentationFacts(_Facts):
    """New documents: made = kept + dropped + quarantined. `failed` are documents that a step could not augment, by step
    and reason; `steps` are kept ones by the step that made them, `documents` and `bytes` kept ones by split.
    """

    made: int = 0
    kept: int = 0
    dropped: int = 0
    quarantined: int = 0
    failed: dict[str, int] = {}
    reasons: dict[str, int] = {}
    steps: dict[str, int] = {}
    documents: dict[str, int] = {}
    bytes: dict[str, int] = {}


class MixtureRow(_Facts):
    """A group in a phase, in the mixture's unit; `repeats` are epochs of what is available."""

    phase: str
    group: str
    documents: int
    available: int
    target: int
    taken: int
    repeats: float


class MixtureFacts(_Facts):
    unit: str
    by: tuple[str, ...]
    phases: tuple[str, ...]
    max_repeats: float
    rows: tuple[MixtureRow, ...]


class Takedown(_Facts):
    """Documents taken out of the dataset for good, and where the certificate lies. `published` were in the dataset."""

    certificate: str
    documents: int
    published: int


class CardFacts(_Facts):
    """Counts are documents, those of `skipped` records that are none, by reason. `origins` are counts of kept documents
    by licence, snapshot and signal ("1" where it is given), where the recipe measures `origin`. `human` is what only a
    person can say; an empty value is marked on the card.
    `stale` names tables that count documents which were taken out since, where the run around the dataset is gone.
    `exported` gives for each file of an export the checksum of the shard that it was made from.
    `lengths` counts documents of the dataset by the bytes of their text: (at most, documents), without empty bounds.
    `domains` are the hosts with most kept documents that were read, of `domain_count` in all.
    """

    name: str
    recipe_fingerprint: str
    gristmill_version: str
    human: dict[str, str]
    sources: tuple[SourceFacts, ...]
    collected: int
    kept: int
    dropped: int
    quarantined: int
    augmented: int
    augmentation: AugmentationFacts = AugmentationFacts()
    reasons: dict[str, int]
    skipped: dict[str, int] = {}
    origins: dict[str, dict[str, int]] = {}
    languages: dict[str, int]
    domains: dict[str, int] = {}
    domain_count: int = 0
    splits: tuple[SplitFacts, ...]
    lengths: tuple[tuple[int, int], ...] = ()
    steps: tuple[dict[str, Any], ...]
    rules: tuple[dict[str, Any], ...]
    mixture: MixtureFacts | None = None
    takedowns: tuple[Takedown, ...] = ()
    stale: tuple[str, ...] = ()
    exported: dict[str, str] = {}
    tokens: TokenFacts | None = None

    def language_codes(self) -> list[str]:
        """ISO 639 codes of the languages that were detected, in order; labels that are none are left out."""
        codes = (label.replace("_", "-").split("-")[0] for label in self.languages)
        return sorted({code for code in codes if re.fullmatch(r"[a-z]{2,3}", code) and code != "und"})

    def unanswered(self) -> list[str]:
        """Names of what a person has still to say."""
        return [name for name, value in self.human.items() if not value]
