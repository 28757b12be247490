"""Recipes as YAML 1.2: read with the place of every mistake, changed by `--set`, written back whole."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedBase
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.scalarstring import ScalarString

from curation.errors import RecipeError, nearest
from curation.recipe import (
    AugmentationOptions,
    Card,
    DatasetOptions,
    Gate,
    Group,
    Limits,
    Mixture,
    Recipe,
    Step,
    TokenOptions,
)
from curation.registry import Room, load
from curation.rule_sets import written_out
from curation.rules import Rule

__all__ = ["dump_recipe", "load_recipe", "parse_recipe"]

_YAML_11_BOOLEANS = {"yes", "no", "on", "off", "y", "n"}


def load_recipe(path: Path, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe in a file, with `a.b=c` overrides applied. Raises RecipeError that names file, line and path."""
    if not path.is_file():
        raise RecipeError(str(path), "no file", "a recipe in YAML", "see `gristmill new --list` for a start")
    return parse_recipe(path.read_text("utf-8"), path.name, overrides)


def parse_recipe(text: str, name: str = "recipe", overrides: Sequence[str] = ()) -> Recipe:
    data = _parse_yaml(text, name)
    for part in ("clean", "rules"):
        if part in data:
            data[part] = written_out(data[part], part, name)
    builder = _Builder(name, data)
    for override in overrides:
        _apply_override(data, override)
    return builder.recipe()


def dump_recipe(recipe: Recipe) -> str:
    """YAML with every default filled in; reading it gives the same recipe."""
    data = {
        "name": recipe.name,
        "sources": [{source.format: source.model_dump(mode="json")} for source in recipe.sources],
        "clean": [_dump_part(part) for part in recipe.clean],
        "rules": [_dump_rule(rule) for rule in recipe.rules],
        "dedup": [{group.grouping.contract.name: _labelled(group.label, group.grouping)} for group in recipe.dedup],
        "previous": list(recipe.previous),
        "augment": [_dump_part(part) for part in recipe.augment],
        "augmentation": recipe.augmentation.model_dump(mode="json"),
        "dataset": recipe.dataset.model_dump(mode="json"),
        **_dump_optional("mixture", recipe.mixture),
        **_dump_optional("tokens", recipe.tokens),
        "limits": recipe.limits.model_dump(mode="json"),
        "card": recipe.card.model_dump(mode="json"),
    }
    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 120
    yaml.dump(_quoted(data), stream)
    return stream.getvalue()


def _dump_optional(key: str, options: BaseModel | None) -> dict[str, Any]:
    return {} if options is None else {key: options.model_dump(mode="json", exclude_none=True)}


def _dump_part(part: Step | Gate) -> dict[str, Any]:
    if isinstance(part, Gate):
        return {"gate": [_dump_rule(rule) for rule in part.rules]}
    return {part.operator.contract.name: _labelled(part.label, part.operator)}


def _dump_rule(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(mode="json", exclude_none=True)


def _labelled(label: str, component: Any) -> dict[str, Any]:
    extra = {} if label == component.contract.name else {"as": label}
    return {**extra, **component.model_dump(mode="json")}


def _quoted(value: Any) -> Any:
    """The same data with words that YAML 1.1 takes for booleans in quotes."""
    from ruamel.yaml.scalarstring import DoubleQuotedScalarString

    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    return DoubleQuotedScalarString(value) if isinstance(value, str) and value.lower() in _YAML_11_BOOLEANS else value


def _parse_yaml(text: str, name: str) -> Any:
    yaml = YAML()
    yaml.preserve_quotes = True
    try:
        data = yaml.load(text)
    except DuplicateKeyError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 0
        key = str(error.problem).partition('"')[2].partition('"')[0]
        raise RecipeError(f"{name}:{line}", f"the key `{key}` twice", "each key once", "remove one of them") from None
    except MarkedYAMLError as error:
        line = (error.problem_mark.line + 1) if error.problem_mark else 0
        raise RecipeError(f"{name}:{line}", str(error.problem), "YAML 1.2", "mend the syntax") from None
    if not isinstance(data, dict):
        raise RecipeError(
            name, f"a {type(data).__name__}", "a mapping with `name` and `sources`", "see `gristmill new`"
        )
    _refuse_old_booleans(data, name)
    return data


def _refuse_old_booleans(node: Any, name: str) -> None:
    """An unquoted `no` is a word here and false in YAML 1.1 tools; ask which one is meant."""
    if not isinstance(node, (dict, list)):
        return
    for key, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, str) and not isinstance(value, ScalarString) and value.lower() in _YAML_11_BOOLEANS:
            do = f'write "{value}" for the word, or true or false for the switch'
            raise RecipeError(_place(name, node, key), f"the unquoted word `{value}`", "a word in quotes", do)
        _refuse_old_booleans(value, name)


