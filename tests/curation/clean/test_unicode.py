from __future__ import annotations

import pickle
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from curation.clean.unicode import NormalizeUnicode, _flags, combining_classes
from curation.kernels.normal_form import FORM, find_unnormalized
from curation.operator import run_operator
from curation.schema import text_buffers
from tests.reference.normal_form import is_unnormalized

UGLY = st.text(
    alphabet=st.one_of(
        st.characters(exclude_categories=["Cs"]),
        st.sampled_from(
            "a e\t\n\r\0\x0b\x85\u00a0\u00ad\u0301\u0323\u0344\u0f73\u200b\u200c\u200d\u2028\u202e\ufeffﬁ한ᄒ"
        ),
        st.sampled_from("\u05b7\u05bc\u1161\u11ab👨क्षกำ"),
    ),
    max_size=30,
)


def clean(text: str | None, **parameters: object) -> str | None:
    batch = pa.RecordBatch.from_pydict({"text": pa.array([text], pa.large_string())})
    done = run_operator(NormalizeUnicode(**parameters), batch)
    return done.column("text").to_pylist()[0]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("e\u0301", "é"),
        ("e\x00\u0301", "é"),
        ("\u05d0\u05bc\u05b7", "\u05d0\u05b7\u05bc"),
        ("a\r\nb\rc\x85d\u2028e", "a\nb\nc\nd\ne"),
        ("a\u00a0b\u3000c\td", "a b c\td"),
        ("\ufeffso\u00adft\u200b", "soft"),
        ("x\x1b\x0b\ufdd0y", "xy"),
        ("a\u202eb\u200fc", "abc"),
        ("ﬁ ①", "ﬁ ①"),
        (None, None),
        ("", ""),
    ],
)
def test_default_makes_text_regular(before: str | None, after: str | None) -> None:
    assert clean(before) == after


def test_joiners_stay_where_scripts_and_emoji_need_them() -> None:
    assert clean("👨\u200d👩 می\u200cخواهم a\u200db\u200d") == "👨\u200d👩 می\u200cخواهم ab"


def test_nfkc_folds_compatibility_characters() -> None:
    assert clean("ﬁ ①", form="NFKC") == "fi 1"


def test_each_step_can_be_switched_off() -> None:
    ugly = "e\u0301\0\u200b\u202e\u00a0\r\n"
    off = dict.fromkeys(("control", "zero_width", "bidi", "white_space", "line_ends"), False)
    assert clean(ugly, form=None, **off) == ugly
    assert clean(ugly, **{**off, "line_ends": True}) == "é\0\u200b\u202e\u00a0\n"


@given(UGLY, st.sampled_from(["NFC", "NFKC"]))
def test_result_is_in_normal_form_and_stays_so(text: str, form: str) -> None:
    once = clean(text, form=form)
    assert once is not None
    assert unicodedata.is_normalized(form, once)
    assert clean(once, form=form) == once


@given(UGLY)
def test_only_the_form_changes_when_the_rest_is_off(text: str) -> None:
    off = dict.fromkeys(("control", "zero_width", "bidi", "white_space", "line_ends"), False)
    assert clean(text, **off) == unicodedata.normalize("NFC", text)


@given(st.lists(UGLY, max_size=5), st.integers(0, 255))
@example(["\u05d0\u05b7\u05bc", "\u05d0\u05bc\u05b7"], FORM)
def test_kernel_answers_as_its_twin(texts: list[str], mask: int) -> None:
    flags = _flags("NFC")
    data, offsets = text_buffers(pa.array(texts, pa.large_string()))
    found = find_unnormalized(data, offsets, flags, combining_classes(), mask)
    assert found.tolist() == [is_unnormalized(text, flags, mask) for text in texts]


@given(UGLY)
def test_documents_the_kernel_passes_need_no_form(text: str) -> None:
    data, offsets = text_buffers(pa.array([text], pa.large_string()))
    found = find_unnormalized(data, offsets, _flags("NFC"), combining_classes(), 0x20)
    assert found[0] or unicodedata.is_normalized("NFC", text)


@given(st.text(alphabet="a\u0301\u0323\u0344\u0f73\u0345", min_size=100, max_size=300))
def test_long_runs_of_marks_are_ordered_like_short_ones(text: str) -> None:
    assert clean(text) == unicodedata.normalize("NFC", text)


def test_a_hundred_thousand_marks_in_the_worst_order_are_one_sort() -> None:
    text = "a" + "\u0301\u0323" * 50_000
    assert clean(text) == "\u1ea1" + "\u0323" * 49_999 + "\u0301" * 50_000


def test_batches_do_not_change_answers() -> None:
    texts = pa.array(["a\r\n", "plain", None, "", "e\u0301", "x" * 1_000_000 + "\0"], pa.large_string())
    batch = pa.RecordBatch.from_pydict({"text": texts})
    operator = NormalizeUnicode()
    whole = run_operator(operator, batch)
    single = [run_operator(operator, batch.slice(row, 1)) for row in range(batch.num_rows)]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([whole]))
    assert run_operator(operator, batch.slice(0, 0)).num_rows == 0


def test_operator_pickles_and_counts() -> None:
    operator = pickle.loads(pickle.dumps(NormalizeUnicode(form=None)))
    batch = pa.RecordBatch.from_pydict({"text": pa.array(["a\r\nb\u200b"], pa.large_string())})
    row = run_operator(operator, batch).to_pylist()[0]
    assert row["normalize_unicode.chars_removed"] == 2
    assert row["normalize_unicode.edits"] == [1, 2, 1, 4, 3, 0]


def test_the_kernel_reads_from_inside_a_buffer() -> None:
    texts = pa.array(["e\u0301", "ok", "\0"], pa.large_string()).slice(1)
    data, offsets = text_buffers(texts)
    found = find_unnormalized(data, offsets, _flags(None), combining_classes(), 0xFF)
    assert np.array_equal(found, [False, True])
