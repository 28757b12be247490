"""Sources, operators and groupings between their recipe form in a unit and the objects that work; opened once."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from curation.collect.source import Source
from curation.operator import Operator
from curation.recipe import Gate, Group, Step
from curation.registry import load
from curation.rules import Rule

__all__ = ["group_of", "pack_group", "pack_part", "pack_source", "parts_of", "rules_of", "source_of"]


def pack_source(source: Source) -> dict[str, Any]:
    return {"format": source.format, "parameters": source.model_dump(mode="json")}


def pack_part(part: Step | Gate) -> dict[str, Any]:
    if isinstance(part, Gate):
        return {"gate": [rule.model_dump(mode="json") for rule in part.rules]}
    name = part.operator.contract.name
    return {"operator": name, "label": part.label, "parameters": part.operator.model_dump(mode="json")}


def pack_group(group: Group) -> dict[str, Any]:
    grouping = group.grouping
    name = grouping.contract.name
    return {"grouping": name, "label": group.label, "parameters": grouping.model_dump(mode="json")}


def source_of(packed: dict[str, Any]) -> Source:
    model = load("source", packed["format"], "unit")
    source: Source = model.model_validate_json(json.dumps(packed["parameters"]))
    return source


def parts_of(packed: list[dict[str, Any]]) -> tuple[Step | Gate, ...]:
    """Steps and gates, operators opened. The same list gives the same objects again, so a worker opens models once."""
    return _parts(json.dumps(packed, sort_keys=True))


@lru_cache(maxsize=4)
def _parts(packed: str) -> tuple[Step | Gate, ...]:
    return tuple(_part(part) for part in json.loads(packed))


def _part(packed: dict[str, Any]) -> Step | Gate:
    if "gate" in packed:
        return Gate(rules=rules_of(packed["gate"]))
    model = load("operator", packed["operator"], "unit")
    operator: Operator = model.model_validate_json(json.dumps(packed["parameters"]))
    operator.open()
    return Step(operator=operator, label=packed["label"])


def group_of(packed: dict[str, Any]) -> Group:
    model = load("grouping", packed["grouping"], "unit")
    grouping = model.model_validate_json(json.dumps(packed["parameters"]))
    return Group(grouping=grouping, label=packed["label"])


def rules_of(packed: list[dict[str, Any]]) -> tuple[Rule, ...]:
    return tuple(Rule.model_validate_json(json.dumps(rule)) for rule in packed)
