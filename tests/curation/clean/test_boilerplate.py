from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.clean.boilerplate import RemoveBoilerplate, boilerplate_kind, may_hold_boilerplate
from curation.operator import run_operator


def batch(*texts: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("Home | About us | Contact", "navigation"),
        ("首页 | 关于我们 | 联系方式", "navigation"),
        ("Startseite · Impressum · Wetter", "navigation"),
        ("This website uses cookies to serve you better.", "notice"),
        ("© 2019 Example Ltd", "notice"),
        ("Все права защищены.", "notice"),
        ("Skip to main content", "notice"),
        ("1,204 views", "counter"),
        ("3k followers", "counter"),
        ("| a | b | c |", None),
        ("Home | apples | pears", None),
        ("She likes cookies.", None),
        ("He had 12 likes and she had none", None),
        ("In 1999 all his rights were reserved for him", None),
        ("", None),
    ],
)
def test_rules_tell_lines_of_a_website_from_text(line: str, kind: str | None) -> None:
    assert boilerplate_kind(line) == kind


def test_long_lines_are_text_whatever_they_hold() -> None:
    assert boilerplate_kind("All rights reserved. " + "x" * 300) is None


def test_operator_counts_by_kind_and_keeps_the_rest() -> None:
    row = run_operator(
        RemoveBoilerplate(), batch("Home | Login | Help\nText.\n7 likes\nAll rights reserved")
    ).to_pylist()[0]
    assert row["text"] == "Text."
    assert [row[f"remove_boilerplate.{kind}_lines"] for kind in ("navigation", "counter", "notice")] == [1, 1, 1]


def test_kinds_can_be_off_and_phrases_added() -> None:
    operator = RemoveBoilerplate(counters=False, phrases=("Brought to you",))
    row = run_operator(operator, batch("7 likes\nBROUGHT TO YOU by us\nText")).to_pylist()[0]
    assert row["text"] == "7 likes\nText"


SNIPPETS = st.sampled_from(
    [
        "7 likes",
        "Home",
        " | ",
        "FAQ",
        "·",
        "COPYRIGHT",
        "©",
        "2020",
        "ſhare this page",
        "Share this page",
        "all rights",
        " reserved",
        "\n",
        " ",
        "é",
        "١ likes",
        "read more",
        "Related stories",
        ":",
        "sign up for our ",
        "newsletter",
    ]
)


@given(st.lists(SNIPPETS, max_size=8).map("".join))
def test_the_sieve_misses_no_line(text: str) -> None:
    kinds = [boilerplate_kind(line) for line in text.split("\n")]
    assert may_hold_boilerplate(pa.array([text], pa.large_string()))[0] or not any(kinds)


def test_nulls_and_batches() -> None:
    texts = batch(None, "", "7 likes", "x" * 1_000_000)
    whole = run_operator(RemoveBoilerplate(), texts)
    single = [run_operator(RemoveBoilerplate(), texts.slice(row, 1)) for row in range(texts.num_rows)]
    assert pa.Table.from_batches(single).equals(pa.Table.from_batches([whole]))
