"""Which steps of a training run read a document: what a step reads is a function of the step, so nothing was recorded.

The answer holds for the very data the run was trained on, known by its fingerprint in `identity.json`: as they are, or
as they were before takedowns, whose certificates tell the positions. Where neither fits, that is the answer.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from curation.errors import GristmillError, ResourceError
from curation.files import digest_of, read_json
from curation.forgotten import FOLDER
from training.data.earlier import earlier_splits
from training.data.loader import Loader, Mixed
from training.data.mixture import Mixture
from training.data.plan import open_planned
from training.data.tokens import TokenSplit, tokens_folder
from training.finetuning.examples import read_examples
from training.finetuning.recipe import FinetuneRecipe
from training.recipe import TrainRecipe
from training.recipe_file import load_recipe
from training.watch.log import read_log

__all__ = ["Seen", "runs_beside", "steps_that_read"]

Steps = npt.NDArray[np.int64]
Taken = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Seen:
    """`steps` are numbers of steps, from 1, among the `done` first ones that read one of the documents; None where that
    cannot be told, and `why` says why not. `checkpoints` of the run have been through at least one of them.

    `data` is the fingerprint of what it was trained on. `examples`, of a fine-tuning: by task the number of examples it
    was trained on, and which of them are taken out, now and before.
    """

    run: str
    done: int
    steps: tuple[int, ...] | None
    checkpoints: tuple[str, ...] = ()
    why: str = ""
    data: str | None = None
    examples: Taken = field(default_factory=dict)


def runs_beside(dataset: Path) -> list[Path]:
    """Training runs in the folders around a dataset or its run, two levels deep."""
    around = dataset.parent.parent if dataset.name == "dataset" else dataset.parent
    found = {path.parent for pattern in ("*/identity.json", "*/*/identity.json") for path in around.glob(pattern)}
    return sorted(path for path in found if (path / "recipe.resolved.yaml").is_file())


def steps_that_read(run: Path, dataset: Path, ids: Sequence[str]) -> Seen | None:
    """None for a run that was not trained on the dataset. Raises ResourceError where there is no run."""
    recipe, identity = run / "recipe.resolved.yaml", run / "identity.json"
    if not recipe.is_file() or not identity.is_file():
        do = "give a folder that `gristmill train` or `finetune` wrote"
        raise ResourceError(str(run), "no training run", "recipe.resolved.yaml and identity.json", do)
    parts = YAML(typ="safe", pure=True).load(recipe.read_text("utf-8"))
    fields = parts.get("tasks") or parts.get("data") or []
    if not any(_is_of(Path(str(part.get("path"))), dataset) for part in fields):
        return None
    done, data = _done(run), read_json(identity).get("data")
    try:
        tell = _finetuned if "tasks" in parts else _pretrained
        told = tell(recipe, dataset, ids, data, done)
    except GristmillError as error:
        return Seen(str(run), done, None, why=f"its data cannot be read any more: {error.found}")
    if told is None:
        return Seen(str(run), done, None, why="it was trained on another state of the data")
    steps, examples = told
    numbers = tuple((np.unique(steps) + 1).tolist())
    return Seen(str(run), done, numbers, _checkpoints(run, numbers), data=data, examples=examples)


def _is_of(path: Path, dataset: Path) -> bool:
    places = {dataset, dataset / "tokens", dataset.parent if dataset.name == "dataset" else dataset}
    return path.resolve() in {place.resolve() for place in places}


def _done(run: Path) -> int:
    logged = [entry["step"] for entry in read_log(run / "log.jsonl")]
    return max([0, *logged, *(_step_of(path) for path in (run / "checkpoints").glob("step-*"))])


def _step_of(checkpoint: Path) -> int:
    return int(checkpoint.name.rpartition("-")[2])


def _checkpoints(run: Path, steps: Sequence[int]) -> tuple[str, ...]:
    if not steps:
        return ()
    folders = sorted((run / "checkpoints").glob("step-*"))
    return tuple(path.name for path in folders if _step_of(path) >= min(steps))


def _pretrained(path: Path, dataset: Path, ids: Sequence[str], data: Any, done: int) -> tuple[Steps, Taken] | None:
    recipe = load_recipe(TrainRecipe, path)
    for mixture in _states(recipe):
        loader = Loader(mixture, length=recipe.context, batch=recipe.batch, seed=recipe.seed)
        if loader.fingerprint == data:
            break
    else:
        return None
    found = [np.zeros(0, np.int64)]
    own = tokens_folder(dataset).resolve()
    for number, part in enumerate(mixture):
        if part.split.root.resolve() == own:
            stretches = [stretch for each in ids for stretch in part.split.stretches_of(each)]
            windows = [loader.windows_over(number, *stretch) for stretch in stretches]
            if windows:
                found.append(loader.steps_with(number, np.unique(np.concatenate(windows)), done))
    return np.concatenate(found), {}


def _states(recipe: TrainRecipe) -> Iterator[list[Mixed]]:
    """The data of a recipe as they are; then as they were before takedowns, in every combination of datasets."""
    now = [open_planned(Path(part.path), part.split) for part in recipe.data]
    yield _mixed(recipe, now)
    parts: dict[Path, list[int]] = {}
    for number, split in enumerate(now):
        parts.setdefault(split.root.resolve(), []).append(number)
    states = [_states_of(now, numbers) for numbers in parts.values()]
    for chosen in itertools.islice(itertools.product(*states), 1, None):
        splits = {number: split for state in chosen for number, split in state.items()}
        yield _mixed(recipe, [splits[number] for number in range(len(now))])


def _states_of(now: Sequence[TokenSplit], numbers: Sequence[int]) -> list[dict[int, TokenSplit]]:
    """States of one dataset, the present one first: the splits of it that a recipe reads, by their numbers there."""
    every = [(now[number], *earlier_splits(now[number])) for number in numbers]
    return [dict(zip(numbers, state, strict=True)) for state in zip(*every, strict=False)]


def _mixed(recipe: TrainRecipe, splits: Sequence[TokenSplit]) -> list[Mixed]:
    return [Mixed(split, part.weight, part.max_epochs) for split, part in zip(splits, recipe.data, strict=True)]


def _finetuned(path: Path, dataset: Path, ids: Sequence[str], data: Any, done: int) -> tuple[Steps, Taken] | None:
    """With what a later takedown has to know of this one: the examples that go, by their numbers in the training."""
    recipe = load_recipe(FinetuneRecipe, path)
    examples = [read_examples(recipe, task) for task in recipe.tasks]
    lists = [each.splits["train"] for each in examples]
    gone: list[Sequence[int]] = [[] for _ in lists]
    if digest_of([each.fingerprint for each in examples]) != data:
        earlier = _taken_before(dataset, data)
        gone = [earlier.get(task.name, {}).get("rows", []) for task in recipe.tasks]
        promised = [earlier.get(task.name, {}).get("size") for task in recipe.tasks]
        if promised != [len(list_) + len(rows) for list_, rows in zip(lists, gone, strict=True)]:
            return None
    sizes = [len(list_) + len(rows) for list_, rows in zip(lists, gone, strict=True)]
    left = [np.setdiff1d(np.arange(size), rows) for size, rows in zip(sizes, gone, strict=True)]
    weights = [task.weight or size ** (1 / recipe.temperature) for task, size in zip(recipe.tasks, sizes, strict=True)]
    order = Mixture(sizes, weights, [task.name for task in recipe.tasks], recipe.seed)
    own = [_is_of(Path(task.path), dataset) for task in recipe.tasks]
    wanted = [n[_rows(list_, ids)] if mine else n[:0] for n, list_, mine in zip(left, lists, own, strict=True)]
    steps = min(done, math.ceil(sum(sizes) * recipe.epochs / recipe.batch))
    tasks, places = order.samples(0, steps * recipe.batch)
    hits = [np.flatnonzero((tasks == number) & np.isin(places, rows)) for number, rows in enumerate(wanted)]
    every = [sorted([*old, *new.tolist()]) for old, new in zip(gone, wanted, strict=True)]
    facts = {t.name: {"size": n, "rows": rows} for t, n, rows in zip(recipe.tasks, sizes, every, strict=True)}
    return np.concatenate(hits) // recipe.batch, facts


def _taken_before(dataset: Path, data: Any) -> Taken:
    """What the last takedown said of the examples of a training on these data."""
    for path in sorted((dataset / FOLDER).glob("certificate-*.json"), reverse=True):
        for each in read_json(path)["training"]:
            if each.get("data") == data and each.get("examples"):
                return dict(each["examples"])
    return {}


def _rows(examples: Iterable[Any], ids: Sequence[str]) -> npt.NDArray[np.int64]:
    known = set(ids)
    return np.array([row for row, example in enumerate(examples) if example.id in known], np.int64)
