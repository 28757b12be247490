from __future__ import annotations

import pickle

import pyarrow as pa

from curation.measure.personal_data import PersonalData
from curation.operator import run_operator

TEXTS = [
    "mail a@example.com, b@example.com",
    None,
    "",
    "203.0.113.9 or 078-05-1120",
    "x" * 1_000_000,
    "号码 4222222222222",
]


def batch() -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(TEXTS, pa.large_string())})


def test_counts_by_kind() -> None:
    done = run_operator(PersonalData(), batch())
    assert done.column("personal_data.email").to_pylist() == [2, 0, 0, 0, 0, 0]
    assert done.column("personal_data.ip_address").to_pylist() == [0, 0, 0, 1, 0, 0]
    assert done.column("personal_data.payment_card").to_pylist() == [0, 0, 0, 0, 0, 1]
    assert done.column("personal_data.total").to_pylist() == [2, 0, 0, 2, 0, 1]
    assert done.column("text").to_pylist() == TEXTS


def test_only_the_kinds_asked_for_are_counted() -> None:
    done = run_operator(PersonalData(kinds=["email"]), batch())
    assert [name for name in done.schema.names if name != "text"] == ["personal_data.email", "personal_data.total"]
    assert done.column("personal_data.total").to_pylist() == [2, 0, 0, 0, 0, 0]


def test_batches_do_not_change_answers() -> None:
    operator = pickle.loads(pickle.dumps(PersonalData()))
    whole = run_operator(operator, batch())
    single = [run_operator(operator, batch().slice(row, 1)) for row in range(len(TEXTS))]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([whole]))
    assert run_operator(operator, batch().slice(0, 0)).num_rows == 0
