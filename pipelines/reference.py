"""The reference pages of the documentation, made from what the code says of itself: `python -m pipelines.reference`."""

from __future__ import annotations

import inspect
import sys
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import typer.main
from pydantic import BaseModel

from curation.dialects import rule_sets
from curation.mix.mixture import Phase
from curation.recipe import AugmentationOptions, Card, DatasetOptions, Limits, Mixture, Recipe, TokenOptions
from curation.registry import Room, load, names
from curation.rules import Rule
from pipelines.catalog import describe

__all__ = ["pages", "write"]

_MADE = "<!-- Made by `make reference` from the code. Edits here are lost. -->\n"
_ROOMS: tuple[tuple[Room, str], ...] = (
    ("source", "Where records come from: the list `sources` of a recipe."),
    ("operator", "What is done to documents one by one: the lists `clean` and `augment` of a recipe."),
    ("grouping", "What is done to documents in groups: the list `dedup` of a recipe."),
)


def pages() -> dict[str, str]:
    """Text of each page by its file name."""
    rooms = {f"{room}s.md": _room(room, about) for room, about in _ROOMS}
    others = {"rule-sets.md": _rule_sets(), "recipe.md": _recipe(), "command-line.md": _command_line()}
    return {name: f"{_MADE}\n{text.rstrip()}\n" for name, text in {**rooms, **others}.items()}


def write(folder: Path) -> None:
    """Write the pages, and take away others that were made before."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in pages() and old.read_text("utf-8").startswith(_MADE):
            old.unlink()
    for name, text in pages().items():
        (folder / name).write_text(text, "utf-8")


def _room(room: Room, about: str) -> str:
    known = names(room)
    index = " · ".join(f"[{name}](#{name})" for name in known)
    return "\n\n".join([f"# {room.capitalize()}s", about, index, *(_entry(room, name) for name in known)])


def _entry(room: Room, name: str) -> str:
    model = load(room, name, "registry")
    contract = getattr(model, "contract", None)
    version = contract.version if contract else model.version
    kind = f", {contract.kind}s" if room == "operator" else ""
    parts = [f"## {name}", f"Version {version}{kind}.", *_words(model), _parameters(model)]
    added = getattr(contract, "adds", None)
    if added:
        rows = [(f"`{column}`", f"`{kind}`") for column, kind in added.items()]
        parts.append(_table(("attribute", "type"), rows))
    return _joined(parts)


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part for part in parts if part)


def _words(model: Any) -> list[str]:
    """The class's docstring; what follows the first paragraph keeps its columns, if it has any."""
    first, _, rest = inspect.cleandoc(model.__doc__ or "").partition("\n\n")
    columns = any("  " in line for line in rest.splitlines())
    return [first, f"```text\n{rest}\n```" if columns else rest]


def _parameters(model: type[BaseModel]) -> str:
    rows = [
        (
            f"`{name}`",
            _kind(info.annotation),
            "required" if info.is_required() else _shown(info.get_default(call_default_factory=True)),
            info.description or "",
        )
        for name, info in model.model_fields.items()
    ]
    described = any(row[3] for row in rows)
    heads = ("parameter", "type", "default", "meaning") if described else ("parameter", "type", "default")
    return _table(heads, [row if described else row[:3] for row in rows]) if rows else ""


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        return ", ".join(f"{name}: {inner}" for name, inner in value.model_dump(mode="json").items()) or "its own"
    return "off" if value is None else f"`{value!r}`"


def _kind(annotation: Any) -> str:
    """A type as a reader of recipes would say it."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return ", ".join(f"`{word}`" for word in inner)
    if origin is Annotated:
        return _kind(inner[0])
    if origin in (Union, types.UnionType):
        return " or ".join(_kind(each) for each in inner if each is not type(None))
    if origin in (tuple, list):
        return f"list of {_kind(inner[0])}"
    if isinstance(origin, type) and len(inner) == 2:
        return f"{_kind(inner[0])}: {_kind(inner[1])}"
    return getattr(annotation, "__name__", str(annotation))


def _table(heads: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _rule_sets() -> str:
    known = [f"{part.name}/{part.dialect}" for part in rule_sets()]
    about = (
        "Published rules as data. `- use: NAME` stands under `clean` for what measures, under `rules` for the limits."
    )
    entries = [f"## {name}\n\n```text\n{_rule_set(name)}\n```" for name in dict.fromkeys(known)]
    return "\n\n".join(["# Rule sets", about, *entries])


def _rule_set(name: str) -> str:
    return describe(name).partition("\n\n")[2]


def _recipe() -> str:
    """The keys of a recipe, and every part that has parameters of its own."""
    listed = textwrap.dedent((inspect.getmodule(Recipe) or Recipe).__doc__ or "").split("\n\n")[1]
    parts = {
        "rules": Rule,
        "augmentation": AugmentationOptions,
        "dataset": DatasetOptions,
        "mixture": Mixture,
        "mixture.phases": Phase,
        "tokens": TokenOptions,
        "limits": Limits,
        "card": Card,
    }
    about = "A recipe is one YAML 1.2 file. `gristmill recipe schema` prints its JSON Schema for editors."
    entries = [_joined([f"## {name}", *_words(model), _parameters(model)]) for name, model in parts.items()]
    return _joined(["# Recipe", about, f"```text\n{textwrap.dedent(listed)}\n```", *entries])


def _command_line() -> str:
    from pipelines.cli import app

    entries = [f"## {name}\n\n```text\n{text}\n```" for name, text in _helps(typer.main.get_command(app), "gristmill")]
    return "\n\n".join(["# Command line", "What `--help` prints for each command.", *entries])


def _helps(command: Any, name: str, parent: Any = None) -> Iterator[tuple[str, str]]:
    """(command with its groups, its help) of each command below this one."""
    settings = {**command.context_settings, "terminal_width": 110, "max_content_width": 110}
    context = command.context_class(command, info_name=name, parent=parent, **settings)
    if not hasattr(command, "commands"):
        yield context.command_path, command.get_help(context)
        return
    for each in command.list_commands(context):
        yield from _helps(command.commands[each], each, context)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
