"""Decontamination against evaluation sets: how much of an item each document holds, and where.

Rules decide about the measured share, for example `{reason: holds_test_item, attribute: decontaminate.share, max: 0}`;
`cut_items` takes the sentences out instead.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar

import pyarrow as pa
from pydantic import Field

from curation.dedup.benchmarks import files_of, read_items
from curation.dedup.contamination import HIT, SEED_WORDS, Index, build_index, find_hits
from curation.operator import Contract, Operator, Resources

__all__ = ["Decontaminate", "Search"]


class Search(Operator):
    """What finding evaluation items takes (see curation.dedup.contamination for what counts as a find).

    benchmarks     files or folders of items: JSON Lines, Parquet, Arrow
    share          least share of a part's words
    run_words      least words in a row that count by themselves, None for off
    min_words      shorter questions need their answer, shorter answers and passages are not looked for
    answer_within  words between a short question and its answer
    common_above   seeds of four words that stand in more places of the benchmarks are not looked for
    """

    benchmarks: tuple[str, ...] = Field(min_length=1)
    share: float = Field(0.8, gt=0, le=1)
    run_words: int | None = Field(13, ge=SEED_WORDS)
    min_words: int = Field(8, ge=SEED_WORDS)
    answer_within: int = Field(50, ge=0)
    common_above: int = Field(200, ge=1)

    def resources(self) -> Resources:
        return Resources.of(*(str(file) for path in self.benchmarks for file in files_of(path)))

    def open(self) -> None:
        self._index()

    def hits(self, text: pa.Array) -> list[list[dict[str, Any]]]:
        return find_hits(self._index(), text, self.run_words, self.answer_within)

    def _index(self) -> Index:
        return _index(self.benchmarks, self.share, self.min_words, self.common_above)


class Decontaminate(Search):
    """Share 0.0 and no item where nothing was found; `item` and `share` are of the hit with the largest share."""

    contract: ClassVar[Contract] = Contract(
        name="decontaminate",
        version=1,
        kind="annotate",
        adds={
            "decontaminate.share": pa.float64(),
            "decontaminate.run": pa.int32(),
            "decontaminate.item": pa.string(),
            "decontaminate.hits": pa.list_(HIT),
        },
    )

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        hits = self.hits(batch.column("text"))
        best = [max(found, key=lambda hit: (hit["share"], hit["run"]), default=None) for found in hits]
        runs = [max((hit["run"] for hit in found), default=0) for found in hits]
        columns = [
            pa.array([hit["share"] if hit else 0.0 for hit in best], pa.float64()),
            pa.array(runs, pa.int32()),
            pa.array([hit["item"] if hit else None for hit in best], pa.string()),
            pa.array(hits, pa.list_(HIT)),
        ]
        return pa.RecordBatch.from_arrays(columns, list(self.contract.adds))


@cache
def _index(benchmarks: tuple[str, ...], share: float, min_words: int, common_above: int) -> Index:
    items = [item for path in benchmarks for item in read_items(path)]
    return build_index(items, share, min_words, common_above)
