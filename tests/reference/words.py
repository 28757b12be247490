"""Slow twin of curation.kernels.words: tokens of a text, character by character, from the definitions."""

from __future__ import annotations

import string
import unicodedata

UNSPACED = ("CJK UNIFIED", "CJK COMPATIBILITY IDEO", "IDEOGRAPHIC ITER", "HIRAGANA ", "KATAKANA", "HALFWIDTH KATAKANA")
UNSPACED += ("THAI ", "LAO ", "KHMER ", "MYANMAR ")


def is_word(character: str) -> bool:
    return character.isalnum() or unicodedata.category(character) == "Pc"


def is_unspaced(character: str) -> bool:
    return character.isalnum() and unicodedata.name(character, "").startswith(UNSPACED)


def is_extend(character: str) -> bool:
    return unicodedata.category(character)[0] == "M" or (
        unicodedata.category(character) == "Cf" and character != "\u200b"
    )


def is_punctuation(character: str) -> bool:
    category = unicodedata.category(character)
    return category[0] == "P" or category == "Cc" or character in string.punctuation + "´∶～━►＋＾｀｜＜＝＞＄"


def words(text: str) -> list[str]:
    """Tokens: words, and runs of one other character; marks and format characters stay with what they follow."""
    tokens: list[str] = []
    position = 0
    while position < len(text):
        if text[position].isspace() or text[position] == "\u200b":
            position += 1
            continue
        stop = _end_of_token(text, position)
        tokens.append(text[position:stop])
        position = stop
    return tokens


def _end_of_token(text: str, start: int) -> int:
    first = last = text[start]
    position = start + 1
    while position < len(text):
        character = text[position]
        if is_extend(character):
            pass
        elif is_unspaced(first):
            break
        elif not is_word(first):
            if character != first:
                break
        elif is_word(character) and not is_unspaced(character):
            last = character
        elif not joins(character, last, text[position + 1 : position + 2]):
            break
        position += 1
    return position


def joins(character: str, before: str, after: str) -> bool:
    if not after or is_unspaced(after):
        return False
    letters = before.isalpha() and after.isalpha()
    digits = before.isdecimal() and after.isdecimal()
    return (character in ".'’" and (letters or digits)) or (character == "," and digits)
