"""The harness of the comparison, with contestants that only copy or fail."""

import json
import sys

import pytest

from benchmarks import __main__ as bench
from benchmarks.contest import Contestant, contest, kept_json_lines
from benchmarks.side_by_side import markdown, picture, short

COPY = "import shutil, sys; shutil.copytree(sys.argv[1], sys.argv[2] + '/documents')"
FAIL = "import sys; sys.exit('no such model')"


def _contestant(name, code):
    return Contestant(
        name, lambda source, target: [sys.executable, "-c", code, str(source), str(target)], kept_json_lines
    )


@pytest.fixture
def corpus(tmp_path):
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / "part-0000.jsonl").write_text("".join(json.dumps({"text": f"page {n}"}) + "\n" for n in range(30)))
    return folder


def _subject(*rows):
    return {"title": "Copies", "command": "c", "machine": "m", "repeats": 1, "versions": {"x": "1"}, "rows": [*rows]}


def test_a_contestant_gets_a_row_of_figures(corpus, tmp_path):
    row = contest(_contestant("copy", COPY), corpus, tmp_path, repeats=1)
    assert (row["documents"], row["kept"]) == (30, 30)
    assert row["cpu_s"] >= 0
    assert "problem" not in row


def test_one_that_fails_says_why_and_stays_in_the_table(corpus, tmp_path):
    row = contest(_contestant("broken", FAIL), corpus, tmp_path, repeats=1)
    assert "- broken: no such model" in markdown({"copies": _subject(row)})
    assert "broken" not in picture({"copies": _subject(row)})


def test_the_table_and_the_picture_name_every_contestant_and_its_input():
    row = {"name": "copy <b>", "megabytes": 4.0, "documents": 1234, "kept": 7, "cpu_s": 2.0, "wall_s": 3.0}
    row |= {"mb_per_cpu_s": 2.0, "mb_per_cpu_s_without_start_up": None, "peak_mib": 5, "load": 1.5}
    assert "| copy <b> | 4 MB | 1,234 | 7 | 2.0 | 3.0 | 2.0 | – | 5 | 1.5 |" in markdown({"copies": _subject(row)})
    assert "copy &lt;b&gt;, 4 MB" in picture({"copies": _subject(row)})


def test_in_short_everyone_stands_with_the_largest_input_it_had():
    row = {"megabytes": 4.0, "mb_per_cpu_s": 2.0, "mb_per_cpu_s_without_start_up": None}
    small, large = {**row, "name": "gristmill"}, {**row, "name": "gristmill", "megabytes": 200.0, "mb_per_cpu_s": 21.5}
    other, broken = {**row, "name": "copy"}, {"name": "broken", "problem": "no such model"}
    assert "| Copies, 200 MB | 21.5 | – | copy 2.0 |" in short({"copies": _subject(large, small, other, broken)})


def test_a_later_run_of_one_subject_leaves_the_others(tmp_path):
    for name in ("near", "rules", "near"):
        bench._keep(tmp_path, name, _subject())
    assert list(json.loads((tmp_path / "bench.json").read_text())) == ["rules", "near"]
