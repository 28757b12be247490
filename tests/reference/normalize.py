"""Slow twin of curation.kernels.normalize: the same rules, one character after the other."""

from __future__ import annotations

import re
import unicodedata


def normalize(text: str, fold_case: bool, strip_marks: bool, spell_digits: bool, drop_symbols: bool) -> str:
    if fold_case:
        text = text.casefold()
    if strip_marks:
        text = "".join(map(_bare, text))
    text = "".join(_classed(character, spell_digits, drop_symbols) for character in text)
    if spell_digits:
        text = re.sub("0+", "0", text)
    return re.sub(" +", " ", text).strip(" ")


def _bare(character: str) -> str:
    if unicodedata.category(character)[0] not in "LM":
        return character
    parts = unicodedata.normalize("NFD", character)
    if all(unicodedata.category(part) != "Mn" for part in parts):
        return character
    return "".join(part for part in parts if unicodedata.category(part) != "Mn")


def _classed(character: str, spell_digits: bool, drop_symbols: bool) -> str:
    category = unicodedata.category(character)
    if category == "Cf":
        return ""
    if category == "Nd" and spell_digits:
        return "0"
    if category[0] in "LMN" or (category[0] in "PS" and not drop_symbols):
        return character
    return " "
