"""Examples of a task, in train, validation and test, each with an id.

A single file is split by cluster: examples whose group (a field, or the prompt without case and spacing) is the same
fall into the same split, decided by a hash and so the same on every machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import IntegrityError, RecipeError, ResourceError, nearest
from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest
from curation.schema import document_id
from curation.shards import read_shard
from training.data.order import key_of
from training.finetuning.recipe import FinetuneRecipe, Task

__all__ = ["Example", "Examples", "read_examples"]

SPLITS = ("train", "validation", "test")
_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True)
class Example:
    id: str
    prompt: str
    response: str
    context: str = ""


@dataclass(frozen=True)
class Examples:
    """The examples of one task by split."""

    task: Task
    splits: dict[str, list[Example]]

    @property
    def fingerprint(self) -> str:
        return digest_of({split: [vars(example) for example in found] for split, found in self.splits.items()})

    def labels(self) -> list[str]:
        """Every response of the train split, sorted: the classes of a classification."""
        return sorted({example.response for example in self.splits["train"]})


def read_examples(recipe: FinetuneRecipe, task: Task) -> Examples:
    """Raises ResourceError, RecipeError or IntegrityError with the file and line; never shows the text."""
    path = Path(task.path)
    if path.is_file():
        rows = (_example(task, fields, place) for fields, place in _lines(path) if task.takes(fields))
        splits = _split(recipe, task, rows)
    else:
        splits = {
            split: [_example(task, fields, place) for fields, place in _rows(path, split) if task.takes(fields)]
            for split in SPLITS
        }
    if not splits["train"] or not splits["validation"]:
        found = f"{len(splits['train'])} examples for training and {len(splits['validation'])} for validation"
        raise RecipeError(f"task `{task.name}`", found, "some of both", "take more data or change `splits`")
    return Examples(task, {split: [example for example, _ in found] for split, found in splits.items()})


def _rows(folder: Path, split: str) -> Iterator[tuple[dict[str, Any], str]]:
    if (folder / MANIFEST).is_file():
        return _documents(folder, split)
    if (folder / "train.jsonl").is_file():
        path = folder / f"{split}.jsonl"
        return _lines(path) if path.is_file() else iter(())
    expected = "JSON lines, a folder with train.jsonl, or a dataset folder"
    raise ResourceError(str(folder), "none of these", expected, "check the path of the task")


def _lines(path: Path) -> Iterator[tuple[dict[str, Any], str]]:
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            place = f"{path.name}:{number}"
            try:
                fields = json.loads(line)
            except ValueError:
                fields = None
            if not isinstance(fields, dict):
                raise IntegrityError(place, "no JSON object", "one JSON object a line", "mend the line")
            yield fields, place


def _documents(folder: Path, split: str) -> Iterator[tuple[dict[str, Any], str]]:
    manifest = Manifest.read(folder / MANIFEST)
    for record in manifest.files:
        if record.path.startswith(f"{split}/data-"):
            yield from _shard_rows(folder, record)


def _shard_rows(folder: Path, record: Any) -> Iterator[tuple[dict[str, Any], str]]:
    for batch in read_shard(folder, record):
        for row in batch.select(["id", "text", "meta"]).to_pylist():
            yield {**json.loads(row["meta"] or "{}"), "text": row["text"] or "", "id": row["id"]}, row["id"]


def _example(task: Task, fields: dict[str, Any], place: str) -> tuple[Example, str]:
    """The example and its group."""
    filled = {
        name: _filled(template, fields, f"{place} (task `{task.name}`)")
        for name, template in (("prompt", task.prompt), ("response", task.response), ("context", task.context))
        if name != "context" or task.kind == "extract"
    }
    example = Example(id=str(fields.get("id") or document_id(task.path, place)), **filled)
    if task.kind == "extract" and example.response not in example.context:
        do = "remove the example or train a task of kind `answer`"
        raise IntegrityError(place, "an answer that does not stand in its context", "a part of the context", do)
    own = " ".join(f"{example.prompt} {example.context}".casefold().split())
    return example, str(fields[task.group]) if task.group in fields else own


def _filled(template: str, fields: dict[str, Any], place: str) -> str:
    def value(match: re.Match[str]) -> str:
        name = match.group(1)
        if name not in fields:
            raise RecipeError(place, f"no field `{name}`", "a field of the example", nearest(name, map(str, fields)))
        return str(fields[name])

    return _FIELD.sub(value, template)


def _split(
    recipe: FinetuneRecipe, task: Task, rows: Iterable[tuple[Example, str]]
) -> dict[str, list[tuple[Example, str]]]:
    found: dict[str, list[tuple[Example, str]]] = {split: [] for split in SPLITS}
    for example, group in rows:
        place = key_of("split", recipe.seed, group) / 2**64
        for split in SPLITS:
            place -= getattr(recipe.splits, split)
            if place < 0 or split == SPLITS[-1]:
                found[split].append((example, group))
                break
    return found
