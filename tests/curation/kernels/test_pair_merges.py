from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from curation.kernels.pair_merges import LONGEST, encode_words, fill_merges
from tests.reference.pair_merges import encode_word

byte_ids = np.arange(255, -1, -1).astype(np.int64)
some_bytes = st.integers(0x61, 0x64)


@st.composite
def merge_lists(draw) -> list[tuple[int, int]]:
    """Pairs of ids, of which each may hold the results of earlier ones; result k is id 256 + k."""
    pairs: list[tuple[int, int]] = []
    letters = [int(byte_ids[byte]) for byte in range(0x61, 0x65)]
    for _ in range(draw(st.integers(0, 12))):
        known = letters + [256 + k for k in range(len(pairs))]
        pairs.append((draw(st.sampled_from(known)), draw(st.sampled_from(known))))
    return pairs


@given(merge_lists(), st.lists(st.lists(some_bytes, min_size=1, max_size=30).map(bytes), min_size=1, max_size=5))
def test_words_are_merged_as_the_paper_has_it(pairs: list[tuple[int, int]], words: list[bytes]) -> None:
    slow = {pair: (rank, 256 + rank) for rank, pair in enumerate(pairs)}
    ids, stops, reached = encoded(pairs, words)
    assert reached == len(words)
    found = [ids[stops[k] : stops[k + 1]].tolist() for k in range(len(words))]
    assert found == [encode_word(word, byte_ids.tolist(), slow) for word in words]


def test_it_stops_at_a_word_that_is_too_long() -> None:
    assert encoded([], [b"a", b"a" * (LONGEST + 1), b"b"])[2] == 1


def encoded(pairs, words):
    left, right = (np.array([pair[side] for pair in pairs], np.int64) for side in (0, 1))
    keys, merged = np.zeros(64, np.uint64), np.zeros(64, np.int64)
    fill_merges(left, right, np.arange(256, 256 + len(pairs)), keys, merged)
    arena = np.frombuffer(b"".join(words), np.uint8)
    sizes = np.array([len(word) for word in words], np.int32)
    starts = np.cumsum([0, *sizes[:-1]]).astype(np.int64)
    pool, stops = np.zeros(len(arena), np.int64), np.zeros(len(words) + 1, np.int64)
    reached = encode_words(arena, starts, sizes, 0, len(words), byte_ids, keys, merged, pool, stops)
    return pool, stops, reached
