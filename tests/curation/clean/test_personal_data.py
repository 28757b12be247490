from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from curation.clean.personal_data import RedactPersonalData
from curation.errors import ResourceError
from curation.operator import run_operator
from tests.curation.personal_data.examples import EXAMPLES

VALUES = [value for values in EXAMPLES.values() for value in values]


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def redact(text: str, **parameters: object) -> str:
    return run_operator(RedactPersonalData(**parameters), batch(text)).column("text").to_pylist()[0]


def test_masks_name_the_kind() -> None:
    assert redact("Write to a@example.com or 203.0.113.9!") == "Write to <EMAIL> or <IP_ADDRESS>!"
    assert redact("Section 4.12.7.3, pi 3.14159265358979") == "Section 4.12.7.3, pi 3.14159265358979"


@pytest.mark.parametrize("action", ["mask", "replace"])
def test_no_planted_value_survives_anywhere_in_the_row(action: str) -> None:
    row = run_operator(RedactPersonalData(action=action), batch("\n".join(f"It is {v} ." for v in VALUES))).to_pylist()[
        0
    ]
    everything = json.dumps(row, ensure_ascii=False)
    assert [value for value in VALUES if value in everything] == []
    assert sum(row[f"redact_personal_data.{kind}"] for kind in EXAMPLES) == len(VALUES)
    assert len(row["redact_personal_data.edits"]) == 3 * len(VALUES)


def test_the_same_value_gets_the_same_stand_in_in_every_document() -> None:
    texts = batch("a@x-mail.org and b@x-mail.org", "again A@x-mail.org")
    first, second = run_operator(RedactPersonalData(action="replace"), texts).column("text").to_pylist()
    assert first.split(" and ")[0] == second.removeprefix("again ")
    assert first.split(" and ")[0] != first.split(" and ")[1]


def test_actions_can_differ_by_kind_and_count_leaves_the_text() -> None:
    text = "a@example.com 203.0.113.9 078-05-1120"
    actions = {"email": "count", "ip_address": "replace"}
    row = run_operator(RedactPersonalData(actions=actions), batch(text)).to_pylist()[0]
    assert row["text"].startswith("a@example.com ")
    assert row["text"].endswith(" <NATIONAL_ID>")
    assert row["redact_personal_data.email"] == 1
    assert redact(text, kinds=["phone"]) == text


def test_a_key_changes_stand_ins_and_counts_in_the_fingerprint(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_bytes(b"0123456789abcdef")
    keyed = RedactPersonalData(action="replace", key_file=str(key))
    texts = batch("a@example.com")
    assert run_operator(keyed, texts).column("text") != run_operator(
        RedactPersonalData(action="replace"), texts
    ).column("text")
    assert len(keyed.identity()["resources"]) == 1


def test_a_missing_or_short_key_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="readable file"):
        RedactPersonalData(key_file=str(tmp_path / "none")).open()
    (tmp_path / "short").write_bytes(b"short")
    with pytest.raises(ResourceError, match="at least 16"):
        RedactPersonalData(key_file=str(tmp_path / "short")).open()


def test_batches_do_not_change_answers() -> None:
    texts = batch("a@example.com", None, "", "plain", "x" * 1_000_000, "你好 b@example.com")
    operator = pickle.loads(pickle.dumps(RedactPersonalData()))
    whole = run_operator(operator, texts)
    single = [run_operator(operator, texts.slice(row, 1)) for row in range(texts.num_rows)]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([whole]))
    assert whole.column("text").to_pylist()[5] == "你好 <EMAIL>"
