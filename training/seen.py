"""Which steps of a training run read a document: what a step reads is a function of the step, so nothing was recorded.

The answer holds for the very data the run was trained on, known by its fingerprint in `identity.json`. Where the data
are not there any more as they were, that is the answer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from ruamel.yaml import YAML

from curation.errors import GristmillError, ResourceError
from curation.files import digest_of, read_json
from training.data.loader import Loader, Mixed
from training.data.mixture import Mixture
from training.data.plan import open_planned
from training.data.tokens import tokens_folder
from training.finetuning.examples import read_examples
from training.finetuning.recipe import FinetuneRecipe
from training.recipe import TrainRecipe
from training.recipe_file import load_recipe
from training.watch.log import read_log

__all__ = ["Seen", "runs_beside", "steps_that_read"]

Steps = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Seen:
    """`steps` are numbers of steps, from 1, among the `done` first ones that read one of the documents; None where that
    cannot be told, and `why` says why not. `checkpoints` of the run have been through at least one of them.
    """

    run: str
    done: int
    steps: tuple[int, ...] | None
    checkpoints: tuple[str, ...] = ()
    why: str = ""


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
    done = _done(run)
    try:
        tell = _finetuned if "tasks" in parts else _pretrained
        steps = tell(recipe, dataset, ids, read_json(identity).get("data"), done)
    except GristmillError as error:
        return Seen(str(run), done, None, why=f"its data cannot be read any more: {error.found}")
    if steps is None:
        return Seen(str(run), done, None, why="it was trained on another state of the data")
    numbers = tuple((np.unique(steps) + 1).tolist())
    return Seen(str(run), done, numbers, _checkpoints(run, numbers))


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


def _pretrained(path: Path, dataset: Path, ids: Sequence[str], data: Any, done: int) -> Steps | None:
    recipe = load_recipe(TrainRecipe, path)
    mixture = [Mixed(open_planned(Path(s.path), s.split), s.weight, s.max_epochs) for s in recipe.data]
    loader = Loader(mixture, length=recipe.context, batch=recipe.batch, seed=recipe.seed)
    if loader.fingerprint != data:
        return None
    found = [np.zeros(0, np.int64)]
    own = tokens_folder(dataset).resolve()
    for number, part in enumerate(mixture):
        if part.split.root.resolve() == own:
            stretches = [stretch for each in ids for stretch in part.split.stretches_of(each)]
            windows = [loader.windows_over(number, *stretch) for stretch in stretches]
            if windows:
                found.append(loader.steps_with(number, np.unique(np.concatenate(windows)), done))
    return np.concatenate(found)


def _finetuned(path: Path, dataset: Path, ids: Sequence[str], data: Any, done: int) -> Steps | None:
    recipe = load_recipe(FinetuneRecipe, path)
    examples = [read_examples(recipe, task) for task in recipe.tasks]
    if digest_of([each.fingerprint for each in examples]) != data:
        return None
    sizes = [len(each.splits["train"]) for each in examples]
    weights = [task.weight or size ** (1 / recipe.temperature) for task, size in zip(recipe.tasks, sizes, strict=True)]
    order = Mixture(sizes, weights, [task.name for task in recipe.tasks], recipe.seed)
    wanted = [_rows(each.splits["train"], ids) if _is_of(Path(each.task.path), dataset) else [] for each in examples]
    steps = min(done, math.ceil(sum(sizes) * recipe.epochs / recipe.batch))
    tasks, places = order.samples(0, steps * recipe.batch)
    hits = [np.flatnonzero((tasks == number) & np.isin(places, rows)) for number, rows in enumerate(wanted)]
    return np.concatenate(hits) // recipe.batch


def _rows(examples: Iterable[Any], ids: Sequence[str]) -> list[int]:
    known = set(ids)
    return [row for row, example in enumerate(examples) if example.id in known]
