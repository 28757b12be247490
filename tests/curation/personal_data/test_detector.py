from __future__ import annotations

import re
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.personal_data import accounts, contacts, national_ids, secrets
from curation.personal_data.detector import KINDS, candidates, find
from tests.curation.personal_data.examples import DECOYS, EXAMPLES, NAMED

VALUES = [(kind, value) for kind, values in EXAMPLES.items() for value in values]


@pytest.mark.parametrize(("kind", "value"), VALUES)
@pytest.mark.parametrize("around", ["{}", "It is {}.", "联系{}谢谢", "a\n{}\nb", "({})", '"{}", '])
def test_every_value_is_found_whole_and_as_its_kind(kind: str, value: str, around: str) -> None:
    text = around.format(value)
    assert [(text[f.start : f.end], f.kind) for f in find(text)] == [(value, kind)]


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in NAMED.items() for text in texts])
def test_weak_forms_are_found_after_a_word_that_names_them(kind: str, text: str) -> None:
    found = find(text)
    assert [f.kind for f in found] == [kind]
    assert find(text[found[0].start : found[0].end]) == []


@pytest.mark.parametrize("text", DECOYS)
def test_what_only_looks_alike_is_not_found(text: str) -> None:
    assert find(text) == []


@given(st.lists(st.one_of(st.sampled_from([v for _, v in VALUES]), st.text(max_size=5)), max_size=4).map(" ".join))
def test_the_sieve_lets_through_all_that_is_found(text: str) -> None:
    rows = candidates(pa.array(["", text, None], pa.large_string()), KINDS)
    assert {found.kind for found in find(text)} <= set(rows.get(1, ()))
    assert set(rows) <= {1}


@pytest.mark.parametrize(("kind", "value"), VALUES)
def test_the_sieve_knows_every_value(kind: str, value: str) -> None:
    assert kind in candidates(pa.array([value], pa.large_string()), KINDS)[0]


@given(st.lists(st.sampled_from([*(v for _, v in VALUES), "+", "1", " ", "-"]), max_size=5).map("".join))
def test_finds_are_sorted_and_do_not_overlap(text: str) -> None:
    found = find(text)
    assert all(a.end <= b.start for a, b in pairwise(found))


def test_a_key_without_a_tail_ends_where_base64_ends() -> None:
    head = EXAMPLES["private_key"][1].split("\n")[0]
    text = f"{head}\n{'Ab3/' * 16}\nand then prose."
    assert [text[f.start : f.end] for f in find(text)] == [f"{head}\n{'Ab3/' * 16}\n"]
    assert find(f"The line {head} opens a key.") == []


def test_only_the_kinds_asked_for_are_found() -> None:
    assert [f.kind for f in find("a@example.com 203.0.113.9", ("email",))] == ["email"]


@pytest.mark.parametrize("module", [accounts, contacts, national_ids, secrets])
def test_every_pattern_is_bounded(module: object) -> None:
    """Without `*`, `+` and open ranges, no pattern can look further than a constant, so cost is linear."""
    patterns: list[str] = []
    for value in vars(module).values():
        for item in value if isinstance(value, dict | tuple) else (value,):
            patterns += [item.pattern] if isinstance(item, re.Pattern) else []
    assert patterns
    for pattern in patterns:
        bare = re.sub(r"\\.|\[[^\]]*\]", "_", pattern)
        assert not re.search(r"[*+]|\{\d*,\}", bare), bare


@pytest.mark.parametrize(
    "piece",
    ["a", "1", "1 ", "@", "a@", "a@a.", "1.", "2001:", "A1", "DE89 ", "+1 (", "-----BEGIN PRIVATE KEY-----", "eyJa."],
)
def test_hostile_repeats_come_to_an_end(piece: str) -> None:
    assert len(find(piece * 20_000)) <= 20_000
