from __future__ import annotations

import pickle

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.clean.repeated_lines import RemoveRepeatedLines, tandem_repeats
from curation.kernels.adjacent_repeats import find_repetitive
from curation.kernels.hashing import frozen
from curation.kernels.unicode_tables import character_classes
from curation.operator import run_operator
from curation.schema import text_buffers
from tests.reference.adjacent_repeats import character_run, lines_repeat, longest_run, words_loop

LINES = st.lists(st.sampled_from(["a", "b", "c c", " a", "", "漢", "漢 漢", "é"]), max_size=14).map("\n".join)
SMALL = {"min_repeat_bytes": 1, "min_loop_copies": 2, "max_character_run": 3, "max_loop_words": 3, "max_block_lines": 3}


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


def clean(text: str, **parameters: object) -> str:
    return run_operator(RemoveRepeatedLines(**parameters), batch(text)).column("text").to_pylist()[0]


LONG = "A line of text that is long enough to matter."
BLOCK = f"First: {LONG}\n\nSecond: {LONG}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"Head\n{LONG}\n{LONG}\n\n{LONG}\nTail", f"Head\n{LONG}\nTail"),
        (f"{BLOCK}\n\n{BLOCK}\n\n{BLOCK}\nTail", f"{BLOCK}\nTail"),
        ("la la\nla la\nverse", "la la\nla la\nverse"),
        ("He said that was my" + " that was my" * 30 + " folly.", "He said that was my folly."),
        ("字节跳动" * 10 + "。", "字节跳动。"),
        ("very very very good", "very very very good"),
        ("x" + "=" * 500 + "y", "x" + "=" * 100 + "y"),
        ("é" + "ç" * 500 + "y" + "é" * 101, "é" + "ç" * 100 + "y" + "é" * 100),
        ("", ""),
    ],
)
def test_copies_go_and_the_first_stays(before: str, after: str) -> None:
    assert clean(before) == after


def test_a_text_pasted_twice_is_kept_once() -> None:
    page = "\n\n".join(f"Paragraph number {n} of the page." for n in range(40))
    assert clean(f"{page}\n\n{page}") == page


def test_each_part_can_be_off() -> None:
    assert clean(f"{LONG}\n{LONG}", max_block_lines=None, max_loop_words=None) == f"{LONG}\n{LONG}"
    assert clean("ab " * 50, max_loop_words=None, max_block_lines=None) == "ab " * 50
    assert clean("-" * 500, max_character_run=None) == "-" * 500


def test_lines_taken_out_are_counted_and_located() -> None:
    row = run_operator(RemoveRepeatedLines(), batch(f"é\n{LONG}\n{LONG}\n{LONG}")).to_pylist()[0]
    assert row["remove_repeated_lines.lines_removed"] == 2
    assert row["remove_repeated_lines.edits"] == [3 + len(LONG), 2 * (len(LONG) + 1), 0]


@given(LINES, st.integers(0, 4), st.integers(1, 6), st.integers(0, 4), st.integers(1, 3), st.integers(0, 4))
def test_kernel_answers_as_its_twins(
    text: str, max_lines: int, min_bytes: int, max_words: int, copies: int, max_run: int
) -> None:
    data, offsets = text_buffers(pa.array(["x y", text], pa.large_string()))
    found = find_repetitive(
        frozen(data), frozen(offsets), character_classes(), max_lines, min_bytes, max_words, copies, max_run
    )
    tokens = [token for word in text.split() for token in (word if "漢" in word else [word])]
    expected = max_lines > 0 and lines_repeat(text, max_lines, min_bytes)
    expected |= max_words > 0 and words_loop(tokens, max_words, copies)
    expected |= max_run > 0 and character_run(text, max_run)
    assert found[1] == expected


@given(LINES)
def test_the_sieve_misses_no_document(text: str) -> None:
    class Everything(RemoveRepeatedLines):
        def _needs(self, column: pa.Array) -> np.ndarray:
            return np.ones(len(column), np.bool_)

    assert clean(text, **SMALL) == run_operator(Everything(**SMALL), batch(text)).column("text").to_pylist()[0]


@given(st.text(alphabet="ab", max_size=20), st.integers(1, 5), st.integers(1, 3))
def test_tandem_repeats_are_whole_copies(text: str, period: int, copies: int) -> None:
    elements = np.frombuffer(text.encode(), np.uint8).astype(np.uint64)
    found = tandem_repeats(elements, period, copies)
    assert bool(found) == (longest_run(text, period) >= copies * period)
    for first, last in found:
        assert (last - first) % period == 0
        assert text[first:last] == text[first - period : last - period]


def test_batches_do_not_change_answers() -> None:
    texts = batch(f"{LONG}\n{LONG}", None, "", "plain", "ab " * 100_000, "x\n" * 100_000, "y" * 1_000_000)
    operator = pickle.loads(pickle.dumps(RemoveRepeatedLines()))
    whole = run_operator(operator, texts)
    single = [run_operator(operator, texts.slice(row, 1)) for row in range(texts.num_rows)]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([whole]))
    assert whole.column("text").to_pylist()[4:] == ["ab ", "x\n", "y" * 100]
    assert run_operator(operator, texts.slice(0, 0)).num_rows == 0
