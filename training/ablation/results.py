"""What a study directory holds and how it is read. Everything here is free of times, so equal studies are equal files.

    study.resolved.yaml                        the question, the arms, the rules of the verdict
    heldout/facts.json                         the held-out sets, what was dropped from them, and their overlaps
    arms/<arm>/facts.json                      an arm: how much text, what was removed and why
    learning_rates.json                        those of the study, and how they were chosen
    runs/<arm>/<lr>/<seed>/result.json         a training run, written when it is finished
    runs/<arm>/<lr>/<seed>/documents.arrow     nats and bytes of every held-out document
    runs/<arm>/<lr>/<seed>/times.json          seconds; left out of every digest
    results.json  report.html                  made from these by `training.ablation.report`

`metrics` of a run are plain numbers by name. `bpb` is the primary one, of the clean held-out set; `bpb_raw`, `bpb_ood`
and so on are those of the other sets. Names that end in `_distance` are distances to held-out human text. Absent means
not measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field, ValidationError

from curation.errors import IntegrityError
from curation.files import digest_of, read_json, whole_file
from training.ablation.study import Study
from training.recipe import Part

__all__ = [
    "ArmFacts",
    "CopiedSpan",
    "CurvePoint",
    "DocumentScores",
    "HeldOutFacts",
    "Results",
    "RunResult",
    "SampleText",
    "SetFacts",
    "load_results",
    "read_documents",
    "run_folder",
    "write_documents",
]

RESULT, DOCUMENTS, TIMES, FACTS = "result.json", "documents.arrow", "times.json", "facts.json"


class CurvePoint(Part):
    """After `step` steps: tokens and bytes read, mean training loss since the last point, `bpb` of the clean set."""

    step: int
    tokens: int
    bytes: int
    train_loss: float
    bpb: float


class CopiedSpan(Part):
    """Characters `start` to `end` of a sample's text stand word for word in a document of the arm."""

    start: int
    end: int
    document: str


class SampleText(Part):
    """The text begins with its prompt; samples of all arms with one `number` share prompt and seed."""

    number: int
    prompt: str
    text: str
    seed: int
    spans: tuple[CopiedSpan, ...] = ()


class RunResult(Part):
    """One training run. `tokens` and `bytes` are counted by the loader; `epochs` are tokens over `unique_tokens`."""

    arm: str
    lr: float
    seed: int
    tokens: int
    bytes: int
    flops: float
    unique_tokens: int
    epochs: float
    parameters: int
    tokenizer_hash: str
    data_hash: str
    config_hash: str
    curve: tuple[CurvePoint, ...]
    metrics: dict[str, float]
    samples: tuple[SampleText, ...] = ()
    documents: str = DOCUMENTS


class SetFacts(Part):
    """A held-out set. `dropped` were too close to the union of all arms; `overlaps` counts documents in ten bins of
    the share of their 13-grams found there, before dropping."""

    documents: int
    bytes: int
    tokens: int
    dropped: int
    dropped_bytes: int
    overlaps: tuple[int, ...]


class HeldOutFacts(Part):
    """By name: `clean`, `raw`, and `ood` where there is one; `leaked` are those dropped from `clean`, scored apart."""

    sets: dict[str, SetFacts]


class ArmFacts(Part):
    """An arm's text. `removed` documents of the pool by first reason; `duplicates` is the share of documents that have
    an equal one in the arm; `sources` are documents by source."""

    arm: str
    documents: int
    bytes: int
    tokens: int
    pool_documents: int
    pool_bytes: int
    removed: dict[str, int] = Field({})
    sources: dict[str, int] = Field({})
    duplicates: float = 0.0
    dose_share: float | None = None
    data_hash: str
    recipe_digest: str


@dataclass(frozen=True)
class DocumentScores:
    """By document, in the order of the held-out set: ids, nats float64, UTF-8 bytes int64."""

    ids: tuple[str, ...]
    nats: npt.NDArray[np.float64]
    bytes: npt.NDArray[np.int64]

    @property
    def bits_per_byte(self) -> float:
        return float(self.nats.sum() / math.log(2) / self.bytes.sum())


