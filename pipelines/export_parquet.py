"""A release as Parquet, the form to publish: zstd, a checksum on every page, the same splits, cards that fit.

Shards whose source has not changed since the last export are left as they are, so an export after a takedown writes,
and a push sends, only what is new.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import IntegrityError
from curation.files import checksum, digest_of, whole_file
from curation.manifest import MANIFEST, Manifest
from curation.schema import DOCUMENT
from curation.shards import FileRecord, read_shard
from data_cards.folder import dataset_texts
from pipelines.dataset import certificates
from pipelines.published import Published

__all__ = ["EXPORT", "export_parquet"]

EXPORT = "export"
_GROUP_BYTES = 64 << 20
# What `datasets.load_from_disk` needs of a folder of Arrow files.
_ARROW_ONLY = ("dataset_dict.json", "state.json", "dataset_info.json")


def export_parquet(release: Path, to: Path) -> Manifest:
    """Write the folder, or what has changed of it; its manifest comes last. IntegrityError for a damaged shard."""
    source = Published.open(release)
    earlier = _earlier(to)
    shards = []
    sources = {}
    for shard in source.shards():
        path = shard.path.removesuffix(".arrow") + ".parquet"
        known = earlier.get(shard.sha256)
        made = known if known is not None and known.path == path else _written(source.dataset, shard, to, path)
        shards.append(made)
        sources[path] = shard.sha256
    return _finished(source, to, shards, sources)


def _earlier(to: Path) -> dict[str, FileRecord]:
    """Files of an earlier export that are whole still, by the checksum of what they were made from."""
    if not (to / MANIFEST).is_file():
        return {}
    found = {}
    try:
        manifest = Manifest.read(to / MANIFEST)
        files = {file.path: file for file in manifest.files}
        for path, of in manifest.facts["exported"].items():
            files[path].check(to, sums=True)
            found[of] = files[path]
    except (IntegrityError, KeyError):
        return {}
    return found


def _written(dataset: Path, shard: FileRecord, to: Path, path: str) -> FileRecord:
    shard.check(dataset, sums=True)
    with whole_file(to / path) as file:
        options: dict[str, Any] = {"compression": "zstd", "write_page_checksum": True, "version": "2.6"}
        with pq.ParquetWriter(file, DOCUMENT, **options) as writer:
            for group in _groups(dataset, shard):
                writer.write_table(group, row_group_size=max(1, group.num_rows))
    return FileRecord(path=path, bytes=(to / path).stat().st_size, sha256=checksum(to / path), rows=shard.rows)


def _groups(dataset: Path, shard: FileRecord) -> Any:
    held: list[pa.RecordBatch] = []
    for batch in read_shard(dataset, shard):
        held.append(batch)
        if sum(each.nbytes for each in held) >= _GROUP_BYTES:
            yield pa.Table.from_batches(held)
            held = []
    if held:
        yield pa.Table.from_batches(held)


def _finished(source: Published, to: Path, shards: Sequence[FileRecord], sources: dict[str, str]) -> Manifest:
    facts = source.facts
    texts = {
        path: text for path, text in dataset_texts(facts, shards, DOCUMENT).items() if not path.endswith(_ARROW_ONLY)
    }
    around = source.run or source.dataset
    texts |= {path.relative_to(around).as_posix(): path.read_text("utf-8") for path in certificates(around)}
    (to / MANIFEST).unlink(missing_ok=True)
    records = []
    for path, text in sorted(texts.items()):
        with whole_file(to / path) as file:
            file.write(text.encode())
        records.append(FileRecord(path=path, bytes=len(text.encode()), sha256=checksum(to / path)))
    manifest = Manifest(
        stage=EXPORT,
        fingerprint=digest_of([EXPORT, sources]),
        files=(*shards, *records),
        counts={"documents": sum(shard.rows for shard in shards)},
        facts=facts.model_copy(update={"exported": sources}).model_dump(mode="json"),
    ).sealed()
    own = {file.path for file in manifest.files}
    for path in sorted(to.rglob("*.parquet")):
        if path.relative_to(to).as_posix() not in own:
            path.unlink()
    manifest.write(to / MANIFEST)
    return manifest
