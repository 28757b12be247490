"""Trust nothing: every file against its manifest, every row of the dataset against the ledger, every count added up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from curation.errors import IntegrityError, ResourceError
from curation.manifest import MANIFEST, Manifest, Receipt
from curation.shards import FileRecord, read_shard
from data_cards.facts import CardFacts
from pipelines.families import verify_families
from pipelines.forget.journal import finish_first
from pipelines.status import STAGES, stages_of_run

__all__ = ["Verified", "print_report", "verify_path"]

_AGAIN = "run the recipe again; stages whose files are whole are not repeated"
# What a run may hold beside the files of its stages.
_LOOSE = {"recipe.resolved.yaml", "run.lock"}


class Verified:
    """What was looked at. Problems are raised, so an object of this class means that all was well."""

    def __init__(self) -> None:
        self.files = self.bytes = self.rows = 0
        self.checks: list[str] = []


def verify_path(path: Path, *, sums: bool = True) -> Verified:
    """Verify a run directory, or a dataset folder alone. Raises IntegrityError for the first thing that is wrong."""
    seen = Verified()
    finish_first(path)
    if (path / "recipe.resolved.yaml").is_file():
        _verify_run(path, seen, sums)
    elif (path / MANIFEST).is_file():
        _verify_dataset(path, seen, sums)
    else:
        raise ResourceError(str(path), "neither a run nor a dataset", f"a folder with {MANIFEST}", "mend the path")
    return seen


def _verify_dataset(root: Path, seen: Verified, sums: bool) -> Manifest:
    manifest = Manifest.read(root / MANIFEST)
    _verify_files(root, manifest, seen, sums)
    known = {MANIFEST, *(file.path for file in manifest.files)}
    if (root / "tokens" / MANIFEST).is_file():
        known |= _verify_tokens(root / "tokens", manifest, seen, sums)
    _no_strangers(root, known)
    facts = CardFacts.model_validate(manifest.facts)
    rows = Counter({split.name: 0 for split in facts.splits})
    for file in manifest.files:
        rows[file.path.split("/")[0]] += file.rows
    for split in facts.splits:
        _equal(f"dataset, split {split.name}", rows[split.name], split.documents, "documents on the card")
    accounted = facts.kept + facts.dropped + facts.quarantined
    _equal("dataset", accounted, facts.collected, "documents read")
    made = facts.augmentation
    _equal("dataset", made.kept + made.dropped + made.quarantined, made.made, "documents made by augmentation")
    _equal("dataset", sum(made.documents.values()), facts.augmented, "new documents kept")
    _equal(
        "dataset", sum(split.documents for split in facts.splits), facts.kept + facts.augmented, "kept and augmented"
    )
    seen.checks.append("dataset: kept + dropped + quarantined = read")
    if facts.augmented:
        verify_families(root, manifest.files)
        seen.checks.append("dataset: every new document in the split of its parent")
    return manifest


def _verify_tokens(root: Path, dataset: Manifest, seen: Verified, sums: bool) -> set[str]:
    """Names of the token shards, which must have been made from this very dataset."""
    manifest = Manifest.read(root / MANIFEST)
    if manifest.facts.get("dataset") != dataset.digest:
        raise IntegrityError(
            "tokens", "tokens of another dataset", "tokens of this one", "run `gristmill tokenize` again"
        )
    _verify_files(root, manifest, seen, sums)
    seen.checks.append("tokens: made from this dataset")
    return {f"tokens/{name}" for name in (MANIFEST, *(file.path for file in manifest.files))}


def _verify_files(root: Path, manifest: Manifest, seen: Verified, sums: bool) -> None:
    for file in manifest.files:
        file.check(root, sums=sums)
        if file.path.endswith(".arrow"):
            for batch in read_shard(root, file):
                batch.validate(full=sums)
        seen.files += 1
        seen.bytes += file.bytes
        seen.rows += file.rows


def _no_strangers(root: Path, known: set[str]) -> None:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        # `datasets` leaves caches of its own beside the shards.
        if path.is_file() and name not in known and not path.name.startswith("cache-"):
            raise IntegrityError(name, "a file that no manifest names", "only named files", "move it away")


def _verify_run(root: Path, seen: Verified, sums: bool) -> None:
    known: set[str] = set()
    for stage in stages_of_run(root):
        manifest = Manifest.read(root / stage / MANIFEST)
        if stage not in ("shard", "tokens"):  # their files lie in the dataset, checked below
            _verify_files(root, manifest, seen, sums)
        known |= {f"{stage}/{MANIFEST}", *(file.path for file in manifest.files)}
    _verify_collected(Manifest.read(root / "collect" / MANIFEST), seen)
    dataset = _verify_dataset(root / "dataset", seen, sums)
    for folder in (*STAGES, "quarantine"):
        _no_strangers_below(root, folder, known)
    _verify_ledger(root, dataset, seen)
    for stage in stages_of_run(root):
        _verify_receipts(root, Manifest.read(root / stage / MANIFEST))


def _verify_collected(manifest: Manifest, seen: Verified) -> None:
    """Every record of the sources is a row of a shard, a row of quarantine, or counted as skipped."""
    counts = Counter(manifest.counts)
    for name, prefix in (("documents", "shard-"), ("quarantined", "collect-")):
        _equal("collect", sum(file.rows for file in manifest.shards(prefix)), counts[name], name)
    skipped = sum(count for name, count in counts.items() if name.startswith("skipped."))
    _equal("collect", skipped, counts["skipped"], "records skipped")
    _equal("collect", counts["documents"] + counts["quarantined"] + skipped, counts["records"], "records")
    seen.checks.append(f"collect: documents + quarantined + skipped = {counts['records']:,} records")


def _verify_receipts(root: Path, manifest: Manifest) -> None:
    """Together they must say what the manifest says."""
    folder = f"receipts/{manifest.stage}"
    receipts = [_receipt(root, path) for path in sorted((root / folder).glob("*.json"))]
    again = Manifest.of(manifest.stage, manifest.fingerprint, receipts, manifest.facts)
    if again != manifest:
        raise IntegrityError(folder, f"{len(receipts)} receipts that say something else", "the manifest", _AGAIN)


def _receipt(root: Path, path: Path) -> Receipt:
    try:
        return Receipt.parse(path.read_bytes())
    except ValueError:
        where = path.relative_to(root).as_posix()
        raise IntegrityError(where, "a receipt that is damaged", "one as it was written", _AGAIN) from None


def _no_strangers_below(root: Path, folder: str, known: set[str]) -> None:
    for path in sorted((root / folder).rglob("*")):
        name = path.relative_to(root).as_posix()
        if path.is_file() and name not in known:
            raise IntegrityError(name, "a file that no manifest names", "only named files", "move it away")


def _verify_ledger(root: Path, dataset: Manifest, seen: Verified) -> None:
    """One row for every document; each kept one exactly where the ledger says, and nobody else there."""
    facts = CardFacts.model_validate(dataset.facts)
    ledger = Manifest.read(root / "ledger" / MANIFEST)
    states: Counter[str] = Counter()
    expected = {split.name: np.full(split.documents, None, object) for split in facts.splits}
    starts = _starts(dataset)
    for batch in _batches(root, ledger):
        states.update({item["values"]: item["counts"] for item in batch.column("state").value_counts().to_pylist()})
        _enter(expected, starts, batch)
    unreadable = Manifest.read(root / "collect" / MANIFEST).counts.get("quarantined", 0)
    _equal("ledger", states["kept"], facts.kept + facts.augmented, "documents kept or made")
    new = facts.augmentation
    _equal("ledger", states["dropped"], facts.dropped + new.dropped, "documents dropped")
    unusable = states["quarantined"] + unreadable
    _equal("ledger", unusable, facts.quarantined + new.quarantined, "documents in quarantine")
    _compare(root / "dataset", dataset, expected)
    seen.checks.append("ledger: one row for every document, each where it says")


def _batches(root: Path, manifest: Manifest) -> Iterator[pa.RecordBatch]:
    for file in manifest.files:
        yield from read_shard(root, file)


def _starts(dataset: Manifest) -> dict[str, npt.NDArray[np.int64]]:
    """First row of each shard within its split."""
    rows: dict[str, list[int]] = {}
    for file in _shards(dataset):
        rows.setdefault(file.path.split("/")[0], [0]).append(file.rows)
    return {split: np.cumsum(counts)[:-1] for split, counts in rows.items()}


def _shards(dataset: Manifest) -> list[FileRecord]:
    return [file for file in dataset.files if file.path.rpartition("/")[2].startswith("data-")]


def _enter(
    expected: dict[str, npt.NDArray[np.object_]], starts: dict[str, npt.NDArray[np.int64]], batch: pa.RecordBatch
) -> None:
    for split, ids in expected.items():
        rows = batch.filter(pc.equal(batch.column("split"), split).fill_null(False))
        shard, row = rows.column("shard").to_numpy(), rows.column("row").to_numpy()
        if len(shard) and (shard.max() >= len(starts[split]) or (starts[split][shard] + row).max() >= len(ids)):
            raise IntegrityError("ledger", f"a place outside split {split}", "a row of a shard", _AGAIN)
        ids[starts[split][shard] + row] = rows.column("id").to_pylist()


def _compare(root: Path, dataset: Manifest, expected: dict[str, npt.NDArray[np.object_]]) -> None:
    seen = dict.fromkeys(expected, 0)
    for file in _shards(dataset):
        split = file.path.split("/")[0]
        for batch in read_shard(root, file):
            ids = np.array(batch.column("id").to_pylist(), object)
            if not np.array_equal(ids, expected[split][seen[split] : seen[split] + len(ids)]):
                found = f"other documents than the ledger names, among rows {seen[split]} to {seen[split] + len(ids)}"
                raise IntegrityError(file.path, found, "the ledger's documents in its order", _AGAIN)
            seen[split] += len(ids)


def _equal(where: str, found: int, expected: int, what: str) -> None:
    if found != expected:
        raise IntegrityError(where, f"{found:,}", f"{expected:,} {what}", _AGAIN)


def print_report(seen: Verified) -> None:
    console = Console()
    for check in seen.checks:
        console.print(f"ok  {check}", highlight=False)
    console.print(f"ok  {seen.files:,} files, {seen.bytes:,} bytes, {seen.rows:,} rows", highlight=False)
