"""The recipe: what a run does, as one frozen object, the same whether written in YAML or in Python.

    sources    where records come from
    clean      operators in order, with gates between them
    rules      what a document must hold to be kept
    dedup      groupings in order
    previous   directories of finished runs whose documents must not come again; their groupings must be the same
    augment    operators that make new documents
    augmentation  which documents are augmented, and how much of the result may be new
    dataset    splits and shards that users take away
    mixture    proportions, repeats and phases of the training split
    tokens     token shards beside them
    limits     when a run has gone wrong
    card       what only a person can say about the dataset

`identity` covers everything that decides the output, and nothing else: not paths, not workers, not batch size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, field_validator, model_validator

from curation.collect.source import Source
from curation.errors import RecipeError, nearest
from curation.files import digest_of
from curation.licences import licence_expression
from curation.limits import Limits
from curation.manifest import dataset_digest
from curation.mix.mixture import Mixture
from curation.operator import Operator
from curation.rules import Rule
from curation.tokens.options import TokenOptions

__all__ = [
    "MEASURED",
    "AugmentationOptions",
    "Card",
    "DatasetOptions",
    "Gate",
    "Group",
    "Limits",
    "Mixture",
    "Recipe",
    "Step",
    "TokenOptions",
]

# Attributes that every document has after the clean stage, whatever its operators.
MEASURED = {"text.characters": pa.int64(), "text.bytes": pa.int64(), "text.bytes_collected": pa.int64()}


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class Step(_Part):
    """An operator in its place. `label` names its columns and stands in the ledger; the operator's name by default."""

    operator: SerializeAsAny[Operator]
    label: str = ""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        if isinstance(values, dict) and isinstance(values.get("operator"), Operator) and not values.get("label"):
            return {**values, "label": values["operator"].contract.name}
        return values

    def adds(self) -> dict[str, pa.DataType]:
        """Columns under this step's label."""
        name = self.operator.contract.name
        return {self.label + column.removeprefix(name): kind for column, kind in self.operator.adds().items()}

    def identity(self) -> dict[str, Any]:
        return {"label": self.label, **self.operator.identity()}


class Gate(_Part):
    """Rules decided on the spot: documents that fail one skip the rest of the stage, with their reasons."""

    rules: tuple[Rule, ...] = Field(min_length=1)

    def identity(self) -> dict[str, Any]:
        return {"gate": [rule.model_dump(mode="json") for rule in self.rules]}


class Group(_Part):
    """A grouping of the dedup stage in its place."""

    grouping: Any
    label: str = ""

    @model_validator(mode="before")
    @classmethod
    def _named(cls, values: Any) -> Any:
        if isinstance(values, dict) and "grouping" in values and not values.get("label"):
            return {**values, "label": values["grouping"].contract.name}
        return values

    def identity(self) -> dict[str, Any]:
        return {"label": self.label, **self.grouping.identity()}


class DatasetOptions(_Part):
    """`splits` are shares of clusters and must add up to 1; a split of 0 is not written.

    `shuffle` is a seed: documents of a split then stand in an order that it and their number alone decide, in shards of
    as many documents each. Without it they stand as they were read, and shards are cut by bytes.
    """

    splits: dict[str, float] = {"train": 0.98, "validation": 0.01, "test": 0.01}
    shard_bytes: int = Field(256 << 20, gt=0)
    split_seed: str = "0"
    shuffle: str | None = None

    @field_validator("splits")
    @classmethod
    def _add_up(cls, splits: dict[str, float]) -> dict[str, float]:
        if not splits or any(share < 0 for share in splits.values()) or abs(sum(splits.values()) - 1) > 1e-9:
            raise ValueError(f"shares {splits} do not add up to 1")
        if any(not name.isidentifier() for name in splits):
            raise ValueError("a split's name is a word of letters, digits and underscores")
        return splits


class AugmentationOptions(_Part):
    """What is augmented, and how much of it is kept.

    `splits` are augmented (the first one when null); a new document is in its parent's split. `max_share` is the most
    that new documents may be of each split, in bytes of text or in documents (`share_of`); which of them stay under it
    is decided by the order of their ids, which are hashes. `max_failed_share` is the share of the documents that an
    operator may fail on before the run stops; null means no limit.
    """

    splits: tuple[str, ...] | None = Field(None, strict=False)
    max_share: float | None = Field(None, ge=0, lt=1)
    share_of: Literal["bytes", "documents"] = "bytes"
    max_failed_share: float | None = Field(0.1, ge=0, le=1)