def _place(name: str, node: Any, key: Any = None) -> str:
    """file:line of a key or item, as far as YAML remembers it."""
    if not isinstance(node, CommentedBase):
        return name
    try:
        line = node.lc.data[key][0] if key is not None else node.lc.line
    except (KeyError, TypeError, IndexError):
        line = node.lc.line
    return f"{name}:{line + 1}" if line is not None else name


def _apply_override(data: Any, override: str) -> None:
    """Set one value. List items are named by number, operator, source name or reason of a rule."""
    path, sign, value = override.partition("=")
    where = f"--set {override}"
    if not sign or not path:
        raise RecipeError(where, "no `=`", "path=value", "for example --set rules.too_few_words.min=40")
    node = data
    *parents, last = path.split(".")
    for part in parents:
        node = _step_into(node, part, where)
    parsed = YAML(typ="safe").load(value)
    if isinstance(node, list):
        node[_position(node, last, where)] = parsed
    elif isinstance(node, dict):
        node[last] = parsed
    else:
        raise RecipeError(where, f"`{path}` inside a single value", "a mapping or a list", "shorten the path")


def _step_into(node: Any, part: str, where: str) -> Any:
    if isinstance(node, list):
        item = node[_position(node, part, where)]
        if not isinstance(item, dict) or len(item) != 1:
            return item
        ((name, parameters),) = item.items()  # `- name: {parameters}`: the path goes on inside
        if parameters is None:
            parameters = item[name] = {}
        return parameters
    if isinstance(node, dict):
        return node.setdefault(part, {})
    raise RecipeError(where, f"`{part}` inside a single value", "a mapping or a list", "shorten the path")


def _position(items: list[Any], part: str, where: str) -> int:
    if part.isdigit() and int(part) < len(items):
        return int(part)
    named: dict[str, int] = {}
    for number, item in enumerate(items):
        if isinstance(item, str):
            items[number] = item = {item: {}}
        named.update(dict.fromkeys(_names_of(item), number))
    if part not in named:
        raise RecipeError(where, f"no item `{part}`", "an item of the list", nearest(part, named))
    return named[part]


def _names_of(item: Any) -> list[str]:
    if not isinstance(item, dict):
        return []
    own = [str(item[key]) for key in ("name", "reason") if key in item]
    if own:
        return own
    inner = [str(value["name"]) for value in item.values() if isinstance(value, dict) and "name" in value]
    labels = [str(value["as"]) for value in item.values() if isinstance(value, dict) and "as" in value]
    return [*map(str, item), *inner, *labels]


