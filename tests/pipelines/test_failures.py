"""What stops a unit is told by name, wherever it struck and whatever an engine makes of it."""

import pytest

from curation.errors import ResourceError
from curation.manifest import Receipt, Unit
from pipelines.tasks import execute, failures

UNIT = Unit(stage="some", index=0, fingerprint="f" * 64, payload={}).model_dump_json()


@pytest.mark.parametrize("method", ["read", "write"])
def test_a_receipt_that_cannot_be_read_or_written(tmp_path, monkeypatch, method):
    def fail(*_):
        raise OSError(5, "Input/output error", "receipts/some/00000.json")

    monkeypatch.setattr(Receipt, method, fail)
    with pytest.raises(OSError, match="Input/output"):
        execute.execute(str(tmp_path), "benchmarks.engines:idle_unit", UNIT, "{}")
    left = failures.read(tmp_path)
    assert isinstance(left, ResourceError)
    assert "receipts/some/00000.json" in str(left)
    failures.clear(tmp_path)
    assert failures.read(tmp_path) is None
