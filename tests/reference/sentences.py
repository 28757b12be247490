"""Slow twin of curation.kernels.sentences."""

from __future__ import annotations

from tests.reference.characters import SENTENCE_END

CLOSING = "\"')]}»’”›」』】）］"


def count(text: str) -> int:
    return len(split(text))


def split(text: str) -> list[str]:
    """Sentences with the white space around them."""
    found, begin, position = [], 0, 0
    while position < len(text):
        if text[position] not in SENTENCE_END:
            position += 1
            continue
        stop = position
        while stop < len(text) and (text[stop] in SENTENCE_END or (stop > position and text[stop] in CLOSING)):
            stop += 1
        marks = [mark for mark in text[position:stop] if mark not in CLOSING]
        if has_word(text[begin:position]) and _ends(text, position, stop, marks):
            found.append(text[begin:stop])
            begin = stop
        position = stop
    return [*found, text[begin:]] if has_word(text[begin:]) else found


def has_word(text: str) -> bool:
    return any(map(str.isalnum, text))


def _ends(text: str, position: int, stop: int, marks: list[str]) -> bool:
    word = text[max(0, position - 3) : position].rjust(3)
    if marks[0] == "." and word[2].isalpha() and not word[1].isalnum():
        contracted = word[1] in "'’" and word[0].isalnum()
        if not contracted:
            return False
    if any(mark >= "\u3000" for mark in marks):
        return True
    if stop == len(text):
        return True
    if not text[stop].isspace():
        return False
    return set(marks) != {"."} or not text[stop + 1 : stop + 2].islower()