class Card(_Part):
    """What the data card cannot measure. Empty fields are marked on the card as waiting for a person.

    `license` is an SPDX expression, `published` an ISO date; `collected` says when the records were gathered.
    """

    title: str = ""
    description: str = ""
    license: str = ""
    homepage: str = ""
    contact: str = ""
    citation: str = ""
    creators: str = ""
    version: str = ""
    published: str = ""
    motivation: str = ""
    collected: str = ""
    uses: str = ""
    out_of_scope: str = ""
    biases: str = ""
    limitations: str = ""
    personal_data: str = ""
    social_impact: str = ""
    opt_out: str = ""
    illegal_content: str = ""
    maintenance: str = ""

    @field_validator("license")
    @classmethod
    def _is_spdx(cls, value: str) -> str:
        return licence_expression(value) if value else value

    @field_validator("published")
    @classmethod
    def _is_a_date(cls, value: str) -> str:
        return date.fromisoformat(value).isoformat() if value else value


class Recipe(_Part):
    """Validated whole; see the module docstring."""

    name: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    sources: tuple[SerializeAsAny[Source], ...] = Field(min_length=1)
    clean: tuple[Step | Gate, ...] = ()
    rules: tuple[Rule, ...] = (Rule(reason="empty_text", attribute="text.characters", min=1),)
    dedup: tuple[Group, ...] = ()
    previous: tuple[str, ...] = ()
    augment: tuple[Step, ...] = ()
    augmentation: AugmentationOptions = AugmentationOptions()
    dataset: DatasetOptions = DatasetOptions()
    mixture: Mixture | None = None
    tokens: TokenOptions | None = None
    limits: Limits = Limits()
    card: Card = Card()

    @model_validator(mode="after")
    def _holds_together(self) -> Recipe:
        _once("sources", [source.name for source in self.sources])
        _once("clean", [step.label for step in self.clean if isinstance(step, Step)])
        _once("dedup", [group.label for group in self.dedup])
        _once("augment", [step.label for step in self.augment])
        _once("rules", [rule.reason for rule in self.all_rules()])
        self._check_previous()
        self._check_kinds()
        self._check_splits()
        self._check_rules()
        self._check_mixture()
        self._check_limits()
        return self

    def all_rules(self) -> tuple[Rule, ...]:
        """Rules of gates in order, then the others: bit i of `failed_rules` is rule i of this."""
        gated = [rule for gate in self.clean if isinstance(gate, Gate) for rule in gate.rules]
        return (*gated, *self.rules)

    def attributes(self) -> dict[str, pa.DataType]:
        """Every attribute the clean stage measures, in order."""
        added = {name: kind for step in self.clean if isinstance(step, Step) for name, kind in step.adds().items()}
        return {**MEASURED, **added}

    def previous_runs(self) -> tuple[Path, ...]:
        return tuple(Path(path).expanduser().absolute() for path in self.previous)

    def augmented_splits(self) -> tuple[str, ...]:
        splits = self.augmentation.splits
        return tuple(self.dataset.splits)[:1] if splits is None else splits

    def identity(self) -> dict[str, Any]:
        """Everything that decides the output."""
        return {
            "name": self.name,
            "sources": [source.identity() for source in sorted(self.sources, key=lambda source: source.name)],
            "clean": [part.identity() for part in self.clean],
            "rules": [rule.model_dump(mode="json") for rule in self.rules],
            "dedup": [group.identity() for group in self.dedup],
            "previous": [dataset_digest(root) for root in self.previous_runs()],
            "augment": [step.identity() for step in self.augment],
            "augmentation": self.augmentation.model_dump(mode="json", exclude={"max_failed_share"}),
            "dataset": self.dataset.model_dump(mode="json"),
            "mixture": self.mixture.model_dump(mode="json") if self.mixture is not None else None,
            "tokens": self.tokens.identity() if self.tokens is not None else None,
            "card": self.card.model_dump(mode="json"),
        }

    def fingerprint(self) -> str:
        return digest_of(self.identity())

    def _check_previous(self) -> None:
        _once("previous", [str(path) for path in self.previous_runs()])
        if self.previous and not self.dedup:
            do = "add a grouping to `dedup`"
            raise RecipeError("previous", "earlier releases, and nothing to compare with", "groupings", do)
        for number, group in enumerate(self.dedup):
            if self.previous and group.grouping.method == "passages":
                found, do = f"`{group.label}`, which cannot look into earlier releases", "leave it out"
                raise RecipeError(f"dedup[{number}]", found, "exact, minhash or lines with `previous`", do)

    def _check_kinds(self) -> None:
        for number, step in enumerate(self.clean):
            if isinstance(step, Step) and step.operator.contract.kind == "expand":
                raise _out_of_place(f"clean[{number}]", step, "an operator that annotates or rewrites", "augment")
        for number, step in enumerate(self.augment):
            if step.operator.contract.kind != "expand":
                raise _out_of_place(f"augment[{number}]", step, "an operator that makes new documents", "clean")
            _check_words(f"augment[{number}].{step.label}.where", step.operator.needs(), self.attributes())

    def _check_splits(self) -> None:
        for split in self.augmented_splits():
            if split not in self.dataset.splits:
                known = nearest(split, self.dataset.splits)
                raise RecipeError("augmentation.splits", f"`{split}`", "a split of the dataset", known)

    def _check_mixture(self) -> None:
        if self.mixture is None:
            return
        if "language" in self.mixture.by and "language.label" not in self.attributes():
            found, do = "groups by language, which nothing detects", "add `language` to `clean`"
            raise RecipeError("mixture.by", found, "a recipe that detects languages", do)
        if self.mixture.unit == "tokens" and self.tokens is None:
            do = "add `tokens: {tokenizer: …}` to the recipe, or count in bytes"
            raise RecipeError("mixture.unit", "tokens without a tokenizer", "a `tokens` part", do)

    def _check_limits(self) -> None:
        known = [rule.reason for rule in self.all_rules()]
        known += [f"{word}.{group.label}" for group in self.dedup for word in ("duplicate", "emptied")]
        for reason in self.limits.max_dropped_share_by:
            if reason not in known:
                place = f"limits.max_dropped_share_by.{reason}"
                raise RecipeError(place, f"`{reason}`", "the reason of a rule or grouping", nearest(reason, known))

    def _check_rules(self) -> None:
        known = dict(MEASURED)
        for number, part in enumerate(self.clean):
            if isinstance(part, Step):
                _check_needs(f"clean[{number}].{part.label}", part.operator.needs(), known)
                known.update(part.adds())
                continue
            _check_attributes(
                f"clean[{number}].gate", part.rules, {k: v for k, v in known.items() if k not in MEASURED}
            )
        _check_attributes("rules", self.rules, known)


