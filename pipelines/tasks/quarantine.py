"""The quarantine file of a unit: written only when there is something to write."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa

from curation.collect.source import QUARANTINE
from curation.shards import FileRecord, ShardWriter

__all__ = ["QuarantineWriter"]


class QuarantineWriter:
    def __init__(self, root: Path, stage: str, index: int) -> None:
        self._root, self._path = root, f"quarantine/{stage}-{index:05d}.arrow"
        self._stack = ExitStack()
        self._writer: ShardWriter | None = None

    def __enter__(self) -> QuarantineWriter:
        return self

    def write(self, batch: pa.RecordBatch) -> None:
        if self._writer is None:
            self._writer = self._stack.enter_context(ShardWriter(self._root, self._path, QUARANTINE))
        self._writer.write(batch)

    def __exit__(self, *reason: Any) -> None:
        self._stack.__exit__(*reason)

    @property
    def records(self) -> list[FileRecord]:
        """The file's record once the block has ended; empty when nothing was written."""
        return [self._writer.record] if self._writer is not None else []
