from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from curation.errors import ResourceError
from curation.measure.url_rules import UrlRules, bare_url, domains_of, host_of
from curation.operator import run_operator

LISTS = {
    "domains": "# bad places\nbad.example\nsub.half.example  # only this part\nEVIL.co.uk\n",
    "urls": "https://www.ok.example/worst/\nok.example/page?id=1\n",
    "hard_words": "casino\n",
    "soft_words": "free\nwin\ncash\n",
    "subwords": "xyzzy\nplugh\n",
}


@pytest.fixture
def operator(tmp_path: Path) -> UrlRules:
    for name, content in LISTS.items():
        (tmp_path / name).write_text(content, "utf-8")
    return UrlRules(**{name: str(tmp_path / name) for name in LISTS})


def measure(operator: UrlRules, *urls: str | None) -> list[tuple[int | None, ...]]:
    batch = pa.RecordBatch.from_pydict({"url": pa.array(urls, pa.string())})
    done = run_operator(operator, batch)
    return list(zip(*(done.column(k).to_pylist() for k in range(1, 6)), strict=True))


@pytest.mark.parametrize(
    ("url", "measured"),
    [
        ("https://bad.example/", (1, 0, 0, 0, 0)),
        ("HTTP://Deep.Down.BAD.example:8080/x", (1, 0, 0, 0, 0)),
        ("https://half.example/", (0, 0, 0, 0, 0)),
        ("https://notbad.example/", (0, 0, 0, 0, 0)),
        ("https://a.evil.co.uk", (1, 0, 0, 0, 0)),
        ("http://ok.example/worst", (0, 1, 0, 0, 0)),
        ("https://ok.example/page?id=1", (0, 1, 0, 0, 0)),
        ("https://ok.example/page?id=2", (0, 0, 0, 0, 0)),
        ("https://ok.example/Casino-nights", (0, 0, 1, 0, 0)),
        ("https://ok.example/casinos", (0, 0, 0, 0, 0)),
        ("https://free.example/free-free-win", (0, 0, 0, 2, 0)),
        ("https://ok.example/xy-zzy/pluGH", (0, 0, 0, 0, 2)),
        ("https://[broken/free", (0, 0, 0, 1, 0)),
        (None, (None,) * 5),
        ("", (None,) * 5),
    ],
)
def test_lists_are_counted_by_their_definitions(operator: UrlRules, url: str | None, measured: tuple[int, ...]) -> None:
    assert measure(operator, url) == [measured]


def test_lists_that_are_not_given_count_nothing() -> None:
    assert measure(UrlRules(), "https://casino.example/") == [(0, 0, 0, 0, 0)]


def test_hosts_and_domains_are_read_off_urls() -> None:
    assert host_of("https://user:pw@A.Example.:80/x") == "a.example"
    assert host_of("a.example/x") == "a.example"
    assert domains_of("a.b.example") == ["a.b.example", "b.example"]
    assert domains_of("localhost") == ["localhost"]
    assert domains_of("") == []
    assert bare_url("https://www.a.example/x/") == bare_url("a.example/x") == "a.example/x"


def test_batches_pickling_and_resources(operator: UrlRules) -> None:
    urls = ["https://bad.example/", None, "https://casino.example/free/win", ""]
    again = pickle.loads(pickle.dumps(operator))
    again.open()
    assert measure(again, *urls) == [measure(operator, url)[0] for url in urls]
    assert measure(operator) == []
    assert len(operator.resources()) == 5


def test_a_missing_list_is_an_error_of_resources(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="UTF-8 text file"):
        UrlRules(domains=str(tmp_path / "none")).open()
