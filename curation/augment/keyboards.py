"""Keyboard layouts as rows of keys, and which keys lie beside each other."""

from __future__ import annotations

from functools import cache
from typing import Literal

__all__ = ["Layout", "neighbours"]

Layout = Literal["qwerty", "qwertz", "azerty"]

# Unshifted keys of the letter block and the digits above it; "\0" stands for a key that gives no character here.
_ROWS: dict[Layout, tuple[str, ...]] = {
    "qwerty": ("1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./"),
    "qwertz": ("1234567890ß\0", "qwertzuiopü+", "asdfghjklöä#", "yxcvbnm,.-"),
    "azerty": ("&é\"'(-è_çà)=", "azertyuiop\0$", "qsdfghjklmù*", "wxcvbn,;:!"),
}
# How far each row begins to the right of the first one, in quarters of a key.
_OFFSETS = (0, 2, 3, 5)


@cache
def neighbours(layout: Layout) -> dict[str, str]:
    """For every key the characters of the keys that touch it, in both cases for letters."""
    places = {
        key: (row, 4 * column + _OFFSETS[row])
        for row, keys in enumerate(_ROWS[layout])
        for column, key in enumerate(keys)
        if key != "\0"
    }
    near = {key: "".join(sorted(other for other in places if _touch(places[key], places[other]))) for key in places}
    upper = {
        key.upper(): _upper(others) for key, others in near.items() if len(key.upper()) == 1 and key.upper() != key
    }
    return {**near, **upper}


def _touch(one: tuple[int, int], other: tuple[int, int]) -> bool:
    rows, quarters = abs(one[0] - other[0]), abs(one[1] - other[1])
    return quarters == 4 if rows == 0 else rows == 1 and quarters < 4


def _upper(keys: str) -> str:
    return "".join(key.upper() if len(key.upper()) == 1 else key for key in keys)
