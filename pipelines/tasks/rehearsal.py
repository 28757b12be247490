"""One operator or grouping on a few made documents, for no answer but to have its kernels compiled and kept on disk."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa

from curation.dedup.grouping import unseen_pairs
from curation.kernels.candidates import candidate_pairs
from curation.operator import Operator, run_safely
from curation.recipe import Step
from curation.schema import DOCUMENT, document_id, id_words, with_columns
from pipelines.tasks.components import group_of, parts_of
from pipelines.tasks.dedup import COPIES

__all__ = ["documents", "rehearse"]

_ENGLISH = (
    "The miller keeps two kinds of grain apart, and the mill grinds whatever it is given.\n"
    "• Good flour comes from good grain; the rest is sold as feed [1].\n"
    "Write to miller@example.com, call +1 202 555 0173, or see https://example.com/mill?page=2 (192.0.2.7).\n"
    "He said: “That is all that there is to say of it, and of the others with it.” ...\n\n"
)
_TEXTS = (
    _ENGLISH * 4,
    _ENGLISH * 4,
    f"<p>{_ENGLISH}</p>\n<b>javascript</b> &amp; cookies\n"
    + "caf\u00c3\u00a9 d\u00c3\u00a9j\u00c3\u00a0 vu\u200b\n" * 3,
    "磨坊主把两种谷物分开存放。好面粉来自好谷物，其余的当作饲料出售。\n" * 6,
    "水車小屋では二種類の穀物を分けておきます。よい粉はよい穀物から。\n" * 6,
    "Мельник держит два вида зерна отдельно, и мельница мелет всё, что ей дают.\n" * 6,
    "الطحان يفصل بين نوعين من الحبوب، والطاحونة تطحن كل ما يعطى لها.\n" * 6,
    "e\u0301 Ａ １２３ \ufb01n" * 20,
    "",
)


def documents() -> pa.RecordBatch:
    rows = [
        {"id": document_id("rehearsal", str(number)), "source": "rehearsal", "key": str(number), "text": text}
        for number, text in enumerate(_TEXTS)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


def rehearse(packed: str) -> str:
    """Rehearse a part of a recipe, packed by `pipelines.tasks.components`. Returns it. What fails here fails later."""
    part = json.loads(packed)
    if "grouping" in part:
        _group(group_of(part).grouping)
    else:
        for step in parts_of([part]):
            if isinstance(step, Step):
                _operate(step.operator)
    return packed


def _operate(operator: Operator) -> None:
    run_safely(operator, documents())


def _group(grouping: Any) -> None:
    batch = documents()
    batch = with_columns(batch, {COPIES: pa.array(np.ones(batch.num_rows, np.int32))})
    keys = grouping.anchors(batch) if grouping.method == "passages" else grouping.keys(batch)
    if grouping.method == "linked":
        _link(grouping, batch, keys)


def _link(grouping: Any, batch: pa.RecordBatch, keys: pa.RecordBatch) -> None:
    order = np.argsort(keys.column("key").to_numpy(), kind="stable")
    rows = keys.column("row").to_numpy()[order].astype(np.int64)
    ranks, ids = grouping.rank(batch), id_words(batch.column("id"))
    sorted_keys = [np.ascontiguousarray(keys.column(name).to_numpy()[order]) for name in ("key", "order")]
    left, right = candidate_pairs(*sorted_keys, rows, ranks[rows])
    similarity = grouping.verify(*grouping.sets(batch), left, right)
    unseen_pairs(grouping.elect(ids, ranks, left, right, similarity), ids, ranks, left, right)
