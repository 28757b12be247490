"""`- use: gopher_quality/datatrove` in a recipe: published rule sets written out before anything else is read.

Under `clean` it stands for the operators that measure, under `rules` for the limits. What is written out can be changed
by `--set` like any other item.
"""

from __future__ import annotations

from typing import Any

from curation.dialects import RuleSet, rule_sets_named
from curation.errors import RecipeError

__all__ = ["written_out"]

_KEYS = {"use", "except"}


def written_out(items: Any, part: str, where: str) -> Any:
    """The list with every `use` replaced by what it stands for; an operator that is there already is not repeated."""
    if not isinstance(items, list) or not any(isinstance(item, dict) and "use" in item for item in items):
        return items
    expanded: list[Any] = []
    for number, item in enumerate(items):
        if not (isinstance(item, dict) and "use" in item):
            expanded.append(item)
            continue
        for new in _expanded(item, part, f"{where} {part}[{number}].use"):
            if part == "rules" or new not in expanded:
                expanded.append(new)
    return expanded


def _expanded(item: dict[str, Any], part: str, where: str) -> list[Any]:
    unknown = set(item) - _KEYS
    if unknown:
        raise RecipeError(where, f"`{min(unknown)}` beside `use`", "`use` and `except`", "change values with --set")
    rule_set, slash, dialect = str(item["use"]).partition("/")
    if not slash:
        do = "write it like gopher_quality/datatrove"
        raise RecipeError(where, f"`{rule_set}`", "a rule set and its dialect", do)
    parts = rule_sets_named(rule_set, dialect)
    return [_step(each) for each in parts] if part == "clean" else _rules(parts, set(item.get("except") or ()), where)


def _step(part: RuleSet) -> dict[str, Any]:
    return {part.operator: dict(part.parameters)}


def _rules(parts: tuple[RuleSet, ...], excluded: set[str], where: str) -> list[Any]:
    rules = [rule.model_dump(mode="json", exclude_none=True) for part in parts for rule in part.rules]
    unknown = excluded - {rule["reason"] for rule in rules}
    if unknown:
        known = ", ".join(rule["reason"] for rule in rules)
        raise RecipeError(where, f"`{min(unknown)}` under `except`", "a reason of the rule set", f"known: {known}")
    return [rule for rule in rules if rule["reason"] not in excluded]
