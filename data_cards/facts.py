"""What a card knows: one model, filled from a finished run, from which every form of the card is made."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

__all__ = [
    "AugmentationFacts",
    "CardFacts",
    "MixtureFacts",
    "MixtureRow",
    "SourceFacts",
    "SplitFacts",
    "TokenFacts",
    "TokenRate",
]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SourceFacts(_Facts):
    name: str
    format: str
    documents: int


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


class CardFacts(_Facts):
    """Counts are documents, those of `skipped` records that are none, by reason. `origins` are counts of kept documents
    by licence, snapshot and signal ("1" where it is given), where the recipe measures `origin`. `human` is what only a
    person can say; an empty value is marked on the card.
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
    splits: tuple[SplitFacts, ...]
    steps: tuple[dict[str, Any], ...]
    rules: tuple[dict[str, Any], ...]
    mixture: MixtureFacts | None = None
    tokens: TokenFacts | None = None
