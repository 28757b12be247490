from __future__ import annotations

import importlib.util
import io
import zipfile
from pathlib import Path

import pytest

from curation.collect.documents import Docx, Epub, Pdf
from curation.errors import ResourceError
from tests.curation.collect.helpers import SENTENCE, pdf, read

CONTAINER = '<container><rootfiles><rootfile full-path="in/book.opf"/></rootfiles></container>'
PACKAGE = """<package><metadata><dc:title>Foxes</dc:title></metadata><manifest><item id="b" href="two.xhtml"/>
<item id="a" href="one.xhtml"/><item id="c" href="../../etc/passwd"/></manifest>
<spine><itemref idref="a"/><itemref idref="b"/><itemref idref="c"/></spine></package>"""


def book(**members: bytes) -> bytes:
    content = {
        "META-INF/container.xml": CONTAINER.encode(),
        "in/book.opf": PACKAGE.encode(),
        "in/one.xhtml": f"<html><body><p>One. {SENTENCE}</p></body></html>".encode(),
        "in/two.xhtml": b"<html><body><p>Two.</p></body></html>",
        **members,
    }
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in content.items():
            archive.writestr(name, member)
    return packed.getvalue()


def test_reads_the_chapters_of_a_book_in_order(tmp_path: Path) -> None:
    (tmp_path / "a.epub").write_bytes(book())
    documents, rejected = read(Epub(name="books", path=str(tmp_path)))
    assert rejected == []
    assert documents[0]["text"] == f"One. {SENTENCE.strip()}\n\nTwo."
    assert documents[0]["meta"]["title"] == "Foxes"


def test_reads_the_text_layer_of_a_pdf(tmp_path: Path) -> None:
    pytest.importorskip("pypdf")
    (tmp_path / "a.pdf").write_bytes(pdf("Hello fox"))
    documents, _ = read(Pdf(name="papers", path=str(tmp_path)))
    assert (documents[0]["text"], documents[0]["meta"]["pages"]) == ("Hello fox", 1)


def test_reads_paragraphs_and_tables_of_word_files_in_order(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.add_paragraph("Before")
    table = document.add_table(1, 2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "a", "b"
    document.add_paragraph("After")
    document.save(tmp_path / "a.docx")
    documents, _ = read(Docx(name="letters", path=str(tmp_path)))
    assert documents[0]["text"] == "Before\n\na\tb\n\nAfter"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no zip at all", "damaged_file"),
        (book()[:-30], "damaged_file"),
        (book(**{"META-INF/container.xml": b"<x/>"}), "not_epub"),
        (book(**{"META-INF/rights.xml": b"<x/>"}), "encrypted"),
        (book(**{"in/one.xhtml": b"", "in/two.xhtml": b""}), "empty_extraction"),
        (book(bomb=bytes(600 << 20)), "decompression_bomb"),
    ],
    ids=["rubbish", "cut", "no-root", "locked", "empty", "bomb"],
)
def test_what_is_broken_or_hostile_is_a_row_beside_a_whole_book(tmp_path: Path, content: bytes, reason: str) -> None:
    (tmp_path / "a.epub").write_bytes(content)
    (tmp_path / "b.epub").write_bytes(book())
    documents, rejected = read(Epub(name="books", path=str(tmp_path)))
    assert [each["key"] for each in documents] == ["b.epub"]
    assert [each["reason"] for each in rejected] == [reason]


def test_a_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ResourceError, match=r"gristmill\[documents\]"):
        Pdf(name="papers", path=str(tmp_path)).check()
