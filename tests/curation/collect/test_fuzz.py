"""Damaged and made-up input: no reader stops the run, and each record ends as a document, a row, or a counted skip.

Bytes of small whole files are flipped, cut, doubled and spliced with signs that readers look for, from fixed seeds.
"""

from __future__ import annotations

import bz2
import gzip
import io
import random
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pytest
import zstandard

from curation.collect.csv_files import Csv
from curation.collect.documents import Docx, Epub, Pdf
from curation.collect.html import HtmlFiles
from curation.collect.huggingface import HuggingFace
from curation.collect.jsonl import JsonLines
from curation.collect.mediawiki import MediaWiki
from curation.collect.source import Source
from curation.collect.sql import Sql
from curation.collect.tables import Arrow, Parquet
from curation.collect.warc import Warc
from curation.errors import ResourceError
from tests.curation.collect.helpers import PAGE, arc, http, pdf, read, record

SIGNS = (
    *(
        b"\r\n\r\n",
        b"WARC/1.0\r\n",
        b"Content-Length: 99999999999\r\n",
        b"\x1f\x8b\x08",
        b"\x28\xb5\x2f\xfd",
        b"HTTP/1.1 200",
    ),
    *(b"<p>", b"</p>", b"<!--", b"<![CDATA[", b"&#xffffffff;", b"<svg>", b"<table>", b"<page>", b"</page>", b"<text>"),
    *(
        b'"',
        b"'",
        b",",
        b"\n",
        b"{",
        b"}",
        b"[",
        b"\\ud800",
        b"1e999",
        b"\0",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
    ),
    *(
        b"charset=utf-7",
        b"charset=idna",
        b"{{",
        b"}}",
        b"[[",
        b"]]",
        b"{|",
        b"obj",
        b"endstream",
        b"PK\x03\x04",
        b"%PDF-",
    ),
)
WIKI = (
    "<mediawiki><siteinfo><base>https://fox.example/wiki/Main</base></siteinfo>\n  <page>\n <title>Fox</title>\n"
    '<text bytes="9">{{Infobox|a=b}} The [[fox|foxes]] run. == Head == {| a || b |}</text>\n  </page>\n</mediawiki>\n'
)
BOOK = io.BytesIO()
with zipfile.ZipFile(BOOK, "w") as _book:
    _book.writestr("META-INF/container.xml", '<rootfile full-path="c.opf"/>')
    _book.writestr("c.opf", '<item id="a" href="a.xhtml"/><itemref idref="a"/>')
    _book.writestr("a.xhtml", PAGE)
JSON = b'{"text":"fox","n":[1,{"a":2}]}\n'
ARCHIVE = (
    record(http()) + record(b"a", "request") + record(http(b"x", "Transfer-Encoding: chunked\r\n")) + record(http())
)


def whole_arrow() -> bytes:
    content = io.BytesIO()
    table = pa.table({"text": ["fox", "mill"], "n": [1, 2]})
    with pa.ipc.new_stream(content, table.schema) as writer:
        writer.write_table(table)
    return content.getvalue()


def whole_parquet() -> bytes:
    import pyarrow.parquet as pq

    content = io.BytesIO()
    pq.write_table(pa.table({"text": ["fox", "mill"], "n": [1, 2]}), content)
    return content.getvalue()


def whole_docx() -> bytes:
    docx = pytest.importorskip("docx")
    content, document = io.BytesIO(), docx.Document()
    document.add_paragraph("The fox jumps.")
    document.save(content)
    return bytes(content.getvalue())


def whole_pdf() -> bytes:
    pytest.importorskip("pypdf")
    return pdf("The fox jumps")


def mutated(whole: bytes, seed: int) -> bytes:
    """A few random edits; one file in fifty is noise from end to end."""
    rng = random.Random(seed)
    if rng.random() < 0.02:
        return rng.randbytes(rng.randrange(1, 2000))
    content = bytearray(whole)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at, length = rng.randrange(len(content) + 1), rng.choice((1, 1, 2, 8, 64))
        edit = rng.randrange(5)
        if edit == 0:
            content[at : at + length] = rng.randbytes(length)
        elif edit == 1:
            del content[at : at + length]
        elif edit == 2:
            content[at:at] = rng.choice(SIGNS)
        elif edit == 3:
            content[at:at] = content[at : at + length] * rng.choice((2, 50))
        elif len(content) > 1:
            del content[max(1, at) :]
    return bytes(content)


def damaged(whole: bytes, seeds: range) -> Iterator[bytes]:
    """The undamaged file, and one for each seed."""
    yield whole
    for seed in seeds:
        yield mutated(whole, seed)


