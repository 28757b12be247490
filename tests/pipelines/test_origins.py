"""A run over a small archive: what is no document is counted, and origins are rules and lines of the card."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.errors import IntegrityError
from curation.manifest import Manifest
from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe
from pipelines.status import print_status
from pipelines.summary import print_summary
from pipelines.verify import verify_path
from tests.curation.collect.helpers import PAGE, http, record

RECIPE = """
name: origins
sources:
  - warc: {{name: web, path: "{folder}", snapshot: CC-MAIN-2024-22}}
clean:
  - origin
rules:
  - {{reason: opted_out, attribute: origin.opted_out, max: 0}}
  - {{reason: licence, attribute: origin.licence, allow: [CC-BY-4.0], on_missing: keep}}
dataset:
  splits: {{train: 1.0}}
"""
LICENSED = PAGE.replace("<title>", '<link rel="license" href="https://creativecommons.org/licenses/{}/4.0/"><title>')


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("archive")
    records = [
        record(http(PAGE.encode(), "X-Robots-Tag: noarchive\r\n")),
        record(http(LICENSED.format("by").encode())),
        record(http(LICENSED.format("by-nc").encode())),
        record(http(PAGE.encode(), "TDM-Reservation: 1\r\n")),
        record(http(PAGE.encode(), "X-Robots-Tag: noai\r\n")),
        record(b"GET / HTTP/1.1\r\n\r\n", "request"),
        *[record(http(b"\x89PNG", kind="image/png"))] * 2,
        record(b"no status line"),
    ]
    (folder / "a.warc").write_bytes(b"".join(records))
    root = tmp_path_factory.mktemp("run")
    outcome = run_recipe(parse_recipe(RECIPE.format(folder=folder)), root, Options(workers=1, quiet=True))
    print_summary(root, outcome)
    print_status(root)
    return root


def test_records_add_up_and_verify_checks_it(finished: Path) -> None:
    counts = Manifest.read(finished / "collect/manifest.json").counts
    assert counts["records"] == 9
    assert {name: n for name, n in counts.items() if "skip" in name} == {
        "skipped": 3,
        "skipped.record_request": 1,
        "skipped.type_image": 2,
    }
    assert "collect: documents + quarantined + skipped = 9 records" in verify_path(finished).checks


@pytest.mark.parametrize("name", ["records", "documents", "quarantined", "skipped", "skipped.type_image"])
def test_a_count_that_is_not_true_is_found(finished: Path, name: str) -> None:
    path = finished / "collect/manifest.json"
    whole = path.read_bytes()
    manifest = Manifest.read(path)
    try:
        manifest.model_copy(update={"counts": {**manifest.counts, name: 7}}).sealed().write(path)
        with pytest.raises(IntegrityError, match="collect: found"):
            verify_path(finished)
    finally:
        path.write_bytes(whole)


def test_rules_decide_by_origin_and_the_card_sums_up(finished: Path) -> None:
    facts = json.loads((finished / "dataset/manifest.json").read_text())["facts"]
    assert (facts["kept"], facts["reasons"]) == (2, {"opted_out": 2, "licence": 1})
    assert facts["skipped"] == {"type_image": 2, "record_request": 1}
    assert facts["origins"]["licence"] == {"CC-BY-4.0": 1}
    assert facts["origins"]["snapshot"] == {"CC-MAIN-2024-22": 2}
    card = (finished / "dataset/README.md").read_text()
    for line in ("| type_image | 2 |", "| CC-BY-4.0 | 1 | 50.0 % |", "| CC-MAIN-2024-22 | 2 | 100.0 % |"):
        assert line in card
    assert "| noarchive | 1 | 50.0 % |" in card
