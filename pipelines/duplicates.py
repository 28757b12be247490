"""The duplicate table of a run: clusters with their differences, and how good the removal was by its own measure."""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console
from rich.text import Text

from curation.errors import ResourceError
from curation.manifest import MANIFEST, Manifest
from curation.recipe_file import load_recipe
from curation.shards import read_shard

__all__ = ["Cluster", "Member", "clusters", "duplicate_rows", "print_clusters", "texts_of", "write_table"]

_CONTEXT, _MOST_WORDS = 6, 400
_COLUMNS = ["id", "source", "key", "cluster", "survivor", "similarity", "reason", "state", "split"]


@dataclass(frozen=True)
class Member:
    id: str
    source: str
    key: str
    method: str
    similarity: float


@dataclass(frozen=True)
class Cluster:
    """A survivor and the documents removed for it, least similar first."""

    survivor: str
    members: tuple[Member, ...]


def duplicate_rows(root: Path) -> Iterator[pa.RecordBatch]:
    """Rows of the ledger of documents that were read and removed as duplicates."""
    for file in Manifest.read(root / "ledger" / MANIFEST).files:
        for batch in read_shard(root, file):
            chosen = pc.and_(batch.column("survivor").is_valid(), batch.column("parent_id").is_null())
            yield batch.select(_COLUMNS).filter(chosen)


def clusters(root: Path, id: str | None = None) -> list[Cluster]:
    """Clusters by size, largest first; with `id`, those in which it is survivor or member."""
    members: dict[str, list[Member]] = defaultdict(list)
    for batch in duplicate_rows(root):
        for row in batch.to_pylist():
            method = row["reason"].removeprefix("duplicate.")
            members[row["survivor"]].append(Member(row["id"], row["source"], row["key"], method, row["similarity"]))
    found = [
        Cluster(survivor, tuple(sorted(group, key=lambda member: (member.similarity, member.id))))
        for survivor, group in members.items()
        if id is None or id == survivor or any(member.id == id for member in group)
    ]
    return sorted(found, key=lambda cluster: (-len(cluster.members), cluster.survivor))


def texts_of(root: Path, ids: Iterable[str]) -> dict[str, str]:
    """Cleaned texts of some documents of a run, and of the releases it was compared with."""
    wanted = set(ids)
    texts: dict[str, str] = {}
    for run in (root, *load_recipe(root / "recipe.resolved.yaml").previous_runs()):
        missing = pa.array(sorted(wanted - set(texts)), pa.string())
        for file in Manifest.read(run / "clean" / MANIFEST).shards("shard-") if len(missing) else ():
            for batch in read_shard(run, file):
                chosen = batch.select(["id", "text"]).filter(pc.is_in(batch.column("id"), value_set=missing))
                texts.update((row["id"], row["text"] or "") for row in chosen.to_pylist())
    return texts


def write_table(root: Path, path: Path) -> int:
    """The duplicate table as CSV or Parquet, by the file's ending; returns its rows."""
    import pyarrow.csv
    import pyarrow.parquet

    table = pa.Table.from_batches(list(duplicate_rows(root)))
    table = table.select(["id", "source", "key", "cluster", "survivor", "reason", "similarity"])
    if path.suffix == ".parquet":
        pyarrow.parquet.write_table(table, path)
    elif path.suffix == ".csv":
        pyarrow.csv.write_csv(table, path)
    else:
        raise ResourceError(str(path), f"the ending `{path.suffix}`", ".csv or .parquet", "choose one of them")
    return int(table.num_rows)


def print_clusters(root: Path, found: list[Cluster], most: int, *, differences: bool) -> None:
    console = Console()
    removed = sum(len(cluster.members) for cluster in found)
    console.print(f"{removed:,} documents removed in {len(found):,} clusters", highlight=False)
    shown = found[:most]
    ids = [name for cluster in shown for name in (cluster.survivor, cluster.members[0].id)]
    texts = texts_of(root, ids) if differences else {}
    for cluster in shown:
        _print_cluster(console, cluster, texts)
    if len(found) > most:
        console.print(f"… and {len(found) - most:,} more clusters (--most)", highlight=False)


def _print_cluster(console: Console, cluster: Cluster, texts: dict[str, str]) -> None:
    console.print(f"\nsurvivor {cluster.survivor}", style="bold", highlight=False)
    for member in cluster.members[:5]:
        line = f"  {member.similarity:.3f}  {member.method:<10} {member.id}  {member.source} {member.key}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    if len(cluster.members) > 5:
        console.print(f"  … and {len(cluster.members) - 5:,} more")
    if texts:
        least = cluster.members[0]
        console.print(difference(texts.get(cluster.survivor, ""), texts.get(least.id, "")))


def difference(survivor: str, member: str) -> Text:
    """Words that only the survivor has struck red, words that only the member has green; equal stretches shortened."""
    old, new = survivor.split()[:_MOST_WORDS], member.split()[:_MOST_WORDS]
    shown = Text("  ")
    for kind, i, k, j, m in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            shown.append(" ".join(_shortened(old[i:k])) + " ")
        else:
            shown.append(" ".join(old[i:k]) + " " * (k > i), style="red strike")
            shown.append(" ".join(new[j:m]) + " " * (m > j), style="green")
    return shown


def _shortened(words: list[str]) -> list[str]:
    if len(words) <= 2 * _CONTEXT:
        return words
    return [*words[:_CONTEXT], f"[… {len(words) - 2 * _CONTEXT} words …]", *words[-_CONTEXT:]]
