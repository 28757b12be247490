from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.clean.lines import CleanLines
from curation.kernels.line_faults import find_line_faults
from curation.operator import run_operator
from curation.schema import text_buffers
from tests.reference.line_faults import has_line_faults

LINES = st.lists(st.sampled_from(["", " ", "a", "a ", "b\t", "--", "é", "漢", "5 likes", "x\r", "\0"]), max_size=12)


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def clean(text: str, **parameters: object) -> str:
    return run_operator(CleanLines(**parameters), batch(text)).column("text").to_pylist()[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("a  \nb\t\n", "a\nb\n"),
        ("a\n\n\n\nb", "a\n\nb"),
        ("a\n \n\t\nb", "a\n\nb"),
        ("a\na\na\nb\na", "a\nb\na"),
        ("--\n--\n--", "--\n--\n--"),
        ("Home | About us | Contact\ntext", "text"),
        ("text\n\nAll rights reserved.\n\nmore", "text\n\nmore"),
        ("a\n12 likes\na", "a"),
        ("All rights reserved", ""),
        ("", ""),
    ],
)
def test_default_tidies_lines(before: str, after: str) -> None:
    assert clean(before) == after


def test_limits_can_be_off_or_zero() -> None:
    assert clean("a\n\n\nb", max_blank_lines=None) == "a\n\n\nb"
    assert clean("a\n\n\nb", max_blank_lines=0) == "a\nb"
    assert clean("a\na\na", max_repeats=None) == "a\na\na"
    assert clean("a\na\na", max_repeats=2) == "a\na"
    assert clean("a ", trailing_space=False) == "a "
    assert clean("12 likes", boilerplate=False) == "12 likes"


@given(LINES)
def test_a_second_pass_changes_nothing(lines: list[str]) -> None:
    once = clean("\n".join(lines))
    assert clean(once) == once


@given(LINES)
def test_edits_and_counts_add_up(lines: list[str]) -> None:
    text = "\n".join(lines)
    row = run_operator(CleanLines(), batch(text)).to_pylist()[0]
    edits = row["clean_lines.edits"] or []
    assert len(text.encode()) + sum(edits[2::3]) - sum(edits[1::3]) == len(row["text"].encode())
    assert row["clean_lines.chars_removed"] == len(text) - len(row["text"])
    assert row["clean_lines.changed"] == (row["text"] != text) == bool(edits)
    if row["text"]:
        assert row["clean_lines.lines_removed"] == text.count("\n") - row["text"].count("\n")


@given(st.lists(LINES, max_size=4), st.booleans(), st.integers(-1, 2), st.integers(-1, 3))
def test_kernel_answers_as_its_twin(documents: list[list[str]], trailing: bool, blank: int, repeats: int) -> None:
    texts = ["\n".join(lines) for lines in documents]
    data, offsets = text_buffers(pa.array(texts, pa.large_string()))
    found = find_line_faults(data, offsets, trailing, blank, repeats)
    assert found.tolist() == [has_line_faults(text, trailing, blank, repeats) for text in texts]


def test_batches_do_not_change_answers() -> None:
    texts = batch("a ", "plain", None, "", "x\n" * 50_000, "y" * 1_000_000)
    whole = run_operator(CleanLines(), texts)
    single = [run_operator(CleanLines(), texts.slice(row, 1)) for row in range(texts.num_rows)]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([whole]))
    assert run_operator(CleanLines(), texts.slice(0, 0)).num_rows == 0
