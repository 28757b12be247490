from __future__ import annotations

import bz2
import re
from pathlib import Path

import pytest

from curation.collect.mediawiki import MediaWiki
from tests.curation.collect.helpers import read

HEAD = """<mediawiki><siteinfo><base>https://fox.example/wiki/Main</base><namespaces>
<namespace key="6" case="first-letter">Datei</namespace></namespaces></siteinfo>
"""


def page(title: str, text: str, ns: int = 0, extra: str = "") -> str:
    return (
        f"  <page>\n    <title>{title}</title>\n    <ns>{ns}</ns>\n    <id>7</id>{extra}\n    <revision>\n"
        f"      <id>8</id>\n      <timestamp>2024-01-02T03:04:05Z</timestamp>\n"
        f'      <text bytes="9" xml:space="preserve">{text}</text>\n    </revision>\n  </page>\n'
    )


def source(folder: Path, dump: str | bytes, name: str = "wiki.xml", **fields: object) -> MediaWiki:
    (folder / name).write_bytes(dump.encode() if isinstance(dump, str) else dump)
    return MediaWiki(name="wiki", path=str(folder), **fields)


@pytest.mark.parametrize(("name", "pack"), [("wiki.xml", bytes), ("wiki.xml.bz2", bz2.compress)])
def test_articles_become_documents(tmp_path: Path, name: str, pack: object) -> None:
    dump = (
        HEAD + page("Red fox", "A &quot;fox&quot;.\n[[Datei:x.jpg]]\n== Life ==\nLong &amp;amp; good.") + "</mediawiki>"
    )
    documents, rejected = read(source(tmp_path, pack(dump.encode()), name))  # type: ignore[operator]
    assert rejected == []
    assert documents[0]["text"] == 'A "fox".\n\nLife\n\nLong & good.'
    assert documents[0]["url"] == "https://fox.example/wiki/Red_fox"
    assert documents[0]["key"] == f"{name}:{len(HEAD)}"
    expected = {"title": "Red fox", "date": "2024-01-02T03:04:05Z", "page_id": "7", "sections": [[2, "Life", 10]]}
    assert documents[0]["meta"] == expected


def test_a_dump_on_one_line_is_cut_at_its_tags_too(tmp_path: Path) -> None:
    pages = [page(f"Fox {n}", f"{n} {'fox ' * 70_000}") for n in range(12)]
    dump = "".join(line.strip() for line in (HEAD + "".join(pages) + "</mediawiki>").splitlines())
    documents, rejected = read(source(tmp_path, dump))
    assert rejected == []
    assert [each["text"][:2] for each in documents] == [f"{n} "[:2] for n in range(12)]
    assert [each["key"] for each in documents] == [f"wiki.xml:{at.start()}" for at in re.finditer("<page>", dump)]


def test_a_file_without_pages_is_a_row(tmp_path: Path) -> None:
    assert [each["reason"] for each in read(source(tmp_path, "<feed><entry/></feed>"))[1]] == ["not_a_dump"]


def test_redirects_and_other_namespaces_are_passed_over(tmp_path: Path) -> None:
    dump = HEAD + page("A", "x", extra='<redirect title="B" />') + page("Talk:A", "y", ns=1) + page("B", "z")
    assert [each["text"] for each in read(source(tmp_path, dump))[0]] == ["z"]


def test_what_is_broken_is_a_row_beside_whole_pages(tmp_path: Path) -> None:
    whole = page("A", "text")
    broken = [whole.replace("</text>", ""), whole.replace("  </page>\n", ""), page("A", "x" * 5000)]
    dump = HEAD + whole + "".join(broken) + whole + whole[:150]
    documents, rejected = read(source(tmp_path, dump, max_record_bytes=2000))
    assert len(documents) == 2
    expected = ["missing_text", "truncated_record", "record_too_large", "truncated_record"]
    assert [each["reason"] for each in rejected] == expected


def test_a_packed_dump_that_is_cut_short_keeps_what_was_whole(tmp_path: Path) -> None:
    blocks = bz2.compress((HEAD + page("A", "text")).encode()) + bz2.compress(page("B", "more").encode())[:-60]
    documents, rejected = read(source(tmp_path, blocks, "wiki.xml.bz2"))
    assert [each["text"] for each in documents] == ["text"]
    assert [each["reason"] for each in rejected] == ["damaged_file"]


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    dump = '<!DOCTYPE x [<!ENTITY a "boom">]>\n' + HEAD + page("A", "&a; text")
    assert read(source(tmp_path, dump))[0][0]["text"] == "&a; text"
