"""The audit's report, indexes and labels lose a document, too, and are true to what is left."""

import json
import shutil

from curation.manifest import Manifest
from pipelines.audit import ensure_report
from pipelines.explain import find_rows
from pipelines.forget.request import Request
from pipelines.forget.takedown import plan_takedown
from pipelines.what_if import what_if
from tests.conftest import document


def test_pages_indexes_and_labels_hold_nothing_of_it(reference_run, tmp_path):
    run = shutil.copytree(reference_run, tmp_path / "run")
    report = ensure_report(run)
    before = report.read_bytes()
    (row,) = find_rows(run, "https://example.org/17")
    text = document(17)
    lines = [{"id": row["id"], "note": text}, {"id": "0" * 32, "note": "another"}]
    (run / "audit/labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (run / "audit/words-1.sqlite").write_text(text)
    (run / "audit/ledger-1.2.duckdb").write_text("https://example.org/17")
    plan_takedown(run, Request(ids=(row["id"],))).carry_out()
    found = [path for path in run.rglob("*") if path.is_file() and text.splitlines()[1].encode() in path.read_bytes()]
    assert found == []
    assert report.read_bytes() != before
    assert b"forgotten" in report.read_bytes()
    assert (run / "audit/labels.jsonl").read_text() == json.dumps(lines[1]) + "\n"
    assert not list((run / "audit").glob("*.duckdb"))
    answer = what_if(run, ["rules.too_short.min=40"])
    decided = Manifest.read(run / "decide/manifest.json").counts["kept"]
    assert answer.before.documents == decided
    assert find_rows(run, row["id"])[0]["reason"] == "forgotten"
