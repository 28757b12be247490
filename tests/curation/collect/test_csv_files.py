import gzip

import pytest

from curation.collect.csv_files import Csv
from curation.errors import ResourceError
from tests.curation.collect.helpers import read


def test_csv_rows_become_documents(tmp_path):
    (tmp_path / "t.csv").write_text('id,text\n1,"two\nlines"\n2,plain\n')
    documents, _ = read(Csv(name="s", path=str(tmp_path)))
    assert [(d["text"], d["key"], d["meta"]) for d in documents] == [
        ("two\nlines", "t.csv:0", {"id": "1"}),
        ("plain", "t.csv:1", {"id": "2"}),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [(b"1", "wrong_columns"), (b"1,\xff", "invalid_utf8"), (b"1," + b"x" * 300, "record_too_large")],
)
def test_a_bad_csv_row_is_rejected_and_its_neighbours_live(tmp_path, row, reason):
    (tmp_path / "t.csv").write_bytes(b"id,text\n0,before\n" + row + b"\n2,after\n")
    documents, (rejected,) = read(Csv(name="s", path=str(tmp_path), max_record_bytes=200))
    assert [document["text"] for document in documents] == ["before", "after"]
    assert (rejected["reason"], rejected["offset"]) == (reason, 1)


def test_a_csv_header_that_is_not_utf8_names_the_file(tmp_path):
    (tmp_path / "t.csv").write_bytes(b"text,\xff\na,b\n")
    with pytest.raises(ResourceError, match=r"t\.csv: found a header line that is not UTF-8"):
        Csv(name="s", path=str(tmp_path)).pieces()


def test_a_line_without_end_is_one_row_and_the_next_is_read(tmp_path):
    (tmp_path / "a.csv").write_bytes(b"text,n\na,1\n" + b"x" * 5_000_000 + b"\nb,2\n")
    documents, (rejected,) = read(Csv(name="s", path=str(tmp_path), max_record_bytes=1000))
    assert ([each["text"] for each in documents], rejected["reason"]) == (["a", "b"], "record_too_large")


def test_a_quote_that_is_never_closed_costs_no_more_than_a_record_may(tmp_path):
    (tmp_path / "a.csv").write_bytes(b'text\n"a\n' + b"b\n" * 400 + b"c\n")
    documents, rejected = read(Csv(name="s", path=str(tmp_path), max_record_bytes=100))
    assert [each["reason"] for each in rejected] == ["record_too_large"]
    assert documents[-1]["text"] == "c"


def test_a_file_that_is_cut_short_keeps_its_rows(tmp_path):
    packed = gzip.compress(b"text\n" + b"fox\n" * 9000) + gzip.compress(b"more\n")[:12]
    (tmp_path / "a.csv.gz").write_bytes(packed)
    documents, (rejected,) = read(Csv(name="s", path=str(tmp_path)))
    assert (len(documents), rejected["reason"]) == (9000, "damaged_file")


def test_a_file_that_holds_no_header_names_itself(tmp_path):
    (tmp_path / "a.csv.gz").write_bytes(b"no gzip")
    with pytest.raises(ResourceError, match="no header line"):
        Csv(name="s", path=str(tmp_path)).pieces()
