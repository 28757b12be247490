"""Tokens that a block decides are those of the definition, with their letters and digits; the others are left."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from curation.kernels.blocks import first_bit, without_first
from curation.kernels.hashing import frozen
from curation.kernels.unicode_tables import character_classes
from curation.kernels.word_blocks import find_words
from curation.kernels.words import next_word
from tests.curation.kernels.test_words import MIXED
from tests.reference import words as slow
from tests.reference.ugly import BEHIND, few_or_many

ASCII = [*"a1_.,'-$: \n\t\x1f\0\x7f", "Bc", "word", "23", "--", "  "]
prose = few_or_many(ASCII).map("".join)
mostly_ascii = few_or_many([*ASCII * 8, *MIXED]).map("".join)


@njit
def tokens_in_blocks(data, position, end, classes):  # type: ignore[no-untyped-def]
    """(start, stop, did a block decide it, has it a letter, has it a letter or digit) of every token."""
    found = []
    while True:
        firsts, lasts, letters, alphanumerics = find_words(data, position, end)
        behind = position
        while lasts:
            first, last = first_bit(firsts), first_bit(lasts)
            firsts, lasts = without_first(firsts), without_first(lasts)
            own = [np.uint64(1) << np.uint64(k) for k in range(first, last + 1)]
            lettered, proper = False, False
            for bit in own:
                lettered |= (letters & bit) != 0
                proper |= (alphanumerics & bit) != 0
            behind = position + last + 1
            found.append((position + first, behind, True, lettered, proper))
        if behind > position:
            position = behind
            continue
        start, position, _, _, _, _ = next_word(data, position, end, classes)
        if start == position:
            return found
        found.append((start, position, False, False, False))


def cut(text: str, behind: str = BEHIND) -> list[tuple[str, bool, bool, bool]]:
    raw = text.encode()
    data = frozen(np.frombuffer(raw + behind.encode(), np.uint8))
    found = tokens_in_blocks(data, 0, len(raw), character_classes())
    return [(raw[start:stop].decode(), *kinds) for start, stop, *kinds in found]


@settings(max_examples=300)
@given(mostly_ascii, st.sampled_from(["", "a", "x" * 40, BEHIND, "é" * 100, "." * 100]))
def test_tokens_are_those_of_the_definition_whatever_follows(text: str, behind: str) -> None:
    if text:
        assert [token for token, *_ in cut(text, behind)] == slow.words(text)


@settings(max_examples=200)
@given(prose)
def test_letters_and_digits_of_a_token_are_known(text: str) -> None:
    for token, decided, lettered, proper in cut(text):
        assert not decided or lettered == any(map(str.isalpha, token))
        assert not decided or proper == any(map(str.isalnum, token))


def test_only_the_last_tokens_of_a_text_of_ascii_are_left() -> None:
    text = "The quick brown fox jumps over it. " * 10
    decided = [decided for _, decided, *_ in cut(text)]
    assert all(decided[:-4])


@pytest.mark.parametrize("before", range(70))
def test_tokens_are_cut_alike_at_every_place_of_a_block(before: int) -> None:
    text = f"{'y' * before} a.b 'a' 1,2 1. 2 a.\u00e9 b'\u0301 don't .. -- ... a1_b \u00e9 and so on, to the end"
    assert [token for token, *_ in cut(text)] == slow.words(text)


def test_a_text_without_room_behind_it_is_left_to_the_other_way() -> None:
    assert not any(decided for _, decided, *_ in cut("The quick brown fox", ""))
