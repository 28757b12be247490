from __future__ import annotations

import gzip
import io
import zlib

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from curation.collect.archive.records import ArchiveRecord, Broken, read_records
from tests.curation.collect.helpers import arc, http, record

LIMIT = 1 << 20
FIRST, SECOND = record(b"one"), record(b"two")


def found(content: bytes, limit: int = LIMIT) -> list[ArchiveRecord | Broken]:
    return list(read_records(io.BytesIO(content), limit))


def blocks(content: bytes) -> list[bytes]:
    return [each.block for each in found(content) if isinstance(each, ArchiveRecord)]


def reasons(content: bytes, limit: int = LIMIT) -> list[str]:
    return [each.reason for each in found(content, limit) if isinstance(each, Broken)]


@pytest.mark.parametrize(
    "archive",
    [
        FIRST + SECOND,
        gzip.compress(FIRST) + gzip.compress(SECOND),
        gzip.compress(FIRST + SECOND),
        zstandard.compress(FIRST) + zstandard.compress(SECOND),
        FIRST + b"\r\n" + SECOND,
        FIRST.lower() + SECOND,
    ],
)
def test_reads_the_same_records_however_they_are_packed(archive: bytes) -> None:
    assert blocks(archive) == [b"one", b"two"]
    assert reasons(archive) == []


def test_reads_zstd_with_a_dictionary_in_front() -> None:
    samples = [record(b"%d words of a sample" % number) for number in range(300)]
    trained = zstandard.train_dictionary(2048, samples)
    packed = zstandard.ZstdCompressor(dict_data=trained).compress(FIRST)
    content = trained.as_bytes()
    assert blocks(b"\x5d\x2a\x4d\x18" + len(content).to_bytes(4, "little") + content + packed) == [b"one"]


def test_reads_arc_and_addresses_with_spaces() -> None:
    head = b"filedesc://x.arc 0.0.0.0 20140101000000 text/plain 4\n1 0\n\n"
    header, first, second = found(head + arc(http()) + arc(b"HTTP/1.0 200 OK\r\n\r\nx"))
    assert (header.kind, first.kind, first.url) == ("arc_header", "response", "http://fox.example/a b")
    assert second.block.endswith(b"x")
    long_date = arc(http()).replace(b"20140216050221", b"201402160502210000")
    assert [each.kind for each in found(arc(http()) + long_date + arc(http()))] == ["response"] * 3


def test_places_do_not_clash_between_members_and_offsets() -> None:
    content = gzip.compress(FIRST + SECOND) + gzip.compress(FIRST)
    places = [each.place for each in found(content)]
    assert places == ["0", f"0+{len(FIRST)}", str(len(gzip.compress(FIRST + SECOND)))]


def test_places_are_offsets_in_a_plain_file() -> None:
    assert [each.place for each in found(FIRST + SECOND)] == ["0", str(len(FIRST))]


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        (b"these bytes are no record\r\n\r\n", "not_a_record"),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", "no_content_length"),
        (b"WARC/1.0\r\nContent-Length: many\r\n\r\n", "no_content_length"),
        (b"WARC/1.0\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", "header_too_large"),
        (record(b"longer than it says", length=5), "wrong_length"),
        (record(b"shorter than it says", length=60), "wrong_length"),
        (record(b"x" * 3000), "record_too_large"),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_what_is_broken_leaves_its_neighbours_whole(broken: bytes, reason: str, pack: object) -> None:
    content = pack(FIRST) + pack(broken) + pack(SECOND)  # type: ignore[operator]
    assert [each.block for each in found(content, 2000) if isinstance(each, ArchiveRecord)] == [b"one", b"two"]
    assert reasons(content, 2000) == [reason]


def test_a_damaged_member_leaves_its_neighbours_whole() -> None:
    damaged = bytearray(gzip.compress(record(bytes(range(256)) * 20)))
    damaged[60:70] = b"\xff" * 10
    content = gzip.compress(FIRST) + bytes(damaged) + gzip.compress(SECOND)
    assert blocks(content) == [b"one", b"two"]
    assert reasons(content) == ["damaged_file"]


def test_garbage_between_members_is_one_row() -> None:
    content = gzip.compress(FIRST) + b"garbage" * 100 + gzip.compress(SECOND)
    assert (blocks(content), reasons(content)) == ([b"one", b"two"], ["damaged_file"])


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_the_last_record_may_be_cut_short(pack: object) -> None:
    content = pack(FIRST + record(b"a longer block than the others"))  # type: ignore[operator]
    last = found(content[:-20] if pack is bytes else content[:-14])[-1]
    assert isinstance(last, ArchiveRecord)
    assert last.truncated


def test_much_of_nothing_is_passed_over() -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = squeeze.compress(record(b"", length=1 << 28)[:-4])
    bomb += b"".join(squeeze.compress(bytes(1 << 24)) for _ in range(16)) + squeeze.flush()
    content = gzip.compress(FIRST) + bomb + gzip.compress(SECOND)
    assert (blocks(content), reasons(content)) == ([b"one", b"two"], ["record_too_large"])


@given(st.binary(max_size=300), st.integers(0, 600), st.booleans())
def test_any_bytes_end_as_records_or_rows(noise: bytes, cut: int, packed: bool) -> None:
    content = FIRST + noise + SECOND
    content = gzip.compress(content, mtime=0) if packed else content
    for each in found(content[:cut] + noise + content[cut:]):
        assert isinstance(each, (ArchiveRecord, Broken))
