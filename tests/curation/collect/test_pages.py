from __future__ import annotations

from pathlib import Path

import pytest

from curation.collect.extract.guard import Guards
from curation.collect.html import HtmlFiles
from tests.curation.collect.helpers import PAGE, SENTENCE, read

BOMBS = {
    "html_too_deep": "<div>" * 100_000,
    "html_too_many_attributes": "<p " + " ".join(f"a{n}=x" for n in range(100_000)) + ">",
    "html_too_many_options": "<select>" + "<option>x" * 100_000,
    "html_too_many_open_elements": "<b><p>" * 100_000,
    "html_too_many_tags": "<br>" * 600_000,
    "html_too_large": "<!--" + "x" * 11_000_000 + "-->",
    "empty_extraction": "<html><body></body></html>",
}


def source(folder: Path, **fields: object) -> HtmlFiles:
    return HtmlFiles(name="web", path=str(folder), **fields)


@pytest.mark.parametrize("reason", BOMBS)
def test_a_hostile_page_is_one_row_and_its_neighbours_are_documents(tmp_path: Path, reason: str) -> None:
    (tmp_path / "a.html").write_text(PAGE)
    (tmp_path / "b.html").write_text(BOMBS[reason])
    (tmp_path / "c.htm").write_text(PAGE)
    documents, rejected = read(source(tmp_path))
    assert [each["key"] for each in documents] == ["a.html", "c.htm"]
    assert [(each["file"], each["reason"]) for each in rejected] == [("b.html", reason)]


@pytest.mark.parametrize("isolate", ["risky", "always", "never"])
def test_where_a_page_is_parsed_does_not_change_it(tmp_path: Path, isolate: str) -> None:
    (tmp_path / "deep.html").write_text("<div>" * 300 + f"<p>{SENTENCE * 9}</p>")
    documents, _ = read(source(tmp_path, guards=Guards(isolate=isolate)))
    assert [SENTENCE.strip() in each["text"] for each in documents] == [True]


def test_says_which_extractor_and_charset_it_was(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(PAGE.replace("fox", "fuchs für Käthe").encode("cp1252"))
    documents, _ = read(source(tmp_path))
    assert documents[0]["meta"] == {"charset": "cp1252", "extractor": "resiliparse", "title": "Foxes"}


def test_a_packed_page_that_is_cut_short_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.html.gz").write_bytes(b"\x1f\x8b\x08\x00cut")
    assert [each["reason"] for each in read(source(tmp_path))[1]] == ["damaged_file"]


def test_binary_rubbish_is_no_page(tmp_path: Path) -> None:
    (tmp_path / "a.html").write_bytes(b"<p>" + bytes(range(128, 256)) * 50)
    documents, rejected = read(source(tmp_path))
    assert len(documents) + len(rejected) == 1
