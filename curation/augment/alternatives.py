"""A user's list of words with what may stand in their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from curation.errors import ResourceError
from curation.measure.lexicon import entries_pattern

__all__ = ["Alternatives", "read_alternatives", "read_words", "words_pattern"]


class Alternatives(NamedTuple):
    """Words in lower case with their alternatives as written, and a pattern that finds the longest word first."""

    of: Mapping[str, tuple[str, ...]]
    pattern: re.Pattern[str]


@lru_cache(maxsize=8)
def read_alternatives(path: str) -> Alternatives:
    """A UTF-8 file: on each line a word, then tabs between its alternatives; `#` begins a comment.

    The same word on several lines has the alternatives of all of them. Raises ResourceError for a line without any.
    """
    found: dict[str, tuple[str, ...]] = {}
    for number, line in enumerate(_lines(path), 1):
        fields = [field.strip() for field in line.partition("#")[0].split("\t")]
        if not any(fields):
            continue
        word, others = fields[0].lower(), tuple(field for field in fields[1:] if field)
        if not word or not others:
            expected = "a word, a tab and at least one alternative"
            raise ResourceError(f"{Path(path).name}:{number}", f"{len(fields)} fields", expected, "mend the line")
        found[word] = tuple(dict.fromkeys((*found.get(word, ()), *others)))
    return Alternatives(found, re.compile(entries_pattern(sorted(found)), re.IGNORECASE))


@lru_cache(maxsize=8)
def read_words(path: str) -> frozenset[str]:
    """A UTF-8 file of words, one a line; `#` begins a comment."""
    return frozenset(word for line in _lines(path) if (word := line.partition("#")[0].strip()))


def words_pattern(words: frozenset[str]) -> str:
    return entries_pattern(sorted(words))


def _lines(path: str) -> list[str]:
    try:
        return Path(path).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ResourceError(f"list {path}", type(error).__name__, "a UTF-8 text file", "check the path") from error
