"""The stages of a run after a takedown: files and receipts changed where they lie, as if the stages had just run.

What only joins sidecars is done again by the stage itself; files with text, scores and keys are changed row by row. So
no operator and no source is needed, and files without a forgotten document keep their bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.compute as pc

from curation.errors import IntegrityError, ResourceError
from curation.files import checksum, read_json, write_json
from curation.manifest import Manifest, Receipt, Unit
from curation.mix.cutting import Cut, order_hashes, times_taken
from curation.schema import id_words
from curation.shards import FileRecord, aligned, read_shard
from pipelines.engine import Engine, Work
from pipelines.forget.journal import Journal
from pipelines.forget.rows import Rows
from pipelines.forget.tables import Nodes, without_rows
from pipelines.progress import Progress
from pipelines.run_directory import RunDirectory
from pipelines.stage import Stage, run_stage
from pipelines.tasks.augment import count_kept
from pipelines.tasks.execute import execute
from pipelines.tasks.split import count_outcomes
from pipelines.tasks.tokens import count_tokens

__all__ = ["Amended", "is_finished", "paths_of"]

# Stages that read sidecars alone and decide each row by itself.
_DONE_AGAIN = {"decide", "split", "augment/decide", "augment/fates", "ledger"}


def is_finished(stage: Stage, run: RunDirectory) -> Manifest:
    """The manifest of a stage that is up to date; ResourceError for any other."""
    if run.has_manifest(stage.name):
        manifest = run.manifest(stage.name)
        if manifest.fingerprint == stage.fingerprint:
            for file in manifest.files:
                file.check(run.root)
            return manifest
    found, do = f"stage {stage.name} that is not up to date with its recipe", "run the recipe again first"
    raise ResourceError(str(run.root), found, "a finished run", do)


class _Here(Engine):
    """Does independent units in this process."""

    def map(self, work: Work, units: Sequence[Unit]) -> None:
        for unit in units:
            execute(work.root, work.task, unit.model_dump_json(), json.dumps(work.settings))


class Amended:
    """Brings each stage to its new manifest, in the order of the chain."""

    def __init__(self, run: RunDirectory, journal: Journal) -> None:
        self._run, self._root, self._journal = run, run.root, journal
        self._rows = Rows(run.root, journal)

    def collect(self) -> Manifest:
        """The first stage keeps its fingerprints: what it reads has not changed."""
        receipts = self._receipts("collect")
        self._run.manifest_path("collect").unlink(missing_ok=True)
        amended = [self._amended(receipt, receipt.fingerprint, {}) for receipt in receipts]
        manifest = Manifest.of("collect", self._journal.collected, amended)
        manifest.write(self._run.manifest_path("collect"))
        return manifest

    def __call__(self, stage: Stage) -> Manifest:
        receipts = {receipt.index: receipt for receipt in self._receipts(stage.name)}
        if stage.name in _DONE_AGAIN or set(receipts) != {unit.index for unit in stage.units}:
            return run_stage(stage, self._run, _Here(), Progress(quiet=True))[0]
        self._run.manifest_path(stage.name).unlink(missing_ok=True)
        amended = [self._amended(receipts[unit.index], unit.fingerprint, unit.payload) for unit in stage.units]
        manifest = Manifest.of(stage.name, stage.fingerprint, amended)
        manifest.write(self._run.manifest_path(stage.name))
        return manifest

    def _receipts(self, stage: str) -> list[Receipt]:
        """Receipts as they lie there, whether or not their files have changed already."""
        folder = self._root / "receipts" / stage
        try:
            return [Receipt.parse(path.read_bytes()) for path in sorted(folder.glob("*.json"))]
        except ValueError:
            do = "run the recipe again, and then forget"
            raise IntegrityError(f"receipts/{stage}", "one that cannot be read", "receipts", do) from None

    def _amended(self, receipt: Receipt, fingerprint: str, payload: dict[str, Any]) -> Receipt:
        files = [self._file(receipt.stage, file, payload) for file in receipt.files]
        kept = tuple(file for file in files if file is not None)
        changed = receipt.model_copy(update={"fingerprint": fingerprint, "files": kept})
        if kept != receipt.files:
            counts = {**receipt.counts, **self._counts(changed, payload)}
            changed = changed.model_copy(update={"counts": {k: v for k, v in counts.items() if v is not None}})
        if changed != receipt:
            changed.write(self._root)
        return changed

    def _file(self, stage: str, file: FileRecord, payload: dict[str, Any]) -> FileRecord | None:
        if stage == "mix/plan":
            return self._plan(file, payload)
        if stage == "tokens":
            return self._rows.tokens(file, payload["tokenizer"]["sha256"])
        if stage == "shard":
            return self._rows.taken_out(file)
        if file.path.endswith(".npy"):
            return without_rows(self._root, file, self._nodes(stage))
        return self._rows.of_stage(file)

    def _nodes(self, stage: str) -> Nodes:
        read, made = (
            np.array([s << 32 | r for s, r in rows], np.uint64) for rows in (self._journal.read, self._journal.made)
        )
        ids = np.array([int(each[:16], 16) for each in self._journal.documents], np.uint64)
        if not stage.startswith("augment/") or stage.startswith("augment/read/"):
            # Tables copied from earlier releases name no document of this run.
            return Nodes(read, ids=ids)
        # New documents come first there, and after them those of the run that were read.
        new = len(self._run.manifest("augment/clean").shards("shard-"))
        old = len(self._run.manifest("split").shards("ledger-"))
        return Nodes(np.concatenate((made, read + np.uint64(new << 32))), new, old, ids)

    def _counts(self, receipt: Receipt, payload: dict[str, Any]) -> dict[str, int | None]:
        """Counts of a unit that forgetting changes, counted anew; None for one that is no more."""
        stage, files = receipt.stage, receipt.files
        if stage == "collect":
            sizes = (
                pc.binary_length(batch.column("text")) for f in files if "shard-" in f.path for batch in self._open(f)
            )
            return {"text_bytes": sum(pc.sum(size).as_py() or 0 for size in sizes)}
        if stage in ("clean", "augment/clean"):
            return {"quarantined": sum(file.rows for file in files if file.path.startswith("quarantine/"))}
        if stage == "shard":
            return {"documents": files[0].rows}
        if stage == "tokens":
            (batch,) = self._open(files[0])
            return dict.fromkeys(receipt.counts) | dict(count_tokens(batch, payload["split"]))
        if stage == "mix/census":
            groups = Counter(name for batch in self._open(files[0]) for name in batch.column("group").to_pylist())
            return dict.fromkeys(receipt.counts) | {f"group.{name}": n for name, n in groups.items()}
        if stage in ("augment/capped", "mix/outcome", "mix/made"):
            return dict.fromkeys(receipt.counts) | self._outcomes(files[0], payload.get("made"))
        if files and files[0].path.endswith(".npy"):
            known = {"documents", "entries", "pairs", "members", "places"} & receipt.counts.keys()
            return {name: files[-1 if name == "documents" else 0].rows for name in known}
        return {}

    def _outcomes(self, file: FileRecord, made: dict[str, Any] | None) -> dict[str, int]:
        counts: dict[str, int] = {}
        if made is None:
            for batch in self._open(file):
                count_outcomes(batch, counts)
            return counts
        for batch, documents in aligned(self._open(file), self._open(FileRecord.model_validate(made))):
            count_kept(batch, documents, counts)
        return counts

    def _open(self, file: FileRecord) -> Any:
        return read_shard(self._root, file)

    def _plan(self, file: FileRecord, payload: dict[str, Any]) -> FileRecord:
        """The mixture's table counted anew under the same cuts: what the others are taken for does not change."""
        path = self._root / file.path
        plan = read_json(path)
        documents, available, taken = Counter[str](), Counter[str](), Counter[tuple[int, str]]()
        cuts = {group: [Cut(*cut) for cut in own] for group, own in plan["cuts"].items()}
        for record in payload["census"]:
            for batch in self._open(FileRecord.model_validate(record)):
                groups = np.array(batch.column("group").to_pylist(), object)
                hashes = order_hashes(id_words(batch.column("id")), plan["key"]) if batch.num_rows else np.zeros(0)
                amounts = batch.column("amount").to_numpy()
                for group in set(groups.tolist()):
                    mine = groups == group
                    documents[group] += int(mine.sum())
                    available[group] += int(amounts[mine].sum())
                    for phase in range(len(plan["phases"])):
                        times = times_taken(hashes[mine], cuts[group][phase], cuts[group][phase + 1])
                        taken[phase, group] += int((times * amounts[mine]).sum())
        for row in plan["rows"]:
            group, phase = row["group"], plan["phases"].index(row["phase"])
            row.update(documents=documents[group], available=available[group], taken=taken[phase, group])
            row["repeats"] = taken[phase, group] / available[group] if available[group] else 0.0
        write_json(path, plan)
        return FileRecord(path=file.path, bytes=path.stat().st_size, sha256=checksum(path))


def paths_of(root: Path) -> dict[str, str]:
    """Every file that manifests of a run name, with its sha256."""
    found = {}
    for path in sorted(root.rglob("manifest.json")):
        base = path.parent.relative_to(root).as_posix()
        manifest = Manifest.read(path)
        inside = f"{base}/" if base in ("dataset", "dataset/tokens") else ""
        own = [file for file in manifest.files if base != "dataset" or _is_data(file)]
        found.update({inside + file.path: file.sha256 for file in own})
    return found


def _is_data(file: FileRecord) -> bool:
    """Cards and certificates are written of the data."""
    return file.path.endswith(".arrow")
