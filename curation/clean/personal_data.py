"""Personal data and secrets masked or replaced by stand-ins, counted by kind; the values themselves go nowhere."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from curation.clean.edits import Edit, edit_columns, rewrite
from curation.errors import ResourceError
from curation.operator import Contract, Operator, Resources
from curation.personal_data.detector import KINDS, Kind, candidates, find
from curation.personal_data.stand_ins import mask, stand_in
from curation.schema import TEXT

__all__ = ["Action", "RedactPersonalData"]

Action = Literal["mask", "replace", "count"]

_NAME = "redact_personal_data"


class RedactPersonalData(Operator):
    """Does `action` to each of `kinds`, or what `actions` says for a kind.

    `mask` writes `<EMAIL>` and the like; `replace` writes a stand-in that is the same for the same value throughout the
    run; `count` leaves the text, so that a rule on `redact_personal_data.<kind>` can drop the document.
    `key_file` holds the secret for stand-ins, at most 64 bytes are used. Without it they are just as consistent, but
    whoever guesses a value can check the guess.
    """

    contract: ClassVar[Contract] = Contract(
        _NAME, 2, "rewrite", adds={**edit_columns(_NAME), **{f"{_NAME}.{kind}": pa.int64() for kind in KINDS}}
    )

    kinds: tuple[Kind, ...] = Field(default=KINDS, strict=False)
    action: Action = "mask"
    actions: dict[Kind, Action] = Field(default_factory=dict)
    key_file: str | None = None

    def adds(self) -> Mapping[str, pa.DataType]:
        return {**edit_columns(_NAME), **{f"{_NAME}.{kind}": pa.int64() for kind in self.kinds}}

    def resources(self) -> Resources:
        return Resources.of(self.key_file) if self.key_file is not None else Resources()

    def open(self) -> None:
        _key(self.key_file)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column("text").cast(TEXT)
        counts = {kind: np.zeros(batch.num_rows, np.int64) for kind in self.kinds}
        rows = candidates(column, self.kinds)

        def edits(row: int, text: str) -> list[Edit]:
            written: list[Edit] = []
            for start, end, kind in find(text, rows[row]):
                counts[kind][row] += 1
                if (put := self._put(kind, text[start:end])) is not None:
                    written.append((start, end, put))
            return written

        answer = rewrite(_NAME, column, rows, edits)
        return pa.RecordBatch.from_pydict(answer | {f"{_NAME}.{kind}": pa.array(n) for kind, n in counts.items()})

    def _put(self, kind: Kind, value: str) -> str | None:
        action = self.actions.get(kind, self.action)
        if action == "count":
            return None
        return mask(kind) if action == "mask" else stand_in(kind, value, _key(self.key_file))


@cache
def _key(path: str | None) -> bytes:
    """The secret in a file, or a fixed public one. BLAKE2b takes keys of up to 64 bytes."""
    if path is None:
        return b"gristmill"
    try:
        secret = Path(path).read_bytes().strip()[:64]
    except OSError as error:
        raise ResourceError(
            f"key file {path}", error.strerror or "an error", "a readable file", "check the path"
        ) from error
    if len(secret) < 16:
        raise ResourceError(f"key file {path}", f"{len(secret)} bytes", "at least 16", "write a longer random key")
    return secret