def survives(make: Callable[[str], Source], folder: Path, name: str, content: bytes, *, refused: bool = False) -> int:
    """Every fuzzed file is read beside the source's own rules; `refused` for formats whose head must be whole. Returns
    how many documents it gave.
    """
    path = folder / name
    path.write_bytes(content)
    try:
        documents, rejected = read(make(str(path)))
    except ResourceError:
        assert refused
        return 0
    for document in documents:
        document["text"].encode()
    for row in rejected:
        assert row["reason"]
        assert row["detail"]
    return len(documents)


READERS: dict[str, tuple[Callable[[str], Source], str, Callable[[], bytes], bool]] = {
    "warc": (lambda path: Warc(name="f", path=path, extractor="all_text"), "a.warc", lambda: ARCHIVE, False),
    "html": (lambda path: HtmlFiles(name="f", path=path), "a.html", PAGE.encode, False),
    "jsonl": (
        lambda path: JsonLines(name="f", path=path),
        "a.jsonl",
        lambda: JSON * 4,
        False,
    ),
    "csv": (lambda path: Csv(name="f", path=path), "a.csv", lambda: b'text,n\n"the ""fox""\njumps",1\nmill,2\n', True),
    "xml": (lambda path: MediaWiki(name="f", path=path), "a.xml", WIKI.encode, False),
}
OTHERS: dict[str, tuple[Callable[[str], Source], str, Callable[[], bytes], bool]] = {
    "arc": (lambda path: Warc(name="f", path=path), "a.arc", lambda: arc(http()) * 3, False),
    "warc.gz": (lambda path: Warc(name="f", path=path), "a.warc.gz", lambda: gzip.compress(ARCHIVE) * 2, False),
    "warc.zst": (lambda path: Warc(name="f", path=path), "a.warc.zst", lambda: zstandard.compress(ARCHIVE) * 2, False),
    "jsonl.gz": (
        lambda path: JsonLines(name="f", path=path),
        "a.jsonl.gz",
        lambda: gzip.compress(b'{"text":"a"}\n'),
        False,
    ),
    "xml.bz2": (lambda path: MediaWiki(name="f", path=path), "a.xml.bz2", lambda: bz2.compress(WIKI.encode()), False),
    "epub": (lambda path: Epub(name="f", path=path), "a.epub", BOOK.getvalue, False),
    "docx": (lambda path: Docx(name="f", path=path), "a.docx", whole_docx, False),
    "pdf": (lambda path: Pdf(name="f", path=path, cpu_seconds=2.0), "a.pdf", whole_pdf, False),
    "parquet": (lambda path: Parquet(name="f", path=path), "a.parquet", whole_parquet, True),
    "arrow": (lambda path: Arrow(name="f", path=path), "a.arrow", whole_arrow, True),
}


@pytest.mark.parametrize("name", [*READERS, *OTHERS])
def test_a_few_damaged_files(tmp_path: Path, name: str) -> None:
    make, file, whole, refused = {**READERS, **OTHERS}[name]
    files = damaged(whole(), range(30 if name == "docx" else 150))
    assert sum(survives(make, tmp_path, file, content, refused=refused) for content in files)


@pytest.mark.slow  # minutes: ten thousand files a reader
@pytest.mark.timeout(3000)
@pytest.mark.parametrize("name", READERS)
def test_ten_thousand_damaged_files(tmp_path: Path, name: str) -> None:
    make, file, whole, refused = READERS[name]
    files = damaged(whole(), range(1000, 11_000))
    assert sum(survives(make, tmp_path, file, content, refused=refused) for content in files)


def test_a_damaged_hub_folder_is_refused_or_read(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    datasets.Dataset.from_dict({"text": ["fox", "mill"]}).save_to_disk(str(tmp_path / "saved"))
    (shard,) = (tmp_path / "saved").glob("*.arrow")
    whole = shard.read_bytes()

    def hub(path: str) -> HuggingFace:
        return HuggingFace(name="f", dataset=str(Path(path).parent))

    files = damaged(whole, range(40))
    assert sum(survives(hub, shard.parent, shard.name, content, refused=True) for content in files)


def test_a_damaged_database_is_refused_or_read(tmp_path: Path) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy")
    path = tmp_path / "a.db"
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("create table t (id integer, text text, url text)"))
        connection.execute(sqlalchemy.text("insert into t values (1, 'fox', null), (2, x'ff00', 'u')"))
    engine.dispose()
    whole = path.read_bytes()

    def database(path: str) -> Sql:
        return Sql(name="f", connection=f"sqlite:///{path}", query="select * from t")

    files = damaged(whole, range(100))
    assert sum(survives(database, tmp_path, "a.db", content, refused=True) for content in files)