@dataclass(frozen=True)
class Results:
    """All there is of a study, runs in the order of arms, learning rates and seeds."""

    root: Path
    study: Study
    held_out: HeldOutFacts
    arms: dict[str, ArmFacts]
    lrs: tuple[float, ...]
    runs: tuple[RunResult, ...]

    @cached_property
    def digest(self) -> str:
        """Of everything that was measured."""
        return digest_of([self.study.digest, *(run.model_dump(mode="json") for run in self.runs)])

    def of(self, arm: str, lr: float) -> tuple[RunResult, ...]:
        """The runs of an arm at a learning rate, by seed."""
        return tuple(run for run in self.runs if (run.arm, run.lr) == (arm, lr))

    def documents(self, run: RunResult) -> dict[str, DocumentScores]:
        """Scores of a run by held-out set."""
        return read_documents(run_folder(self.root, run.arm, run.lr, run.seed) / run.documents)

    def missing(self) -> list[tuple[str, float, int]]:
        """(arm, lr, seed) of runs that have no result yet."""
        have = {(run.arm, run.lr, run.seed) for run in self.runs}
        return [key for key in _keys(self.study, self.lrs) if key not in have]


def run_folder(root: Path, arm: str, lr: float, seed: int) -> Path:
    return root / "runs" / arm / f"{lr:g}" / str(seed)


def load_results(root: Path) -> Results:
    """Whatever is finished of a study directory. Raises IntegrityError where a file is not what it should be."""
    study = Study.of(root)
    lrs = study.lrs or tuple(_read(root / "learning_rates.json")["lrs"])
    arms = {arm.name: _parsed(ArmFacts, root / "arms" / arm.name / FACTS) for arm in study.arms}
    runs = tuple(_finished(root, study, lrs))
    return Results(root, study, _parsed(HeldOutFacts, root / "heldout" / FACTS), arms, lrs, runs)


def write_documents(path: Path, scores: dict[str, DocumentScores]) -> None:
    """One Arrow stream with columns set, id, nats, bytes."""
    columns = {
        "set": [name for name, each in scores.items() for _ in each.ids],
        "id": [name for each in scores.values() for name in each.ids],
        "nats": np.concatenate([each.nats for each in scores.values()]),
        "bytes": np.concatenate([each.bytes for each in scores.values()]),
    }
    batch = pa.RecordBatch.from_pydict(columns)
    with whole_file(path) as file, pa.ipc.new_stream(file, batch.schema) as writer:
        writer.write_batch(batch)


def read_documents(path: Path) -> dict[str, DocumentScores]:
    try:
        table = pa.ipc.open_stream(path.read_bytes()).read_all()
    except (FileNotFoundError, pa.ArrowInvalid) as error:
        raise _broken(path, type(error).__name__) from None
    sets, ids = np.array(table["set"].to_pylist()), np.array(table["id"].to_pylist())
    nats, sizes = table["nats"].to_numpy(), table["bytes"].to_numpy()
    return {
        name: DocumentScores(tuple(ids[sets == name].tolist()), nats[sets == name], sizes[sets == name])
        for name in dict.fromkeys(sets.tolist())
    }


def _keys(study: Study, lrs: tuple[float, ...]) -> Iterator[tuple[str, float, int]]:
    return ((arm.name, lr, seed) for arm in study.arms for lr in lrs for seed in study.seeds_at(lr, lrs))


def _finished(root: Path, study: Study, lrs: tuple[float, ...]) -> Iterator[RunResult]:
    for arm, lr, seed in _keys(study, lrs):
        path = run_folder(root, arm, lr, seed) / RESULT
        if path.is_file():
            yield _parsed(RunResult, path)


def _parsed(model: type[Any], path: Path) -> Any:
    try:
        return model.model_validate(_read(path))
    except ValidationError as error:
        raise _broken(path, f"no valid `{'.'.join(map(str, error.errors()[0]['loc']))}`") from None


def _read(path: Path) -> Any:
    try:
        return read_json(path)
    except (FileNotFoundError, ValueError) as error:
        raise _broken(path, type(error).__name__) from None


def _broken(path: Path, found: str) -> IntegrityError:
    do = "run `gristmill ablate` again; it makes what is missing"
    return IntegrityError(str(path), found, "a whole file of a study", do)
