from __future__ import annotations

import json

import pyarrow as pa
import pytest

from curation.measure.origin import Origin
from curation.operator import run_operator


def measure(*metas: dict[str, object] | None, **fields: tuple[str, ...]) -> list[dict[str, object]]:
    column = pa.array(
        [None if meta is None else json.dumps(meta, separators=(",", ":")) for meta in metas], pa.string()
    )
    rows = run_operator(Origin(**fields), pa.RecordBatch.from_pydict({"meta": column})).to_pylist()
    return [{name.removeprefix("origin."): value for name, value in row.items() if name != "meta"} for row in rows]


NOTHING = {"licence": None, "snapshot": None, "fetched": None} | dict.fromkeys(
    ("noai", "noimageai", "noindex", "noarchive", "tdm_reserved", "opted_out"), 0
)


def test_a_document_without_metadata_has_said_nothing() -> None:
    assert measure(None, {}, {"title": "license"}) == [NOTHING] * 3


@pytest.mark.parametrize(
    ("meta", "found"),
    [
        ({"license": "mit"}, {"licence": "MIT"}),
        ({"license": "https://x.example/by", "license_name": "CC-BY-4.0"}, {"licence": "CC-BY-4.0"}),
        ({"licence": ["MIT", "apache-2.0", 3]}, {"licence": "Apache-2.0 AND MIT"}),
        ({"license": {"name": "x"}}, {}),
        ({"snapshot": "CC-MAIN-2024-22", "fetched": "2024-05-18T01:58:10Z"},
         {"snapshot": "CC-MAIN-2024-22", "fetched": 20240518}),
        ({"dump": "CC-MAIN-2013-20", "fetched": "yesterday"}, {"snapshot": "CC-MAIN-2013-20"}),
        ({"robots": "noai,noimageai"}, {"noai": 1, "noimageai": 1, "opted_out": 1}),
        ({"x_robots_tag": "none"}, {"noindex": 1}),
        ({"x_robots_tag": "bot: noml"}, {"noai": 1, "opted_out": 1}),
        ({"tdm_reservation": "1"}, {"tdm_reserved": 1, "opted_out": 1}),
        ({"tdm_reservation": "0", "robots": "noarchive"}, {"noarchive": 1}),
    ],
)  # fmt: skip
def test_what_the_metadata_say_is_an_attribute(meta: dict[str, object], found: dict[str, object]) -> None:
    assert measure(None, meta)[1] == {**NOTHING, **found}


def test_the_fields_to_look_in_are_parameters() -> None:
    meta = {"repo_license": "isc", "license": "MIT", "crawl": "a"}
    (found,) = measure(meta, licence=("repo_license",), snapshot=("crawl",))
    assert (found["licence"], found["snapshot"]) == ("ISC", "a")
