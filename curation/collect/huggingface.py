"""Datasets of the Hugging Face hub, streamed at a pinned revision; of a local folder; or saved with `save_to_disk`.

Nothing that a dataset ships is executed: scripts are not run, and what is not Parquet, JSON, CSV or text is refused by
the library itself.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from curation.collect.damage import is_system_error, why_damaged
from curation.collect.rows import RowSource
from curation.collect.source import Piece, Sink
from curation.errors import RecipeError, ResourceError, nearest
from curation.files import checksum

__all__ = ["HuggingFace"]

_COMMIT = re.compile(r"[0-9a-f]{40}$")
_SAVED = ("state.json", "dataset_dict.json")


class HuggingFace(RowSource):
    """A dataset of the Hugging Face hub, streamed at a pinned revision, or a local one.

    `dataset` is `owner/name`, or a folder. Of the hub it needs a commit as `revision`, because names move; it is kept
    as `snapshot`. `text` and `url` name columns, `keep` those that go into the metadata.
    """

    format: ClassVar[str] = "huggingface"

    dataset: str = Field(min_length=1)
    config: str | None = None
    split: str = "train"
    revision: str | None = None

    def check(self) -> None:
        if not self._is_local() and not _COMMIT.match(self.revision or ""):
            where, found = f"source `{self.name}`", f"revision `{self.revision}`"
            do = "copy the commit from the dataset's page, under Files and versions"
            raise RecipeError(where, found, "the 40 hex digits of a commit", do)

    def origin(self) -> dict[str, str]:
        return {**({"snapshot": self.revision} if self.revision else {}), **super().origin()}

    def pieces(self) -> list[list[Piece]]:
        dataset = self._dataset()
        content = [self.dataset, self.config, self.split, self.revision, self._fingerprint()]
        shards = getattr(dataset, "num_shards", 1)
        key = f"{Path(self.dataset).name}/{self.split}"
        return [[self.remote_piece(f"huggingface:{self.dataset}", key, content, n, n + 1)] for n in range(shards)]

    def read(self, piece: Piece, sink: Sink) -> None:
        dataset = self._dataset()
        shards = getattr(dataset, "num_shards", 1)
        if shards > 1:
            dataset = dataset.shard(num_shards=shards, index=piece.start)
        rows, number = iter(dataset), 0
        while True:
            try:
                row = next(rows, None)
            except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
                sink.reject(piece.file.key, number, 0, "damaged_file", why_damaged(error), b"")
                return
            if row is None:
                return
            if number == 0 and self.text not in row:
                where, found = f"source `{self.name}`", f"columns {', '.join(row)}"
                raise ResourceError(where, found, f"a column `{self.text}`", nearest(self.text, row))
            self.take(piece.file.key, f"{piece.file.key}/{piece.start}:{number}", number, row, sink)
            number += 1

    def _is_local(self) -> bool:
        return Path(self.dataset).expanduser().is_dir()

    def _fingerprint(self) -> list[Any]:
        """Names and checksums of the files of a local dataset."""
        if not self._is_local():
            return []
        folder = Path(self.dataset).expanduser()
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return [[path.relative_to(folder).as_posix(), checksum(path)] for path in files]

    def _dataset(self) -> Any:
        import datasets  # type: ignore[import-untyped]

        where = f"source `{self.name}`"
        try:
            if self._is_local() and any((Path(self.dataset).expanduser() / name).exists() for name in _SAVED):
                return self._saved(datasets.load_from_disk(self.dataset))
            return datasets.load_dataset(
                self.dataset, self.config, split=self.split, revision=self.revision, streaming=True
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            if is_system_error(error):
                raise
            found = f"{type(error).__name__} on opening `{self.dataset}`"
            raise ResourceError(where, found, f"a dataset with a split `{self.split}`", "look at its page") from error

    def _saved(self, saved: Any) -> Any:
        if not isinstance(saved, dict):
            saved.data.validate(full=True)  # it maps files as they are, and offsets may lead anywhere
            return saved
        if self.split not in saved:
            where, found = f"source `{self.name}`", f"splits {', '.join(saved)}"
            raise ResourceError(where, found, f"a split `{self.split}`", nearest(self.split, saved))
        return self._saved(saved[self.split])