class _Builder:
    """Turns parsed YAML into the recipe, keeping hold of where everything stood."""

    _FIELDS = (
        *("name", "sources", "clean", "rules", "dedup", "previous"),
        *("augment", "augmentation", "dataset", "mixture", "tokens", "limits", "card"),
    )

    def __init__(self, name: str, data: Any) -> None:
        self._name, self._data = name, data

    def recipe(self) -> Recipe:
        data = self._data
        for key in data:
            if key not in self._FIELDS:
                where = _place(self._name, data, key)
                raise RecipeError(where, f"unknown key `{key}`", "a part of a recipe", nearest(str(key), self._FIELDS))
        parts: dict[str, Any] = {"name": str(data.get("name") or "")}
        parts["sources"] = tuple(self._source(item, at) for item, at in self._items(data, "sources"))
        parts["clean"] = tuple(self._clean_part(item, at) for item, at in self._items(data, "clean"))
        parts["dedup"] = tuple(self._group(item, at) for item, at in self._items(data, "dedup"))
        parts["previous"] = tuple(str(item) for item, _ in self._items(data, "previous"))
        parts["augment"] = tuple(self._step(item, at) for item, at in self._items(data, "augment"))
        if "rules" in data:
            parts["rules"] = tuple(rule for item, at in self._items(data, "rules") for rule in self._rules(item, at))
        models: tuple[tuple[str, type[BaseModel]], ...] = (
            ("augmentation", AugmentationOptions),
            ("dataset", DatasetOptions),
            ("mixture", Mixture),
            ("tokens", TokenOptions),
            ("limits", Limits),
            ("card", Card),
        )
        for key, model in models:
            if key in data:
                parts[key] = self._model(model, data[key], _place(self._name, data, key), key)
        return self._whole(parts)

    def _whole(self, parts: dict[str, Any]) -> Recipe:
        try:
            return Recipe(**parts)
        except ValidationError as error:
            raise self._explained(error, Recipe, self._name, "") from None
        except RecipeError as error:
            raise RecipeError(f"{self._name}: {error.where}", error.found, error.expected, error.do) from None

    def _items(self, data: Any, key: str) -> list[tuple[Any, str]]:
        """Items of a list with their places."""
        items = data.get(key) or []
        if not isinstance(items, list):
            where, found = _place(self._name, data, key), f"a {type(items).__name__} under `{key}`"
            raise RecipeError(where, found, "a list", f"begin each item of `{key}` with a dash")
        return [(item, f"{_place(self._name, items, number)} {key}[{number}]") for number, item in enumerate(items)]

    def _component(self, room: Room, item: Any, at: str) -> tuple[Any, str]:
        """(object, label) from `name` or `{name: {parameters}}`."""
        if isinstance(item, str):
            item = {item: {}}
        if not isinstance(item, dict) or len(item) != 1:
            raise RecipeError(
                at, f"{_kind(item)}", f"one {room} with its parameters", "write `- name: {parameter: value}`"
            )
        ((name, parameters),) = item.items()
        model = load(room, str(name), at)
        parameters = dict(parameters or {})
        label = str(parameters.pop("as", "")) if room != "source" else ""
        return self._model(model, parameters, at, str(name)), label

    def _source(self, item: Any, at: str) -> Any:
        return self._component("source", item, at)[0]

    def _step(self, item: Any, at: str) -> Step:
        operator, label = self._component("operator", item, at)
        return Step(operator=operator, label=label)

    def _group(self, item: Any, at: str) -> Group:
        grouping, label = self._component("grouping", item, at)
        return Group(grouping=grouping, label=label)

    def _clean_part(self, item: Any, at: str) -> Step | Gate:
        if isinstance(item, dict) and list(item) == ["gate"]:
            rules = item["gate"] if isinstance(item["gate"], list) else [item["gate"]]
            return Gate(rules=tuple(rule for each in rules for rule in self._rules(each, f"{at}.gate")))
        return self._step(item, at)

    def _rules(self, item: Any, at: str) -> tuple[Rule, ...]:
        if not isinstance(item, dict):
            raise RecipeError(at, _kind(item), "a rule", "write `- {reason: …, attribute: …, min: …}`")
        return (self._model(Rule, item, at, str(item.get("reason", "rule"))),)

    def _model(self, model: type[BaseModel], values: Any, at: str, name: str) -> Any:
        if not isinstance(values, dict):
            raise RecipeError(at, _kind(values), f"parameters of `{name}`", "write them as a mapping")
        try:
            return model.model_validate_json(json.dumps(values, allow_nan=False), strict=True)
        except ValidationError as error:
            raise self._explained(error, model, at, name) from None
        except (TypeError, ValueError) as error:
            raise RecipeError(at, str(error), f"parameters of `{name}`", "write plain values") from None

    def _explained(self, error: ValidationError, model: type[BaseModel], at: str, name: str) -> RecipeError:
        """One complaint of pydantic as where, found, expected, do: a misspelt name before what it left missing."""
        first = min(error.errors(include_url=False), key=lambda each: each["type"] != "extra_forbidden")
        field = ".".join(str(part) for part in first["loc"])
        place = f"{at} {name}".strip() + (f".{field}" if field else "")
        known = [info.alias or key for key, info in model.model_fields.items()]
        if first["type"] == "extra_forbidden":
            return RecipeError(
                place, f"unknown parameter `{field}`", "a known parameter", nearest(field, [*known, "as"])
            )
        if first["type"] == "missing":
            return RecipeError(place, "nothing", f"a value for `{field}`", f"add `{field}`")
        message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        return RecipeError(place, _shown(first.get("input")), message, "mend the value")


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"a {type(value).__name__}"


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "…"
