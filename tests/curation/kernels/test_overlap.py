"""Alignments of documents with needles equal those of the twin."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.overlap import find_overlaps, index_needles
from tests.reference import overlap as slow

ALPHABET = "abcde"
WORDS = {letter: np.uint64(ord(letter) * 0x9E3779B97F4A7C15 % 2**64) for letter in "abcdefghijklmnopqrstuvwxyz"}
word_lists = st.lists(st.sampled_from(ALPHABET), max_size=30)


def csr(texts: list[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    hashes = np.array([WORDS[word] for text in texts for word in text], np.uint64)
    return hashes, np.cumsum([0, *map(len, texts)])


def found(
    documents: list[list[str]], needles: list[list[str]], enough: list[int], run: int, common: int = 10**6
) -> list[tuple[int, ...]]:
    index = index_needles(*csr(needles), 3, common)
    return list(zip(*(c.tolist() for c in find_overlaps(*csr(documents), index, np.array(enough), run)), strict=True))


@given(st.lists(word_lists, max_size=3), st.lists(word_lists, max_size=3), st.integers(3, 12), st.integers(3, 12))
def test_equals_the_twin(documents: list[list[str]], needles: list[list[str]], enough: int, run: int) -> None:
    limits = [enough] * len(needles)
    fast = found(documents, needles, limits, run)
    assert set(fast) == slow.find_overlaps(documents, needles, 3, limits, run)
    assert [hit[0] for hit in fast] == sorted(hit[0] for hit in fast)


def test_changed_added_and_missing_words_cost_only_themselves() -> None:
    needle = list("abcdefghijkl")
    for text in ("abcdefxhijkl", "abcdefxghijkl", "abcdefhijkl"):
        ((_, _, first, last, met, _),) = found([list("zz" + text + "zz")], [needle], [10], 99)
        assert (first, last) == (2, len(text) + 1)
        assert met >= 11


def test_many_hits_need_no_guess_of_room() -> None:
    documents = [list("abcabc")] * 3000
    assert len(found(documents, [list("abc")], [3], 99)) == 6000


def test_common_seeds_are_left_out() -> None:
    needles = [list("abcd"), list("abce"), list("xyzw")]
    hits = found([list("abcd"), list("xyzw")], needles, [3, 3, 3], 99, common=1)
    assert {(row, needle) for row, needle, *_ in hits} == {(0, 0), (1, 2)}


def test_no_needles_and_no_documents() -> None:
    assert found([], [], [], 5) == []
    assert found([list("abcd")], [], [], 5) == []
    assert list(itertools.chain(found([], [list("abcd")], [4], 5))) == []
