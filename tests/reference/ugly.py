"""Texts that break things: hypothesis strategies shared by the tests of duplicate removal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from curation.operator import Operator, run_operator
from curation.schema import TEXT

UGLY = [
    "",
    " ",
    "\0",
    "!!!",
    "\u00a0\u2003\t\r\n",
    "The cat sat on the mat. The cat sat on the mat.",
    "caf\u00e9 cafe\u0301 CAF\u00c9",
    "Stra\u00dfe \ufb03 \u0390 \u0130stanbul \u1e9e",
    "\u4e2d\u6587\u6d4b\u8bd5 mixed \u3072\u3089\u304c\u306a \uac00\ub098\ub2e4",
    "\u0e20\u0e32\u0e29\u0e32\u0e44\u0e17\u0e22\u0e17\u0e35\u0e48\u0e19\u0e35\u0e48",
    "\u05e9\u05dc\u05d5\u05dd \u202e\u0645\u0631\u062d\u0628\u0627 \u0663\u0661\u0662",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f600 \U00020000\U0001d400",
    "12.5 007 3,000 x1y22",
    "co\u00adoperate zero\u200bwidth \ufeffbom",
    "a" * 3000,
    "ab " * 1500,
    "\U0010ffff\ue000\u0378",
]

characters = st.one_of(
    st.sampled_from(list(" \n.,-aAbBzZ019")),
    st.sampled_from([c for text in UGLY[6:] for c in text[:60]]),
    st.characters(exclude_categories=["Cs"]),
)
texts = st.one_of(st.sampled_from(UGLY), st.text(characters, max_size=80))
words = st.lists(st.sampled_from(["a", "b", "c", "the", "cat", "sat", "on", "\u4e2d", "\u6587x"]), max_size=40).map(
    " ".join
)


def few_or_many(values: Sequence[str]) -> st.SearchStrategy[list[str]]:
    """Lists of some of the values: short ones, and ones that fill several blocks of 64 bytes, which are rarely tried
    unless they are asked for.
    """
    return st.one_of(*(st.lists(st.sampled_from(values), min_size=least, max_size=3 * least + 15) for least in (0, 40)))


# Kernels read 64 bytes at once where so many lie in the buffer, and single ones where not.
BEHIND = "x" * 200


def rows_of(operator: Operator, texts: Sequence[str | None]) -> list[dict[str, Any]]:
    """What an operator makes of texts: the same when more text lies behind them in the buffer."""
    rows, others = (_rows(operator, [*texts, *behind]) for behind in ([], [BEHIND]))
    assert rows == others[: len(rows)]
    return rows


def _rows(operator: Operator, texts: list[str | None]) -> list[dict[str, Any]]:
    return run_operator(operator, pa.RecordBatch.from_pydict({"text": pa.array(texts, TEXT)})).to_pylist()


def column(values: list[str | None]) -> pa.Array:
    """A column that is a slice, so that offsets do not begin at 0."""
    return pa.array(["before", *values, "after"], TEXT)[1 : len(values) + 1]
