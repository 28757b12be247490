"""Input made to hang or fill a machine: each piece of it is counted, and its neighbours are read."""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from pathlib import Path

import pytest
import zstandard

from curation.collect.documents import Docx, Epub
from curation.collect.extract import isolate
from curation.collect.html import HtmlFiles
from curation.collect.warc import Warc
from tests.curation.collect.helpers import PAGE, SENTENCE, http, read, record

MILLION = 10**6
TEN_GB = 10 << 30
BLOCK = 1 << 20
PAGES = {
    "nested a million deep": (b"<p>" + b"<i>" * MILLION, "html_too_many_open_elements"),
    "a million divisions": (b"<div>" * MILLION, "html_too_deep"),
    "a million attributes": (b"<p " + b"a=x " * MILLION + b">x", "html_too_many_attributes"),
    "1e5 options": (b"<select>" + b"<option>x" * 10**5, "html_too_many_options"),
    "1e5 tags in the wrong order": (b"<p><b></p>" * 10**5, "html_too_many_open_elements"),
    "1e5 cells in the wrong place": (b"<table><a><tr>" * 10**5, "html_too_deep"),
    "a comment of 50 MB": (b"<p>x<!--" + bytes(50 << 20) + b"-->", "html_too_large"),
    "a million tags": (b"<p>x" * MILLION, "html_too_many_tags"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_made_to_hang_is_a_row_beside_its_neighbours(tmp_path: Path, name: str) -> None:
    page, reason = PAGES[name]
    for file, content in (("a", PAGE.encode()), ("b", page), ("c", PAGE.encode())):
        (tmp_path / f"{file}.html").write_bytes(content)
    documents, rejected = read(HtmlFiles(name="pages", path=str(tmp_path)))
    assert [each["key"] for each in documents] == ["a.html", "c.html"]
    assert [each["reason"] for each in rejected] == [reason]


@pytest.mark.parametrize(
    "page",
    [
        b"<b><i></b></i>" * 10_000 + b"<p>fox",
        b"<b>" * 2999 + b"<p>fox",
        b"<p " + b" ".join(b"a%d=x" % n for n in range(4999)) + b">fox",
        b"<p>fox<!--" + b"x-" * (4 << 20),
        b"<script>" + b"</scrip " * (1 << 20),
        b"<svg><math>" * 1400 + b"fox",
    ],
)
def test_what_the_caps_let_through_ends_in_time_and_memory(tmp_path: Path, page: bytes) -> None:
    """With the default guards: two CPU seconds, and less than 512 MB of memory touched."""
    (tmp_path / "a.html").write_bytes(page)
    documents, rejected = read(HtmlFiles(name="pages", path=str(tmp_path)))
    assert len(documents) + len(rejected) == 1
    status = Path(f"/proc/{isolate._children.child._process.pid}/status").read_text()
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    assert peak < 512 << 10


def gzip_bomb(head: bytes, size: int) -> bytes:
    """A member that begins with `head` and unpacks to `size` bytes; its last bytes, which nobody reaches, are wrong."""
    pack = zlib.compressobj(9, zlib.DEFLATED, 31)
    parts = [pack.compress(head), pack.flush(zlib.Z_FULL_FLUSH), pack.compress(bytes(BLOCK))]
    parts.append(pack.flush(zlib.Z_FULL_FLUSH))
    block = pack.compress(bytes(BLOCK)) + pack.flush(zlib.Z_FULL_FLUSH)
    return b"".join(parts) + block * (size // BLOCK) + b"\x03\x00" + bytes(8)


def zstd_bomb(head: bytes, size: int) -> bytes:
    return zstandard.compress(head) + zstandard.compress(bytes(16 * BLOCK), 19) * (size // (16 * BLOCK))


@pytest.mark.parametrize(("name", "bomb"), [("gzip", gzip_bomb), ("zstd", zstd_bomb)])
def test_a_page_that_unpacks_to_ten_gigabytes_is_a_row(tmp_path: Path, name: str, bomb) -> None:  # type: ignore[no-untyped-def]
    packed = http(bomb(b"<p>", TEN_GB), f"Content-Encoding: {name}\r\n")
    (tmp_path / "a.warc").write_bytes(record(http()) + record(packed) + record(http()))
    documents, rejected = read(Warc(name="web", path=str(tmp_path)))
    assert (len(documents), [each["reason"] for each in rejected]) == (2, ["decompression_bomb"])


@pytest.mark.parametrize(
    ("ending", "pack", "bomb"), [("gz", gzip.compress, gzip_bomb), ("zst", zstandard.compress, zstd_bomb)]
)
def test_an_archive_that_unpacks_to_ten_gigabytes_goes_on_behind_it(tmp_path: Path, ending: str, pack, bomb) -> None:  # type: ignore[no-untyped-def]
    head = record(b"", length=TEN_GB)[:-4]
    whole = pack(record(http()))
    (tmp_path / f"a.warc.{ending}").write_bytes(whole + bomb(head, TEN_GB) + whole)
    documents, rejected = read(Warc(name="web", path=str(tmp_path), max_record_bytes=BLOCK))
    assert len(documents) == 2
    assert {each["reason"] for each in rejected} == {"record_too_large"}


def book(**members: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("META-INF/container.xml", '<rootfile full-path="OEBPS/c.opf"/>')
        for name, text in members.items():
            file.writestr(name.replace("__", "/").replace("_", "."), text)
    return content.getvalue()


def test_a_zip_file_that_unpacks_to_too_much_is_a_row(tmp_path: Path) -> None:
    (tmp_path / "a.epub").write_bytes(book(OEBPS__c_opf=bytes(300 << 20)))
    package = b'<item id="i" href="a.xhtml"/><itemref idref="i"/>'
    (tmp_path / "b.epub").write_bytes(book(OEBPS__c_opf=package, OEBPS__a_xhtml=bytes(20 << 20)))
    reasons = [each["reason"] for each in read(Epub(name="books", path=str(tmp_path)))[1]]
    assert reasons == ["decompression_bomb", "html_too_large"]


def test_a_book_reads_nothing_outside_itself(tmp_path: Path) -> None:
    (tmp_path / "secret.xhtml").write_text("the secret")
    links = ["../../secret.xhtml", f"{tmp_path}/secret.xhtml", "file:///etc/passwd", "a.xhtml"]
    items = "".join(f'<item id="i{n}" href="{link}"/><itemref idref="i{n}"/>' for n, link in enumerate(links))
    (tmp_path / "a.epub").write_bytes(book(OEBPS__c_opf=items.encode(), OEBPS__a_xhtml=b"<p>fox</p>"))
    assert [each["text"] for each in read(Epub(name="books", path=str(tmp_path)))[0]] == ["fox"]


def test_entities_of_a_word_file_are_not_expanded(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    (tmp_path / "b.docx").write_bytes(b"")
    plain = docx.Document()
    plain.add_paragraph(SENTENCE)
    plain.save(str(tmp_path / "a.docx"))
    with zipfile.ZipFile(tmp_path / "a.docx") as whole, zipfile.ZipFile(tmp_path / "b.docx", "w") as bad:
        for member in whole.namelist():
            text = whole.read(member)
            if member == "word/document.xml":
                declared = f'<!DOCTYPE w [<!ENTITY l0 "ha">{laughs}<!ENTITY x SYSTEM "file:///etc/passwd">]>'.encode()
                text = text.replace(b"\n", b"\n" + declared, 1).replace(b"The quick", b"&l9;&x;The quick")
            bad.writestr(member, text)
    documents, rejected = read(Docx(name="words", path=str(tmp_path)))
    assert documents[0]["key"] == "a.docx"
    assert len(documents) + len(rejected) == 2
    assert not any("root:" in each["text"] or "haha" in each["text"] for each in documents)
