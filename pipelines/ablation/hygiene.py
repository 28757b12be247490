"""What must not be written: drift into another language, personal data, markup and mojibake, as rates.

Our own operators read the generated text, so training need not know them: the trainer is handed this function.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.clean.mojibake import may_hold_mojibake
from curation.registry import load
from curation.schema import TEXT

__all__ = ["hygiene"]

_MARKUP = r"</?[a-zA-Z][^<>]{0,200}>|&(?:[a-zA-Z]{2,8}|#\d{1,6});"


def hygiene(prompts: Sequence[str], continuations: Sequence[str]) -> dict[str, float]:
    """`language_drift`: share of continuations in another language than their prompts' most frequent one.
    `personal_data_rate`: finds per 10,000 characters. `markup_rate`, `mojibake_rate`: share of continuations with any.
    """
    written = _column(continuations)
    characters = max(1, sum(map(len, continuations)))
    found = _measured("personal_data", written).column("personal_data.total")
    return {
        "language_drift": _drift(_languages(_column(prompts)), _languages(written)),
        "personal_data_rate": 10_000 * float(pc.sum(found).as_py() or 0) / characters,
        "markup_rate": _share(pc.match_substring_regex(written, _MARKUP)),
        "mojibake_rate": _share(may_hold_mojibake(written)),
    }


def _drift(asked: list[str | None], answered: list[str | None]) -> float:
    known = [label for label in asked if label is not None]
    usual = max(sorted(set(known)), key=known.count, default=None)
    return float(np.mean([label is not None and label != usual for label in answered])) if answered else 0.0


def _languages(column: pa.Array) -> list[str | None]:
    labels: list[str | None] = _measured("language", column).column("language.label").to_pylist()
    return labels


def _measured(operator: str, column: pa.Array) -> pa.RecordBatch:
    batch = pa.RecordBatch.from_arrays([column], ["text"])
    answer: pa.RecordBatch = _opened(operator).apply(batch)
    return answer


@cache
def _opened(name: str) -> Any:
    operator = load("operator", name, "hygiene")()
    operator.open()
    return operator


def _column(texts: Sequence[str]) -> pa.Array:
    return pa.array(list(texts), TEXT)


def _share(flags: pa.Array) -> float:
    return float(np.mean(flags.fill_null(False).to_numpy(zero_copy_only=False))) if len(flags) else 0.0
