"""Documents to make new ones from, and what an operator makes of them."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from curation.operator import Operator, run_operator
from curation.schema import DOCUMENT, document_id

ENGLISH = (
    "The mill stands above the river. Farmers bring their grain every autumn. A miller is a person who grinds grain.\n"
    "Nobody knows how old the wheel is. It turns day and night! Does it ever stop? Only when the river freezes.\n"
    "In winter the village is quiet. The children skate where boats lay before. The bread comes from last year's flour."
)
CHINESE = "村里的老人说河边的磨坊每天都在转动。人们把麦子送来,又把面粉带回家。冬天下了很大的雪!桥上没有行人。" * 2


def documents(*texts: str | None, meta: dict[str, Any] | None = None) -> pa.RecordBatch:
    rows = [
        {
            "id": document_id("web", str(number)),
            "source": "web",
            "key": str(number),
            "url": f"https://example.org/{number}",
            "text": text,
            "meta": json.dumps(meta) if meta is not None else None,
        }
        for number, text in enumerate(texts)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


def made(operator: Operator, *texts: str | None, meta: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """New rows, `meta` parsed and beside the other columns."""
    operator.open()
    rows = run_operator(operator, documents(*texts, meta=meta)).to_pylist()
    return [{**row, **json.loads(row["meta"])} for row in rows]


def new_texts(operator: Operator, *texts: str | None) -> list[str]:
    return [row["text"] for row in made(operator, *texts)]
