"""Tables on disk are the tables that were made, and nothing else is ever taken for them."""

import numpy as np
import pytest

from curation.kernels.remembered import Notes, remembered


@pytest.fixture
def made(tmp_path, monkeypatch):
    """Asks for a table; `asked.count` says how often it was made."""
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))

    def make():
        asked.count += 1
        return {"table": np.arange(1000, dtype=np.uint16)}

    def asked(also=None):
        return remembered("test", make, [remembered.__module__], also)["table"]

    asked.count = 0
    return asked


def test_a_table_is_made_once_and_then_read(made):
    first, second = made(), made()
    assert made.count == 1
    assert np.array_equal(first, second)
    assert first.dtype == second.dtype


def test_another_key_is_another_table(made):
    made("one")
    made("other")
    assert made.count == 2


def test_a_damaged_file_is_made_anew(made, tmp_path):
    made()
    (path,) = (tmp_path / "cache").glob("tables.*.npz")
    whole = path.read_bytes()
    for damaged in (whole[: len(whole) // 2], whole[:700] + bytes([whole[700] ^ 1]) + whole[701:], b""):
        path.write_bytes(damaged)
        assert np.array_equal(made(), np.arange(1000))
    assert made.count == 4


def test_where_nothing_can_be_written_tables_are_made_in_memory(made, tmp_path):
    (tmp_path / "cache").write_text("a file where the folder should be")
    assert np.array_equal(made(), np.arange(1000))
    assert np.array_equal(made(), np.arange(1000))
    assert made.count == 2


def test_tables_cannot_be_changed_by_who_asked_for_them(made):
    for _ in range(2):
        with pytest.raises(ValueError, match="read-only"):
            made()[0] = 1


def test_a_note_holds_as_long_as_the_sources_it_speaks_of(tmp_path, monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "cache"))
    source = tmp_path / "kernel.py"
    source.write_text("one")
    assert "part" not in Notes("done", [source])
    Notes("done", [source]).add("part")
    assert "part" in Notes("done", [source])
    assert "other part" not in Notes("done", [source])
    assert "part" not in Notes("done", [source], "another compiler")
    source.write_text("two")
    assert "part" not in Notes("done", [source])
