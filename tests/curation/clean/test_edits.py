from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curation.clean.edits import MAX_EDITS, Edit, apply_edits, compose, replacement, rewrite, triples


def column(*texts: str | None) -> pa.Array:
    return pa.array(texts, pa.large_string())


@st.composite
def edits_of(draw: st.DrawFn, text: str) -> list[Edit]:
    cuts = sorted(draw(st.sets(st.integers(0, len(text)), max_size=6)))
    spans = list(zip(cuts[::2], cuts[1::2], strict=False))
    return [(a, b, draw(st.text(alphabet="xyé🙂", max_size=3))) for a, b in spans]


def after(text: str, flat: list[int], written: bytes) -> bytes:
    """The text after, from the text before and triples, taking what was put in from the text after itself."""
    old, new, copied = text.encode(), b"", 0
    for start, taken, put in zip(flat[::3], flat[1::3], flat[2::3], strict=True):
        new += old[copied:start]
        new += written[len(new) : len(new) + put]
        copied = start + taken
    return new + old[copied:]


@given(st.data(), st.text(max_size=30))
def test_two_steps_composed_give_the_same_text(data: st.DataObject, text: str) -> None:
    first = data.draw(edits_of(text))
    between = apply_edits(text, first)
    second = data.draw(edits_of(between))
    assert apply_edits(text, compose(text, first, second)) == apply_edits(between, second)


@given(st.data(), st.text(alphabet="aé漢🙂\n", max_size=30))
def test_triples_locate_edits_in_bytes(data: st.DataObject, text: str) -> None:
    edits = data.draw(edits_of(text))
    written = apply_edits(text, edits).encode()
    assert after(text, triples(text, edits), written) == written


@given(st.text(alphabet="ab", max_size=8), st.text(alphabet="ab", max_size=8))
def test_replacement_turns_one_text_into_the_other(old: str, new: str) -> None:
    assert apply_edits(old, replacement(old, 0, len(old), new)) == new


def test_many_edits_end_in_one_that_spans_the_rest() -> None:
    text = "ab" * (MAX_EDITS + 50)
    edits = [(2 * k, 2 * k + 1, "") for k in range(MAX_EDITS + 50)]
    flat = triples(text, edits)
    assert len(flat) == 3 * MAX_EDITS
    assert after(text, flat, apply_edits(text, edits).encode()) == apply_edits(text, edits).encode()


def test_rewrite_reports_change_and_place() -> None:
    done = rewrite("op", column("né", "ab", None), [0], lambda row, text: [(1, 2, "e")])
    assert done["text"].to_pylist() == ["ne", "ab", None]
    assert done["op.changed"].to_pylist() == [True, False, False]
    assert done["op.chars_removed"].to_pylist() == [0, 0, 0]
    assert done["op.edits"].to_pylist() == [[1, 2, 1], None, None]


def test_rewrite_returns_the_very_column_when_nothing_changes() -> None:
    texts = column("a", None, "b")
    assert rewrite("op", texts, [0, 2], lambda row, text: [])["text"] is texts


def test_rewrite_reads_slices() -> None:
    texts = column("aa", "bb", "cc", "dd").slice(1, 2)
    done = rewrite("op", texts, np.array([1]), lambda row, text: [(0, 1, "")])
    assert done["text"].to_pylist() == ["bb", "c"]
