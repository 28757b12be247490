"""Policies of survival as ranks: higher survives."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from curation.dedup.survivors import ranks
from curation.schema import DOCUMENT


def batch(*rows: dict[str, object]) -> pa.RecordBatch:
    filled = [{"id": f"{i:032x}", "source": "s", "key": str(i), **row} for i, row in enumerate(rows)]
    return pa.RecordBatch.from_pylist(filled, schema=DOCUMENT)


def metas(*values: object) -> pa.RecordBatch:
    return batch(*({"meta": json.dumps({"value": value})} for value in values), {"meta": None})


def best_first(*args: object) -> list[int]:
    order = ranks(*args)  # type: ignore[arg-type]
    return sorted(range(len(order)), key=lambda row: -int(order[row]))


@pytest.mark.parametrize(
    ("keep", "expected"), [("longest", [1, 0, 2]), ("shortest", [2, 0, 1]), ("first_id", [0, 1, 2])]
)
def test_length_decides(keep: str, expected: list[int]) -> None:
    rows = batch({"text": "abc"}, {"text": "abcd"}, {"text": None})
    assert best_first(rows, keep, None, ()) == expected


@pytest.mark.parametrize(("keep", "expected"), [("earliest", [1, 2, 0, 3]), ("latest", [0, 2, 1, 3])])
def test_dates_decide_and_a_missing_date_is_worst(keep: str, expected: list[int]) -> None:
    rows = metas("2024-05-01T10:00:00+00:00", "1969-12-31", "2024-05-01T11:00:00+02:00")
    assert best_first(rows, keep, "value", ()) == expected


@pytest.mark.parametrize(("keep", "expected"), [("highest", [2, 1, 0, 3]), ("lowest", [0, 1, 2, 3])])
def test_scores_decide(keep: str, expected: list[int]) -> None:
    assert best_first(metas(-2.5, 0, 1e9), keep, "value", ()) == expected


def test_minus_zero_equals_zero() -> None:
    low, high, _ = ranks(metas(-0.0, 0.0), "highest", "value", ())
    assert low == high


def test_scores_may_be_a_column() -> None:
    rows = batch({"text": "a"}, {"text": "b"}).append_column("score", pa.array([1.0, None]))
    assert best_first(rows, "lowest", "score", ()) == [0, 1]


def test_preferred_sources_come_in_order() -> None:
    rows = batch({"source": "web"}, {"source": "wiki"}, {"source": "news"})
    assert best_first(rows, "preferred_source", None, ("wiki", "web")) == [1, 0, 2]


def test_unreadable_dates_are_missing() -> None:
    assert ranks(metas("yesterday", True), "latest", "value", ()).tolist()[0] == 0
