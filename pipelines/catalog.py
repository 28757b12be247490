"""What can stand in a recipe: every source, operator and grouping with its parameters, and the recipe's JSON Schema."""

from __future__ import annotations

import inspect
from typing import Any, get_args

from pydantic import BaseModel

from curation import fineweb2
from curation.dialects import rule_sets, rule_sets_named
from curation.errors import RecipeError, nearest
from curation.recipe import AugmentationOptions, Card, DatasetOptions, Limits, Mixture, TokenOptions
from curation.registry import Room, load, names
from curation.rules import Rule

__all__ = ["describe", "describe_all", "recipe_schema"]

_ROOMS: tuple[Room, ...] = get_args(Room)


def describe_all() -> str:
    """One line for each name, by room."""
    lines: list[str] = []
    for room in _ROOMS:
        lines.append(f"{room}s")
        for name in names(room):
            lines.append(f"  {name:<24} {_first_line(load(room, name, 'registry'))}")
    lines.append("rule sets (- use: NAME, under clean for what measures and under rules for the limits)")
    for name, source in _rule_sets().items():
        lines.append(f"  {name:<28} {source}")
    return "\n".join([*lines, "", "`gristmill ops NAME` shows parameters, defaults, attributes and limits."])


def describe(name: str) -> str:
    """Everything about one name. Raises RecipeError for an unknown one."""
    for room in _ROOMS:
        if name in names(room):
            return _described(room, name, load(room, name, "registry"))
    if name in _rule_sets():
        return _rule_set(name)
    if name == "fineweb2":
        return _fineweb2()
    everything = [*(known for room in _ROOMS for known in names(room)), *_rule_sets(), "fineweb2"]
    raise RecipeError(f"ops {name}", "an unknown name", "a source, operator or grouping", nearest(name, everything))


def _rule_sets() -> dict[str, str]:
    """Published rule sets by the name that recipes use, with their source."""
    return {f"{part.name}/{part.dialect}": part.source for part in rule_sets()}


def _rule_set(name: str) -> str:
    lines = [f"rule set {name}"]
    for part in rule_sets_named(*name.split("/")):
        version = load("operator", part.operator, "registry").contract.version
        given = ", ".join(f"{key}: {value}" for key, value in part.parameters.items())
        lines += [
            "",
            f"source    {part.source}",
            f"measured  {part.operator}, version {version}, {{{given}}}",
            "limits",
        ]
        for rule in part.rules:
            limits = rule.model_dump(
                mode="json", exclude={"reason", "attribute", "by", "limits"}, exclude_none=True, exclude_defaults=True
            )
            shown = ", ".join(f"{key} {value}" for key, value in limits.items())
            if rule.limits is not None:
                shown += f"; others for {len(rule.limits)} values of {rule.by}: `gristmill ops fineweb2`"
            lines.append(f"  {rule.reason:<36} {rule.attribute:<54} {shown}")
    return "\n".join(lines)


def _fineweb2() -> str:
    """FineWeb-2's limits and stop words, language by language, and what holds for all others."""
    lines = [
        "fineweb2: limits by language, in the rule sets of this dialect (language, gopher_repetition, fineweb …)",
        "",
        f"source    {fineweb2.SOURCE} (huggingface/fineweb-2)",
        "others    (default) below: Gopher's, FineWeb's and BigScience's; their stop words are not judged",
        "columns",
        *(f"  {column:<14} {kind} of {attribute}" for column, (attribute, kind, _) in fineweb2.LIMITS.items()),
        "language_score was found for GlotLID's probability",
        "",
    ]
    columns = list(fineweb2.LIMITS)
    lines.append(f"{'label':<10}{'config':<10}" + "".join(f"{column:>{_wide(column)}}" for column in columns))
    defaults = [f"{default:g}" for _, _, default in fineweb2.LIMITS.values()]
    rows = [("(default)", "", defaults, "")]
    for label, config in fineweb2.configs().items():
        rows.append((label, config.name, [f"{config.limits[c]:g}" for c in columns], " ".join(config.stop_words)))
    for label, name, values, words in rows:
        cells = "".join(f"{value:>{_wide(column)}}" for column, value in zip(columns, values, strict=True))
        lines.append(f"{label:<10}{name:<10}{cells}  {words}".rstrip())
    return "\n".join(lines)