def _once(where: str, names: Sequence[str]) -> None:
    for name in sorted(set(names)):
        if list(names).count(name) > 1:
            raise RecipeError(
                where, f"`{name}` twice", "each name once", "rename one, or give a step a label with `as`"
            )


def _out_of_place(where: str, step: Step, expected: str, other: str) -> RecipeError:
    kind = step.operator.contract.kind
    return RecipeError(where, f"`{step.label}`, which is of kind {kind}", expected, f"move it to `{other}`")


def _check_needs(where: str, needs: Sequence[str], known: Collection[str]) -> None:
    for attribute in needs:
        if attribute not in known:
            operator = attribute.partition(".")[0]
            do = f"add `{operator}` to `clean` before it"
            raise RecipeError(where, f"reads `{attribute}`, which nothing adds before it", "a measured attribute", do)


def _check_words(where: str, attributes: Sequence[str], known: Mapping[str, pa.DataType]) -> None:
    for name in attributes:
        if name not in known or not pa.types.is_string(known[name]):
            words = [each for each, kind in known.items() if pa.types.is_string(kind)]
            raise RecipeError(where, f"`{name}`", "an attribute with words", nearest(name, words))


def _check_attributes(where: str, rules: Sequence[Rule], known: dict[str, pa.DataType]) -> None:
    for rule, attribute in _used_attributes(rules):
        place = f"{where}.{rule.reason}"
        if attribute not in known:
            do = nearest(attribute, known)
            raise RecipeError(
                place, f"attribute `{attribute}`, which nothing adds before it", "a measured attribute", do
            )
        wants: Literal["words", "numbers"] = (
            "words" if attribute in rule.conditions() or rule.compares_words else "numbers"
        )
        if (wants == "words") != pa.types.is_string(known[attribute]):
            expected = (
                f"limits for {'words (allow, deny)' if wants == 'numbers' else 'numbers (min, max, above, below)'}"
            )
            raise RecipeError(
                place, f"`{attribute}` of type {known[attribute]}", expected, "use the other kind of limit"
            )


def _used_attributes(rules: Sequence[Rule]) -> Iterator[tuple[Rule, str]]:
    for rule in rules:
        yield rule, rule.attribute
        for attribute in rule.conditions():
            yield rule, attribute
