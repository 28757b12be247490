"""Documents made to hurt go through a whole run: each is in the ledger with scores, or in quarantine with a reason."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe
from tests.test_registry import HOSTILE

RECIPE = """
name: hostile
sources:
  - jsonl: {{name: web, path: "{corpus}"}}
clean:
  - normalize_unicode
  - clean_lines
  - remove_repeated_lines
  - repair_mojibake
  - language
  - use: gopher_quality/fineweb2
  - use: gopher_repetition/datatrove
  - use: fineweb/2024-12
  - bigscience
  - chinese_script
  - redact_personal_data
  - use: c4/paper
rules:
  - use: gopher_quality/fineweb2
  - use: c4/paper
dedup:
  - minhash
"""


@pytest.mark.parametrize("size", [1, pytest.param(10, marks=pytest.mark.slow)], ids=["megabyte", "ten megabytes"])
def test_every_hostile_document_is_accounted_for(tmp_path: Path, size: int) -> None:
    texts = {**HOSTILE, "one line": "word, " * (size * 170_000)}
    lines = [json.dumps({"text": text}) for text in texts.values()]
    lines += ['{"text": "a lone \\ud800 surrogate"}', '{"text": "\\udfff"}']
    (tmp_path / "a.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    run_recipe(
        parse_recipe(RECIPE.format(corpus=tmp_path / "a.jsonl")), tmp_path / "run", Options(workers=1, quiet=True)
    )
    with pa.memory_map(str(tmp_path / "run/ledger/ledger-00000.arrow")) as file:
        ledger = pa.ipc.open_stream(file).read_all()
    quarantined = [path.read_bytes() for path in (tmp_path / "run/quarantine").rglob("*.arrow")]
    rows = [row for row in ledger.to_pylist() if row["state"] != "quarantined"]
    assert len(rows) + sum(pa.ipc.open_stream(data).read_all().num_rows for data in quarantined) == len(lines)
    assert len(rows) >= len(HOSTILE)
    for name in ledger.schema.names:
        if pa.types.is_floating(ledger.schema.field(name).type):
            assert np.isfinite(ledger.column(name).drop_null().to_numpy()).all(), name
