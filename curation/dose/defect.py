"""What all defects share: who is damaged, by which randomness, and how it is accounted for."""

from __future__ import annotations

import random
from abc import abstractmethod

import pyarrow as pa
from pydantic import Field

from curation.clean.edits import Edit, edit_columns, replacement, rewrite
from curation.operator import Contract, Operator
from curation.schema import seed_for

__all__ = ["Defect", "defect_contract"]


def defect_contract(name: str, version: int) -> Contract:
    return Contract(name, version, "rewrite", reads=("id", "text"), adds=edit_columns(name))


class Defect(Operator):
    """Damages a `share` of the documents, chosen by a hash of their ids, so that a larger share holds a smaller one."""

    share: float = Field(1.0, ge=0, le=1)

    @abstractmethod
    def damaged(self, text: str, chance: random.Random) -> str:
        """The text with the defect in it."""

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        name, ids = self.contract.name, batch.column("id").to_pylist()
        chosen = [row for row, each in enumerate(ids) if seed_for(f"{name}.share", each) / 2**64 < self.share]

        def find(row: int, text: str) -> list[Edit]:
            return replacement(text, 0, len(text), self.damaged(text, random.Random(seed_for(name, ids[row]))))

        return pa.RecordBatch.from_pydict(rewrite(name, batch.column("text"), chosen, find))
