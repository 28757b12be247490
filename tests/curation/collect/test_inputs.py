import bz2
import gzip
import os

import pytest
import zstandard

from curation.collect import inputs
from curation.collect.inputs import DecompressionBombError, find, open_input, with_checksums
from curation.errors import ResourceError


@pytest.fixture
def folder(tmp_path):
    for name in ("b/x.jsonl", "a/x.jsonl", "a/y.jsonl.gz", "a/z.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def keys(*paths):
    return [file.key for file in find([str(path) for path in paths], (".jsonl",), "source")]


def test_a_folder_is_searched_for_known_endings_in_a_fixed_order(folder):
    assert keys(folder) == ["a/x.jsonl", "a/y.jsonl.gz", "b/x.jsonl"]


def test_a_glob_takes_what_it_matches_and_keys_begin_below_its_fixed_part(folder):
    assert keys(folder / "*/x.*") == ["a/x.jsonl", "b/x.jsonl"]
    assert keys(folder / "a" / "*.txt") == ["z.txt"]


def test_a_file_is_taken_by_name(folder):
    assert keys(folder / "a/z.txt") == ["z.txt"]


def test_an_address_of_fsspec_gives_the_same_keys(folder):
    assert keys(f"file://{folder}") == keys(folder)
    (file,) = find([f"file://{folder}/a/x.jsonl"], (".jsonl",), "source")
    with open_input(file) as content:
        assert content.read() == b"a/x.jsonl"


def test_nothing_found_is_an_error_that_names_the_path(folder):
    with pytest.raises(ResourceError, match=r"no file behind .*nothing"):
        keys(folder / "nothing")


def test_two_files_of_one_name_are_refused(folder):
    with pytest.raises(ResourceError, match=r"two files called `x\.jsonl`"):
        keys(folder / "a/x.jsonl", folder / "b/x.jsonl")


def test_checksums_are_remembered_until_a_file_changes(folder):
    files = find([str(folder / "a/x.jsonl")], (".jsonl",), "source")
    cache = {}
    first = with_checksums(files, cache)
    cache[files[0].path][2] = "remembered"
    assert with_checksums(files, cache)[0].sha256 == "remembered"
    os.utime(files[0].path, ns=(1, 1))
    assert with_checksums(files, cache) == first


def pack(name, content):
    if name == "zst":
        return zstandard.ZstdCompressor().compress(content)
    return {"gz": gzip, "bz2": bz2}[name].compress(content)


@pytest.mark.parametrize("ending", ["gz", "bz2", "zst"])
def test_what_is_packed_is_read_to_the_place_where_it_is_damaged(tmp_path, ending):
    (tmp_path / f"a.txt.{ending}").write_bytes(pack(ending, b"one\n" * 9000) + pack(ending, b"two\n" * 9)[:-6])
    (file,) = find([str(tmp_path)], (".txt",), "source")
    with open_input(file) as lines:
        assert lines.read(32 << 10) == b"one\n" * (8 << 10)
        with pytest.raises((EOFError, OSError)):
            lines.read()


def test_a_name_that_is_not_utf8_is_an_error_that_shows_it(tmp_path):
    (tmp_path / os.fsdecode(b"\xff.jsonl")).write_bytes(b"")
    with pytest.raises(ResourceError, match=r"a file name that is not UTF-8: `.udcff.jsonl`"):
        keys(tmp_path)


def test_a_file_that_unpacks_without_end_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "_WINDOW", 4 << 20)
    (tmp_path / "a.txt.gz").write_bytes(gzip.compress(bytes(8 << 20)))
    (file,) = find([str(tmp_path)], (".txt",), "source")
    with open_input(file) as content, pytest.raises(DecompressionBombError):
        content.read()
