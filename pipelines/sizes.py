"""Sizes as people write and read them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from curation.errors import RecipeError
from data_cards.pages.numbers import show_size

__all__ = ["parse_numbers", "parse_size", "show_size"]

_UNITS = {
    "": 1,
    "K": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "KI": 1 << 10,
    "MI": 1 << 20,
    "GI": 1 << 30,
    "TI": 1 << 40,
}


def parse_size(text: str, where: str) -> int:
    """Bytes from "512MB", "1.5 GiB" or a plain number."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*([KMGT]I?)?B?\s*", text.upper())
    if match is None:
        raise RecipeError(where, f"`{text}`", "a size", "write it like 512MB or 1.5GiB")
    return int(float(match[1]) * _UNITS[match[2] or ""])


def parse_numbers(texts: Sequence[str], where: str) -> dict[str, float]:
    """Names and their numbers from "web=2", "books=0.5"."""
    found: dict[str, float] = {}
    for text in texts:
        name, _, number = text.partition("=")
        try:
            found[name] = float(number)
        except ValueError:
            raise RecipeError(where, f"`{text}`", "a name and a number", "write it like web=2") from None
    return found
