from __future__ import annotations

import pickle

import pyarrow as pa
import pytest
from ftfy.badness import is_bad
from hypothesis import given
from hypothesis import strategies as st

from curation.clean.mojibake import RepairMojibake, may_hold_mojibake
from curation.operator import run_operator

SENTENCES = ["Señor Müller aß zwei Brötchen – “gratis”.", "L’été s’achève déjà à Liège.", "Привет, как дела?"]


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


@pytest.mark.parametrize("wrong", ["latin-1", "cp1252", "mac_roman"])
@pytest.mark.parametrize("sentence", SENTENCES[:2])
def test_repairs_utf8_read_as_something_else(sentence: str, wrong: str) -> None:
    broken = sentence.replace("”", "").encode().decode(wrong)
    row = run_operator(RepairMojibake(), batch(f"plain\n{broken}\nplain")).to_pylist()[0]
    assert row["text"] == f"plain\n{sentence.replace('”', '')}\nplain"
    assert row["repair_mojibake.unrepaired_lines"] == 0
    assert row["repair_mojibake.edits"]


@pytest.mark.parametrize("sentence", [*SENTENCES, "Ascii & <b> &amp; “quotes” ﬁ", "你好，世界", "สวัสดี", "e\u0301"])
def test_sound_text_is_left_alone_in_every_respect(sentence: str) -> None:
    texts = batch(sentence)
    assert run_operator(RepairMojibake(), texts).column("text").to_pylist() == [sentence]


def test_what_cannot_be_repaired_is_counted() -> None:
    broken = "我们将使用这个方法".encode("gb18030").decode("latin-1")
    row = run_operator(RepairMojibake(), batch(f"{broken}\n{broken}")).to_pylist()[0]
    assert row["repair_mojibake.unrepaired_lines"] == 2


@given(st.text(alphabet=st.sampled_from("aÃâ€™©Â \nÐÑ√∂®øÙØвЂГС°œŒ\x81\xa0é1²×│ΒΞ"), max_size=8))
def test_the_sieve_misses_no_line(text: str) -> None:
    assert may_hold_mojibake(pa.array([text], pa.large_string()))[0].as_py() or not any(map(is_bad, text.split("\n")))


def test_batches_nulls_and_pickling() -> None:
    texts = batch(None, "", "CafÃ©", "x" * 1_000_000, "Ã©" * 1000)
    operator = pickle.loads(pickle.dumps(RepairMojibake()))
    whole = run_operator(operator, texts)
    single = [run_operator(operator, texts.slice(row, 1)) for row in range(texts.num_rows)]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([whole]))
    assert whole.column("text").to_pylist()[:3] == [None, "", "Café"]