def _wide(column: str) -> int:
    return max(len(column), 5) + 2


def _described(room: Room, name: str, model: Any) -> str:
    contract = getattr(model, "contract", None)
    version = contract.version if contract else model.version
    lines = [f"{room} {name}, version {version}", "", inspect.cleandoc(model.__doc__ or ""), "", "parameters"]
    for field, info in model.model_fields.items():
        default = "required" if info.is_required() else repr(info.get_default(call_default_factory=True))
        lines.append(f"  {field:<20} {_type(info.annotation):<28} {default}")
    if hasattr(model, "told_curve"):
        lines += ["", "chance that a pair is compared, by its Jaccard similarity, with the defaults"]
        lines.append(f"  {model().told_curve()}")
    added = getattr(contract, "adds", None)
    if added:
        lines += ["", "attributes", *(f"  {column:<40} {kind}" for column, kind in added.items())]
    return "\n".join(lines)


def _type(annotation: Any) -> str:
    return str(annotation).replace("typing.", "") if not isinstance(annotation, type) else annotation.__name__


def _first_line(model: Any) -> str:
    own = inspect.cleandoc(model.__doc__ or "")
    text = own if own else inspect.cleandoc(inspect.getmodule(model).__doc__ or "")  # type: ignore[union-attr]
    return text.split("\n\n")[0].replace("\n", " ")[:90]


def recipe_schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of recipe files, for completion and checks in editors."""
    definitions: dict[str, Any] = {}
    rule = _schema_of(Rule, definitions)
    step = _choice("operator", definitions)
    gate = {"type": "object", "properties": {"gate": {"type": "array", "items": rule}}, "additionalProperties": False}
    used = {
        "type": "object",
        "properties": {"use": {"enum": list(_rule_sets())}, "except": {"type": "array", "items": {"type": "string"}}},
        "required": ["use"],
        "additionalProperties": False,
    }
    properties = {
        "name": {"type": "string"},
        "sources": {"type": "array", "items": _choice("source", definitions), "minItems": 1},
        "clean": {"type": "array", "items": {"anyOf": [step, gate, used]}},
        "rules": {"type": "array", "items": {"anyOf": [rule, used]}},
        "dedup": {"type": "array", "items": _choice("grouping", definitions)},
        "previous": {"type": "array", "items": {"type": "string"}},
        "augment": {"type": "array", "items": step},
        "augmentation": _schema_of(AugmentationOptions, definitions),
        "dataset": _schema_of(DatasetOptions, definitions),
        "mixture": _schema_of(Mixture, definitions),
        "tokens": _schema_of(TokenOptions, definitions),
        "limits": _schema_of(Limits, definitions),
        "card": _schema_of(Card, definitions),
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Gristmill recipe",
        "type": "object",
        "properties": properties,
        "required": ["name", "sources"],
        "additionalProperties": False,
        "$defs": definitions,
    }


def _choice(room: Room, definitions: dict[str, Any]) -> dict[str, Any]:
    """A name alone, or a name with its parameters."""
    known = names(room)
    mappings = {name: {"anyOf": [_parameters(room, name, definitions), {"type": "null"}]} for name in known}
    mapping = {
        "type": "object",
        "properties": mappings,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    return {"anyOf": [{"enum": known}, mapping]}


def _parameters(room: Room, name: str, definitions: dict[str, Any]) -> dict[str, Any]:
    schema = _schema_of(load(room, name, "registry"), definitions)
    if room != "source":
        own = definitions[schema["$ref"].rpartition("/")[2]]
        own["properties"] = {"as": {"type": "string", "description": "label of the step"}, **own.get("properties", {})}
    return schema


def _schema_of(model: type[BaseModel], definitions: dict[str, Any]) -> dict[str, Any]:
    """A reference to the model's schema, which goes into `definitions` under the class's name."""
    schema = model.model_json_schema(ref_template="#/$defs/{model}")
    definitions.update(schema.pop("$defs", {}))
    definitions[model.__name__] = schema
    return {"$ref": f"#/$defs/{model.__name__}"}
