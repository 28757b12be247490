from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from curation.collect.warc import Warc
from tests.curation.collect.helpers import PAGE, SENTENCE, arc, http, read, record, skipped


def source(folder: Path, content: bytes, name: str = "a.warc", **fields: object) -> Warc:
    (folder / name).write_bytes(content)
    return Warc(name="crawl", path=str(folder), **fields)


def test_a_response_becomes_a_document(tmp_path: Path) -> None:
    head = "X-Robots-Tag: noai\r\nContent-Encoding: gzip\r\n"
    content = gzip.compress(record(http(gzip.compress(PAGE.encode()), head), headers="WARC-Record-ID: <urn:x>\r\n"))
    documents, rejected = read(source(tmp_path, content, "a.warc.gz"))
    assert rejected == []
    assert (documents[0]["key"], documents[0]["url"]) == ("a.warc.gz:0", "https://fox.example/page")
    assert documents[0]["text"] == (SENTENCE * 6).strip()
    assert documents[0]["meta"] == {
        "charset": "utf-8",
        "extractor": "resiliparse",
        "fetched": "2024-05-18T01:58:10Z",
        "record_id": "<urn:x>",
        "title": "Foxes",
        "x_robots_tag": "noai",
    }


def test_conversions_are_taken_as_they_are(tmp_path: Path) -> None:
    language = "WARC-Identified-Content-Language: eng\r\n"
    content = record(b"Just text\n<b>no tag</b>", "conversion", headers=language)
    documents, _ = read(source(tmp_path, content, "a.warc.wet"))
    assert (documents[0]["text"], documents[0]["meta"]["archive_languages"]) == ("Just text\n<b>no tag</b>", "eng")


@pytest.mark.parametrize("kind", ["resource", "conversion"])
def test_an_http_answer_where_its_body_belongs_is_read_as_one(tmp_path: Path, kind: str) -> None:
    answer = http(b"Just text", kind="text/plain")
    about = b"HTTP/1.1 200 OK\nis how an answer begins."
    documents, _ = read(source(tmp_path, record(answer, kind) + record(about, "conversion")))
    assert [document["text"] for document in documents] == ["Just text", about.decode()]


def test_arc_pages_are_documents_with_a_date(tmp_path: Path) -> None:
    documents, _ = read(source(tmp_path, arc(http()), "a.arc"))
    assert documents[0]["meta"]["fetched"] == "2014-02-16T05:02:21Z"


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (record(b"GET / HTTP/1.1\r\n\r\n", "request"), "record_request"),
        (record(b"software: x", "warcinfo"), "record_warcinfo"),
        (record(http(), "revisit"), "record_revisit"),
        (record(http(), "x" * 50), "record_unknown"),
        (record(http(status=404)), "status_404"),
        (record(http(status=301)), "status_301"),
        (record(http(b"\x89PNG", kind="image/png")), "type_image"),
        (record(http(b"%PDF", kind="application/pdf")), "type_pdf"),
        (record(http(b"?", kind="made/up")), "type_other"),
        (record(http(b"")), "empty_body"),
    ],
)
def test_records_that_are_no_pages_are_counted_by_what_they_are(tmp_path: Path, other: bytes, reason: str) -> None:
    archive = source(tmp_path, other)
    assert read(archive) == ([], [])
    assert skipped(archive) == {reason: 1}


def test_every_record_ends_in_one_place(tmp_path: Path) -> None:
    pages, images = [record(http())] * 3, [record(http(b"x", kind="image/png"))] * 2
    archive = source(tmp_path, b"".join([*pages, record(b"no status line"), *images]))
    documents, rejected = read(archive)
    assert (len(documents), len(rejected), skipped(archive)) == (3, 1, {"type_image": 2})


def test_the_crawl_an_archive_is_part_of_is_kept(tmp_path: Path) -> None:
    named = record(b"software: x\r\nisPartOf: CC-MAIN-2024-22\r\n", "warcinfo") + record(http())
    assert read(source(tmp_path, named))[0][0]["meta"]["snapshot"] == "CC-MAIN-2024-22"
    (tmp_path / "a.warc").unlink()
    path = source(tmp_path, record(http()), "CC-MAIN-2024-10-00001.warc")
    assert read(path)[0][0]["meta"]["snapshot"] == "CC-MAIN-2024-10"
    told = source(tmp_path, record(http()), "CC-MAIN-2024-10-00001.warc", snapshot="mine", license="CC0-1.0")
    assert read(told)[0][0]["meta"].items() >= {"snapshot": "mine", "license": "CC0-1.0"}.items()


def test_types_and_statuses_are_parameters(tmp_path: Path) -> None:
    content = record(http(b"a,b", kind="text/csv", status=203))
    documents, _ = read(source(tmp_path, content, types=("text/csv",), statuses=(203,)))
    assert documents[0]["text"] == "a,b"


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (record(b"no status line"), "not_http"),
        (record(http(b"\x1f\x8b", "Content-Encoding: gzip\r\n")), "truncated_record"),
        (record(http(gzip.compress(bytes(1 << 24)), "Content-Encoding: gzip\r\n")), "decompression_bomb"),
        (record(http(b"<p></p>")), "empty_extraction"),
        (record(http(PAGE.encode()), length=10), "wrong_length"),
    ],
)
def test_broken_records_are_rows_beside_whole_ones(tmp_path: Path, broken: bytes, reason: str) -> None:
    whole = record(http())
    documents, rejected = read(source(tmp_path, whole + broken + whole, max_record_bytes=1 << 20))
    assert len(documents) == 2
    assert [(each["reason"], each["offset"]) for each in rejected] == [(reason, len(whole))]


def test_a_record_cut_off_is_a_row_unless_its_page_is_whole(tmp_path: Path) -> None:
    page = http(headers=f"Content-Length: {len(PAGE)}\r\n")
    assert len(read(source(tmp_path, record(page, length=len(page) + 9)[:-4]))[0]) == 1
    assert [each["reason"] for each in read(source(tmp_path, record(page)[:-50]))[1]] == ["truncated_record"]


def test_a_page_without_a_type_is_known_by_its_first_bytes(tmp_path: Path) -> None:
    bare = b"HTTP/1.1 200 OK\r\n\r\n" + PAGE.encode()
    assert read(source(tmp_path, record(bare)))[0][0]["meta"]["title"] == "Foxes"
