"""Token shards: a stage of a recipe, or the same units on a finished dataset.

tokens/tokenizer/                             the tokenizer, as transformers loads it
tokens/<split>/tokens-00000-of-00002.arrow    one record batch: id, source, bytes of text, tokens (uint16 or uint32)
tokens/manifest.json                          tokenizer, dtype, counts, and the digest of the dataset they belong to
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest, Receipt, Unit
from curation.recipe import TokenOptions
from curation.shards import FileRecord
from pipelines import pool
from pipelines.progress import Progress
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, mapped, units_of
from pipelines.stages import VERSIONS, packed
from pipelines.tasks.execute import execute
from pipelines.tokenizers import ChosenTokenizer, choose_tokenizer

__all__ = ["FOLDER", "tokenize_dataset", "tokens_fingerprint", "tokens_manifest", "tokens_stage"]

FOLDER = "tokens"
_TASK = "pipelines.tasks.tokens:tokens_unit"


def tokens_stage(
    run: RunDirectory, settings: dict[str, Any], tokenizer: ChosenTokenizer, shards: Sequence[FileRecord]
) -> Stage:
    """One unit for each shard of the dataset; the tokenizer is copied beside the tokens first."""
    folder = f"dataset/{FOLDER}"
    units = _units(tokenizer, shards, folder)
    run_units = mapped(run, _TASK, settings)

    def with_tokenizer(engine: Any, todo: Sequence[Unit]) -> None:
        tokenizer.copy(run.root / folder / "tokenizer")
        run_units(engine, todo)

    return Stage(FOLDER, _fingerprint(units), units, with_tokenizer)


def _units(tokenizer: ChosenTokenizer, shards: Sequence[FileRecord], folder: str) -> tuple[Unit, ...]:
    payloads = []
    for shard in shards:
        split, name = shard.path.split("/")[-2:]
        path = f"{folder}/{split}/{name.replace('data-', 'tokens-')}"
        chosen = tokenizer.payload(f"{folder}/tokenizer")
        payloads.append({"shard": packed(shard), "split": split, "path": path, "tokenizer": chosen})
    return units_of(FOLDER, VERSIONS[FOLDER], payloads, payloads)


def tokens_fingerprint(tokenizer: ChosenTokenizer, shards: Sequence[FileRecord]) -> str:
    """The fingerprint of tokens that `tokenize_dataset` makes of these shards, whose paths are those in the dataset."""
    return _fingerprint(_units(tokenizer, shards, FOLDER))


def _fingerprint(units: Sequence[Unit]) -> str:
    return digest_of([FOLDER, VERSIONS[FOLDER], [unit.fingerprint for unit in units]])


def tokens_manifest(
    tokenizer: ChosenTokenizer, dataset: str, fingerprint: str, files: Sequence[FileRecord], counts: dict[str, int]
) -> Manifest:
    """The manifest of a tokens folder; `dataset` is the digest of the dataset that the tokens belong to."""
    splits = sorted({name.split(".")[1] for name in counts if name.startswith("split.")})
    rows = {
        split: {what: counts[f"split.{split}.{what}"] for what in ("documents", "tokens", "bytes")} for split in splits
    }
    facts = {
        "tokenizer": tokenizer.facts,
        "special_tokens": "ids" if tokenizer.special_tokens else "text",
        "dtype": "uint16" if tokenizer.facts["vocab_size"] <= 1 << 16 else "uint32",
        "splits": rows,
        "dataset": dataset,
    }
    inside = [file.model_copy(update={"path": file.path.partition(f"{FOLDER}/")[2]}) for file in files]
    return Manifest(
        stage=FOLDER,
        fingerprint=fingerprint,
        files=(*inside, *tokenizer.records("tokenizer")),
        counts=counts,
        facts=facts,
    ).sealed()


def tokenize_dataset(dataset: Path, options: TokenOptions, workers: int | None = None, quiet: bool = True) -> Manifest:
    """Token shards for a finished dataset, or what is left to do of them; the manifest comes last."""
    source, tokenizer = Manifest.read(dataset / MANIFEST), choose_tokenizer(options)
    units = _units(tokenizer, source.shards("data-"), FOLDER)
    path, fingerprint = dataset / FOLDER / MANIFEST, _fingerprint(units)
    if path.is_file() and _holds(Manifest.read(path), dataset / FOLDER, fingerprint, source.digest):
        return Manifest.read(path)
    path.unlink(missing_ok=True)
    tokenizer.copy(dataset / FOLDER / "tokenizer")
    with pool.use(workers or len(os.sched_getaffinity(0))), Progress(quiet=quiet).stage(FOLDER, units, dataset):
        _execute(dataset, units)
    receipts = [receipt for unit in units if (receipt := Receipt.read(dataset, unit)) is not None]
    made = Manifest.of(FOLDER, fingerprint, receipts)
    manifest = tokens_manifest(tokenizer, source.digest, fingerprint, made.files, made.counts)
    _remove_others(dataset / FOLDER, manifest)
    manifest.write(path)
    for scratch in ("receipts", "logs"):
        shutil.rmtree(dataset / scratch, ignore_errors=True)
    return manifest


def _holds(manifest: Manifest, root: Path, fingerprint: str, dataset: str) -> bool:
    whole = all(
        (root / file.path).is_file() and (root / file.path).stat().st_size == file.bytes for file in manifest.files
    )
    return whole and manifest.fingerprint == fingerprint and manifest.facts.get("dataset") == dataset


def _execute(root: Path, units: Sequence[Unit]) -> None:
    """Units on the run's pool, or here; a unit with a true receipt costs nothing."""
    calls = [(str(root), _TASK, unit.model_dump_json(), json.dumps({})) for unit in units]
    workers = pool.current()
    for _ in workers.run(execute, calls) if workers is not None else (execute(*call) for call in calls):
        pass


def _remove_others(root: Path, manifest: Manifest) -> None:
    own = {file.path for file in manifest.files}
    for path in sorted(root.rglob("*")):
        if path.is_file() and path.relative_to(root).as_posix() not in own:
            path.unlink()
