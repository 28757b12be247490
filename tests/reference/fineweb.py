"""Slow twin of FineWeb's measures."""

from __future__ import annotations

from tests.reference.characters import SENTENCE_END
from tests.reference.gopher import over
from tests.reference.words import words


def measure(text: str, dialect: str) -> dict[str, float]:
    every = text.split("\n")
    filled = [line for line in every if line.strip()]
    lines = every if dialect == "2024-04" else filled
    marks = tuple(".'\"!?") if dialect == "2024-04" else tuple(SENTENCE_END)
    copies = [line for k, line in enumerate(filled) if line in filled[:k]]
    return {
        "end_mark_line_ratio": over(sum(line.endswith(marks) for line in lines), len(lines)),
        "duplicate_line_character_ratio": over(sum(map(len, copies)), len(text.replace("\n", ""))),
        "short_line_ratio": over(sum(len(line) <= 30 for line in lines), len(lines)),
        "newline_ratio": over(text.count("\n"), len(words(text))),
    }
