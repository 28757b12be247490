"""Classes of characters as the tokenizers library's own engines see them: asked of the library, not of Python.

Versions of Unicode differ between the two, and a letter that only one of them knows would be cut differently.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from curation.clean.unicode import combining_classes, second_in_compositions
from curation.kernels.normal_form import FORM
from curation.kernels.pretokens import LETTER, NEWLINE, NUMBER, SPACE

__all__ = ["byte_letters", "composing_flags", "pretoken_classes"]

# Beyond these there are only unassigned and private code points, and asking takes time.
_ASKED = (range(0xD800), range(0xE000, 0x40000), range(0xE0000, 0xE1000))


@cache
def pretoken_classes() -> npt.NDArray[np.uint8]:
    """uint8[0x110000] of the classes that the kernel cuts by."""
    from tokenizers import Regex, pre_tokenizers

    points = np.fromiter(chain(*_ASKED), np.int64)
    text = "".join(map(chr, points.tolist()))
    classes = np.zeros(0x110000, np.uint8)
    for pattern, flag in ((r"\p{L}+", LETTER), (r"\p{N}+", NUMBER), (r"\s+", SPACE)):
        # What is removed are the matches; what is left are the gaps between them.
        member = np.ones(len(points), np.bool_)
        for _, (start, end) in pre_tokenizers.Split(Regex(pattern), "removed").pre_tokenize_str(text):
            member[start:end] = False
        classes[points[member]] |= flag
    classes[[0x0A, 0x0D]] |= NEWLINE
    classes.flags.writeable = False
    return classes


@cache
def composing_flags() -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """FORM where a character may change under NFC, and combining classes, for `find_unnormalized`.

    A character that Python does not know counts as one that may change.
    """
    flags = np.zeros(0x110000, np.uint8)
    for character in map(chr, range(0x300, 0x110000)):
        category = unicodedata.category(character)
        if category == "Cn" or (category not in ("Co", "Cs") and unicodedata.normalize("NFC", character) != character):
            flags[ord(character)] = FORM
    flags[[ord(character) for character in second_in_compositions()]] = FORM
    flags.flags.writeable = False
    return flags, combining_classes()


@cache
def byte_letters() -> dict[int, str]:
    """The letter that stands for each byte in byte-level vocabularies: itself if it is printable Latin-1, else one from
    U+0100 on, in order."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    rest = iter(range(0x100, 0x200))
    return {byte: chr(byte if byte in printable else next(rest)) for byte in range(256)}
