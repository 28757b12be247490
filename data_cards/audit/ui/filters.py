"""What a reader asks for, from the address of a page to SQL with parameters.

Names of columns come from the ledger's schema alone; every value that the reader gave is a parameter.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import urlencode

__all__ = ["FACETS", "Filter", "How", "Where", "parse", "quoted"]

How = Literal["words", "substring", "regex", "id"]
FACETS = {
    "state": "state",
    "reason": "reason",
    "source": "source",
    "language": "language.label",
    "split": "split",
}
NONE = "(none)"
_MOST_TEXT, _MOST_CHOICES, _MOST_OFFSET = 300, 50, 10_000_000


@dataclass(frozen=True)
class Where:
    sql: str
    parameters: list[object]


@dataclass(frozen=True)
class Filter:
    """`choices` are facets with the values asked for, `rule` a reason that documents fail, `ranges` ends of attributes.

    `order` is an attribute, `random` or empty (as in the ledger); `offset` counts documents.
    """

    text: str = ""
    how: How = "words"
    stage: str = "clean"
    choices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    rule: str = ""
    ranges: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    attribute: str = ""
    order: str = ""
    descending: bool = False
    offset: int = 0

    def query(self, **changes: object) -> str:
        """The filter as the query of an address; `changes` replace fields."""
        chosen = replace(self, **changes)  # type: ignore[arg-type]
        pairs = [("q", chosen.text), ("how", chosen.how if chosen.text else ""), ("rule", chosen.rule)]
        pairs += [("stage", chosen.stage if chosen.text and chosen.stage != "clean" else "")]
        pairs += [(name, value) for name, values in chosen.choices.items() for value in values]
        pairs += [(f"{end}.{name}", repr(value)) for name, end, value in chosen.ends()]
        pairs += [("attribute", chosen.attribute), ("order", chosen.order), ("down", "1" if chosen.descending else "")]
        pairs += [("offset", str(chosen.offset) if chosen.offset else "")]
        return urlencode([(name, value) for name, value in pairs if value])

    def ends(self) -> list[tuple[str, str, float]]:
        """(attribute, min or max, value) of every end of a range."""
        both = [(name, *pair) for name, ends in self.ranges.items() for pair in zip(("min", "max"), ends, strict=True)]
        return [(name, end, value) for name, end, value in both if value is not None]

    def without(self, facet: str) -> Filter:
        return replace(self, choices={name: values for name, values in self.choices.items() if name != facet})

    def where(self, rules: Sequence[str], hits: str | None) -> Where:
        """Conditions over the table `ledger`; `hits` names a table of the numbers that the text search found."""
        parts, parameters = ["true"], []
        for facet, values in self.choices.items():
            named = [value for value in values if value != NONE]
            parts.append(_one_of(facet, len(named), NONE in values))
            parameters += named
        for name, end, value in self.ends():
            parts.append(f"{quoted(name)} {'>=' if end == 'min' else '<='} ?")
            parameters.append(value)
        if self.rule:
            parts.append(quoted(f"fails.{rules.index(self.rule)}"))
        if hits is not None:
            parts.append(f"n IN (SELECT n FROM {hits})")  # noqa: S608  a name of ours
        return Where(" AND ".join(parts), parameters)

    def ordering(self) -> str:
        if self.order == "random":
            return "hash(id), n"
        if self.order:
            return f"{quoted(self.order)} {'DESC' if self.descending else 'ASC'} NULLS LAST, n"
        return "n"


def _one_of(facet: str, named: int, none: bool) -> str:
    """Condition that a facet has one of `named` values, which come as parameters, or none at all."""
    marks = ", ".join("?" * named)
    if facet == "label":
        ways = [f"n IN (SELECT n FROM labels WHERE label IN ({marks}))"] if named else []  # noqa: S608
        ways += ["n NOT IN (SELECT n FROM labels)"] if none else []
    else:
        column = quoted(FACETS[facet])
        ways = [f"{column} IN ({marks})"] if named else []
        ways += [f"{column} IS NULL"] if none else []
    return f"({' OR '.join(ways)})"


def quoted(name: str) -> str:
    """An identifier for SQL."""
    return '"' + name.replace('"', '""') + '"'


def parse(
    pairs: Iterable[tuple[str, str]], columns: Sequence[str], numbers: Sequence[str], rules: Sequence[str]
) -> Filter:
    """Whatever is unknown, empty or out of range is left out."""
    given: dict[str, list[str]] = {}
    for name, value in pairs:
        given.setdefault(name, []).append(value)
    one = {name: values[-1].strip() for name, values in given.items()}
    choices = {
        facet: tuple(dict.fromkeys(value for value in given[facet] if value))[:_MOST_CHOICES]
        for facet, column in {**FACETS, "label": ""}.items()
        if facet in given and (column in columns or facet == "label")
    }
    ranges = {name: (_number(one.get(f"min.{name}")), _number(one.get(f"max.{name}"))) for name in numbers}
    how = one.get("how", "words")
    order = one.get("order", "")
    offset = one.get("offset", "")
    return Filter(
        text=one.get("q", "")[:_MOST_TEXT],
        how=how if how in ("words", "substring", "regex", "id") else "words",  # type: ignore[arg-type]
        stage="collect" if one.get("stage") == "collect" else "clean",
        choices={facet: values for facet, values in choices.items() if values},
        rule=one.get("rule", "") if one.get("rule", "") in rules else "",
        ranges={name: ends for name, ends in ranges.items() if ends != (None, None)},
        attribute=one.get("attribute", "") if one.get("attribute", "") in numbers else "",
        order=order if order == "random" or order in numbers else "",
        descending=one.get("down") == "1",
        offset=min(int(offset), _MOST_OFFSET) if offset.isascii() and offset.isdigit() else 0,
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
