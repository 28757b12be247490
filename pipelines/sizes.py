"""Sizes as people write and read them."""

from __future__ import annotations

from collections.abc import Sequence

from curation.errors import RecipeError
from curation.sizes import bytes_of
from data_cards.pages.numbers import show_size

__all__ = ["parse_numbers", "parse_size", "show_duration", "show_size"]


def parse_size(text: str, where: str) -> int:
    """Bytes from "512MB", "1.5 GiB" or a plain number."""
    try:
        return bytes_of(text)
    except ValueError:
        raise RecipeError(where, f"`{text}`", "a size", "write it like 512MB or 1.5GiB") from None


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


def show_duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
