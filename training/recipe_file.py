"""Training recipes as YAML 1.2: read strictly, changed by `--set`, written back with every default filled in."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError

from curation.errors import RecipeError, nearest

__all__ = ["dump_recipe", "load_recipe", "parse_recipe"]

Model = TypeVar("Model", bound=BaseModel)


def load_recipe(model: type[Model], path: Path, overrides: Sequence[str] = ()) -> Model:
    """The recipe in a file, or one that comes with Gristmill by its name. Paths in it start where the command runs."""
    own = Path(__file__).with_name("recipes") / f"{path}.yaml"
    path = path if path.is_file() or not own.is_file() else own
    if not path.is_file():
        known = sorted(each.stem for each in own.parent.glob("*.yaml"))
        raise RecipeError(str(path), "no file", "a training recipe in YAML", nearest(str(path), known))
    return parse_recipe(model, path.read_text("utf-8"), path.name, overrides)


def parse_recipe(model: type[Model], text: str, name: str = "recipe", overrides: Sequence[str] = ()) -> Model:
    """Raises RecipeError with the file, the line of a syntax mistake, or the path of a wrong value."""
    data = _parse_yaml(text, name)
    for override in overrides:
        _apply_override(data, override)
    try:
        return model.model_validate_json(json.dumps(data))
    except ValidationError as error:
        raise _explained(error, model, name) from None


def dump_recipe(recipe: BaseModel) -> str:
    stream = io.StringIO()
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.width = 120
    yaml.dump(recipe.model_dump(mode="json"), stream)
    return stream.getvalue()


def _parse_yaml(text: str, name: str) -> Any:
    try:
        data = YAML(typ="safe", pure=True).load(text)
    except DuplicateKeyError as error:
        raise RecipeError(_line(name, error), "a key twice", "each key once", "remove one of them") from None
    except MarkedYAMLError as error:
        raise RecipeError(_line(name, error), str(error.problem), "YAML 1.2", "mend the syntax") from None
    if not isinstance(data, dict):
        raise RecipeError(name, f"a {type(data).__name__}", "a mapping", "see the recipes in training/recipes")
    return data


def _line(name: str, error: MarkedYAMLError) -> str:
    return f"{name}:{error.problem_mark.line + 1}" if error.problem_mark else name


def _apply_override(data: Any, override: str) -> None:
    """Set one value: `model.size=14m`; items of lists by number: `data.0.weight=2`."""
    path, sign, value = override.partition("=")
    where = f"--set {override}"
    if not sign or not path:
        raise RecipeError(where, "no `=`", "path=value", "for example --set optimizer.lr=0.001")
    *parents, last = path.split(".")
    node = data
    for part in parents:
        node = node[_index(node, part, where)] if isinstance(node, list) else _child(node, part, where)
    if isinstance(node, list):
        node[_index(node, last, where)] = YAML(typ="safe", pure=True).load(value)
    else:
        _child(node, None, where)[last] = YAML(typ="safe", pure=True).load(value)


def _child(node: Any, part: str | None, where: str) -> Any:
    if not isinstance(node, dict):
        raise RecipeError(where, "a path into a single value", "a mapping or a list", "shorten the path")
    return node if part is None else node.setdefault(part, {})


def _index(items: list[Any], part: str, where: str) -> int:
    if not part.isdigit() or int(part) >= len(items):
        raise RecipeError(where, f"no item `{part}`", f"a number below {len(items)}", "count items from 0")
    return int(part)


def _explained(error: ValidationError, model: type[BaseModel], name: str) -> RecipeError:
    """The first complaint of pydantic, as where, found, expected, do."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"])
    place = f"{name} {field}".strip()
    if first["type"] == "extra_forbidden":
        known = _fields_at(model, first["loc"][:-1])
        return RecipeError(place, "an unknown field", "a field of the recipe", nearest(str(first["loc"][-1]), known))
    message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    found = "nothing" if first["type"] == "missing" else json.dumps(first.get("input"), default=str)[:60]
    return RecipeError(place, found, message, "mend the value")


def _fields_at(model: type[BaseModel], place: Sequence[str | int]) -> list[str]:
    """Names of the fields that are known where a complaint stands."""
    schema = model.model_json_schema()
    node: Any = schema
    for part in place:
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, node)
        for choice in node.get("anyOf", []):
            node = choice if "$ref" in choice else node
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].rpartition("/")[2]]
    return list(node.get("properties", schema["properties"]))
