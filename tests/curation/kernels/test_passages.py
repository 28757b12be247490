"""Repeats are found exactly: neither is one missed, nor one invented."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.passages import anchors, equal_runs, run_keys, runs_at
from curation.kernels.runs import occurs_again
from tests.reference.passages import repeated_runs

word_lists = st.lists(st.lists(st.sampled_from("abcd"), max_size=30), max_size=5)
HASHES = {letter: np.uint64((ord(letter) * 0xD6E8FEB86659FD93) % 2**64) for letter in "abcdefghijklmnopqrstuvwxyz"}


def csr(texts: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([HASHES[w] for text in texts for w in text], np.uint64), np.cumsum([0, *map(len, texts)])


@given(word_lists, st.integers(2, 9))
def test_runs_around_repeated_anchors_hold_every_repeat(texts: list[list[str]], length: int) -> None:
    tokens, offsets = csr(texts)
    keys, places = anchors(tokens, offsets, length)
    starts = runs_at(places[occurs_again(keys)], offsets, length)
    high, low = run_keys(tokens, starts, length)
    again = occurs_again(high)
    assert (again == occurs_again(low)).all()
    row = np.searchsorted(offsets, starts, side="right") - 1
    found = set(zip(row[again].tolist(), (starts - offsets[row])[again].tolist(), strict=True))
    assert found == set(itertools.chain(*repeated_runs(texts, length).values()))


def test_few_anchors_are_noted() -> None:
    tokens = np.random.default_rng(1).integers(0, 2**64 - 1, 100_000, np.uint64)
    keys, places = anchors(tokens, np.array([0, len(tokens)]), 50)
    assert 0.06 < len(keys) / len(tokens) < 0.09
    assert np.diff(places).max() <= 26


def test_runs_are_compared_byte_by_byte() -> None:
    data = np.frombuffer(b"ab cd ab cd ab ce", np.uint8)
    starts = np.arange(0, 18, 3)
    left, right = np.array([0, 0]), np.array([2, 4])
    assert equal_runs(data, starts, starts + 2, left, right, 2).tolist() == [True, False]
