import gzip
import json

import pytest
import zstandard

from curation.collect.inputs import InputFile
from curation.collect.jsonl import JsonLines
from curation.collect.source import Piece, Sink


def read(source, *pieces):
    """(documents, rejected) of some pieces, as lists of rows."""
    documents, rejected = [], []
    sink = Sink(
        source.name, lambda b: documents.extend(b.to_pylist()), lambda b: rejected.extend(b.to_pylist()), 1 << 20
    )
    for piece in pieces:
        source.read(piece, sink)
    sink.flush()
    return documents, rejected


def read_all(source):
    return read(source, *(piece for unit in source.pieces() for piece in unit))


def lines(folder, content, name="a.jsonl"):
    (folder / name).write_bytes(content)
    return JsonLines(name="s", path=str(folder / name))


def test_a_record_becomes_a_document(tmp_path):
    ((document,), rejected) = read_all(lines(tmp_path, b'{"text": "grain", "url": "u", "year": 1900}\n'))
    assert rejected == []
    assert (document["text"], document["url"], document["key"]) == ("grain", "u", "a.jsonl:0")
    assert json.loads(document["meta"]) == {"year": 1900}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"text": "a', "invalid_json"),
        (b"nonsense", "invalid_json"),
        (b'{"text": NaN}', "invalid_json"),
        (b'{"text": "\xff"}', "invalid_utf8"),
        (b'{"text": "\\ud800"}', "invalid_json"),
        (b'{"text": null}', "null_text"),
        (b"{}", "missing_text"),
        (b'{"text": 3}', "wrong_type"),
        (b'{"text": ["a"]}', "wrong_type"),
        (b'["text"]', "not_an_object"),
        (b"null", "not_an_object"),
        (b'{"text": "' + b"x" * 2000 + b'"}', "record_too_large"),
        (b"[" * 1500, "invalid_json"),
    ],
)
def test_a_bad_line_is_rejected_with_its_offset_and_its_neighbours_live(tmp_path, line, reason):
    before, after = b'{"text": "before"}\n', b'{"text": "after"}\n'
    source = lines(tmp_path, before + line + b"\n" + after).model_copy(update={"max_record_bytes": 1600})
    documents, (rejected,) = read_all(source)
    assert [document["text"] for document in documents] == ["before", "after"]
    assert (rejected["reason"], rejected["file"], rejected["offset"]) == (reason, "a.jsonl", len(before))
    assert rejected["length"] == len(line) if reason != "record_too_large" else rejected["length"] >= len(line)
    assert rejected["head"] == line[:64]


def test_a_huge_record_costs_that_record_only(tmp_path):
    huge = b'{"text": "' + b"x" * (5 << 20) + b'"}\n'
    source = lines(tmp_path, b'{"text": "a"}\n' + huge + b'{"text": "b"}').model_copy(
        update={"max_record_bytes": 1 << 20}
    )
    documents, (rejected,) = read_all(source)
    assert [document["key"] for document in documents] == ["a.jsonl:0", f"a.jsonl:{14 + len(huge)}"]
    assert (rejected["reason"], rejected["length"]) == ("record_too_large", len(huge))


@pytest.mark.parametrize("size", [1, 7, 30, 64, 1000])
def test_every_record_is_read_once_however_the_file_is_cut(tmp_path, size):
    content = b"".join(b'{"text": "%d"}\r\n\n' % number for number in range(50)) + b'{"text": "last"}'
    whole = lines(tmp_path, content)
    pieces = whole.model_copy(update={"unit_bytes": size})
    assert len(pieces.pieces()) >= min(len(content) // size, 2)
    assert read_all(pieces) == read_all(whole)
    assert len(read_all(whole)[0]) == 51


def test_packed_files_give_the_same_documents(tmp_path):
    content = b'{"text": "a"}\n{"text": "b"}\n'
    plain = read_all(lines(tmp_path, content))[0]
    for name, packed in (("a.jsonl.gz", gzip.compress(content)), ("a.jsonl.zst", zstandard.compress(content))):
        documents = read_all(lines(tmp_path, packed, name))[0]
        assert [document["text"] for document in documents] == [document["text"] for document in plain]


@pytest.mark.parametrize("name", ["a.jsonl.gz", "a.jsonl.zst"])
def test_a_damaged_packed_file_gives_what_can_be_read_and_says_where_it_ends(tmp_path, name):
    content = b"".join(b'{"text": "%d"}\n' % (number * 7919) for number in range(20000))
    packed = gzip.compress(content) if name.endswith("gz") else zstandard.compress(content)
    documents, rejected = read_all(lines(tmp_path, packed[: len(packed) // 2], name))
    assert len(documents) < 20000
    assert [row["reason"] for row in rejected] in (["damaged_file"], ["invalid_json"])


def test_a_byte_order_mark_is_not_part_of_the_record(tmp_path):
    marked = b'\xef\xbb\xbf{"text": "a"}\n'
    assert [each["text"] for each in read_all(lines(tmp_path, marked + marked))[0]] == ["a", "a"]


def test_identity_does_not_depend_on_the_folder(tmp_path):
    ids = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        (folder / "a.jsonl").write_bytes(b'{"text": "a"}\n')
        ids.append(read_all(JsonLines(name="s", path=str(folder)))[0][0]["id"])
    assert ids[0] == ids[1]


def test_keep_chooses_fields_for_meta(tmp_path):
    source = lines(tmp_path, b'{"text": "a", "x": 1, "y": 2}\n').model_copy(update={"keep": ("y", "z")})
    assert read_all(source)[0][0]["meta"] == '{"y":2}'


def test_piece_of_a_file_knows_its_content_not_its_place():
    file = InputFile(path="/somewhere/a.jsonl", key="a.jsonl", bytes=3, sha256="s")
    assert "path" not in Piece(file=file).identity()


def test_a_record_of_a_hundred_megabytes_ends_in_quarantine_by_default(tmp_path):
    path = tmp_path / "a.jsonl"
    with path.open("wb") as file:
        file.write(b'{"text": "before"}\n{"text": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'"}\n{"text": "after"}\n')
    documents, (rejected,) = read_all(JsonLines(name="s", path=str(path)))
    assert [document["text"] for document in documents] == ["before", "after"]
    assert (rejected["reason"], rejected["offset"], rejected["length"]) == ("record_too_large", 19, 100_000_013)


def test_metadata_too_deep_to_be_kept_is_a_row(tmp_path):
    deep = "[" * 300 + "]" * 300
    (tmp_path / "a.jsonl").write_text(f'{{"text": "a", "more": {deep}}}\n{{"text": "b"}}\n')
    documents, rejected, *_ = read_all(JsonLines(name="j", path=str(tmp_path)))
    assert ([each["text"] for each in documents], [each["reason"] for each in rejected]) == (
        ["b"],
        ["unstorable_metadata"],
    )
