"""Unicode made regular: one normal form, no control or invisible characters, plain spaces, `\\n` for line ends.

Run `repair_mojibake` before this: C1 control characters and no-break spaces are what it repairs from.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, partial
from itertools import chain, pairwise
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.clean.edits import Edit, apply_edits, compose, edit_columns, replacement, rewrite
from curation.kernels.hashing import frozen
from curation.kernels.normal_form import FORM, JOINER, find_unnormalized
from curation.kernels.remembered import remembered
from curation.operator import Contract, Operator
from curation.schema import text_buffers

__all__ = ["NormalizeUnicode", "combining_classes", "second_in_compositions"]

CONTROL, ZERO_WIDTH, BIDI, SPACE, LINE_END = 1, 2, 4, 8, 16

_LINE_ENDS = "\r\x85\u2028\u2029"
_ZERO_WIDTH = "\u00ad\u180e\u200b\u2060\ufeff"
_JOINERS = "\u200c\u200d"
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_ANNOTATION = "\ufff9\ufffa\ufffb"

# A segment is at most one plain ASCII character and all that follows up to the next one. Nothing composes across its
# borders, because no canonical composition has an ASCII character in second place.
_SEGMENT = re.compile(r"[\t\n\x20-\x7e]?[^\t\n\x20-\x7e]+")
_NEEDLESS_JOINERS = re.compile(r"(?<![\u0590-\U0010ffff])[\u200c\u200d]+")
# Canonical ordering in `unicodedata` is an insertion sort, quadratic in a run of combining marks.
_LONG_RUN = 64


class NormalizeUnicode(Operator):
    """Normal form, control and invisible characters, white space and line ends.

    `form`: NFC, NFKC (which also folds ligatures, full-width and superscript forms), or None for neither.
    `control`: drop C0, DEL and C1 controls save tab and line ends, interlinear annotation marks and the
    non-characters below U+10000.
    `zero_width`: drop soft hyphens, zero-width spaces, word joiners and byte order marks; joiners (U+200C, U+200D)
    only where the character on their left is below U+0590, since Arabic and Indic scripts and emoji need them.
    `bidi`: drop marks, embeddings, overrides and isolates of writing direction.
    `white_space`: every space of category Zs becomes U+0020. `line_ends`: CR LF, CR, NEL, U+2028, U+2029 become LF.
    """

    contract: ClassVar[Contract] = Contract("normalize_unicode", 1, "rewrite", adds=edit_columns("normalize_unicode"))

    form: Literal["NFC", "NFKC"] | None = "NFC"
    control: bool = True
    zero_width: bool = True
    bidi: bool = True
    white_space: bool = True
    line_ends: bool = True

    def open(self) -> None:
        _flags(self.form)
        combining_classes()
        _substitutions(self._mask())

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column("text")
        data, offsets = text_buffers(column)
        needs = find_unnormalized(frozen(data), frozen(offsets), _flags(self.form), combining_classes(), self._mask())
        return pa.RecordBatch.from_pydict(
            rewrite(self.contract.name, column, np.flatnonzero(needs), lambda _, text: self._edits(text))
        )

    def _mask(self) -> int:
        wanted = (
            (self.control, CONTROL),
            (self.zero_width, ZERO_WIDTH | JOINER),
            (self.bidi, BIDI),
            (self.white_space, SPACE),
            (self.line_ends, LINE_END),
            (self.form is not None, FORM),
        )
        return sum(bits for on, bits in wanted if on)

    def _edits(self, text: str) -> list[Edit]:
        table, pattern = _substitutions(self._mask())
        edits = [(*match.span(), table[match.group()]) for match in pattern.finditer(text)] if pattern else []
        steps = (_needless_joiners if self.zero_width else None, partial(_recomposed, self.form) if self.form else None)
        for step in steps:
            if step is not None and not text.isascii():
                edits = compose(text, edits, step(apply_edits(text, edits)))
        return edits


def _needless_joiners(text: str) -> list[Edit]:
    return [(*match.span(), "") for match in _NEEDLESS_JOINERS.finditer(text)]


def _recomposed(form: Literal["NFC", "NFKC"], text: str) -> list[Edit]:
    if not _long_runs().search(text) and unicodedata.is_normalized(form, text):
        return []
    found = (replacement(text, *match.span(), _normalize(form, match.group())) for match in _SEGMENT.finditer(text))
    return list(chain.from_iterable(found))


def _normalize(form: Literal["NFC", "NFKC"], segment: str) -> str:
    if len(segment) > _LONG_RUN and _long_runs().search(segment):
        segment = _decomposed("NFD" if form == "NFC" else "NFKD", segment)
    return unicodedata.normalize(form, segment)


def _decomposed(form: Literal["NFD", "NFKD"], segment: str) -> str:
    """Full decomposition with each run of marks sorted by class (stable), in n log n steps."""
    marks = "".join(unicodedata.normalize(form, character) for character in segment)
    pieces: list[str] = []
    run: list[str] = []
    for character in marks:
        if unicodedata.combining(character):
            run.append(character)
        else:
            pieces += sorted(run, key=unicodedata.combining)
            pieces.append(character)
            run = []
    return "".join([*pieces, *sorted(run, key=unicodedata.combining)])


@cache
def _long_runs() -> re.Pattern[str]:
    points = [ord(c) for c in _inhabited() if unicodedata.combining(unicodedata.normalize("NFKD", c)[-1])]
    # As ranges, since the regular expression engine tries characters above U+FFFF one after the other.
    borders = [k for k in range(1, len(points)) if points[k] != points[k - 1] + 1]
    ranges = (points[first:last] for first, last in pairwise([0, *borders, len(points)]))
    return re.compile("[" + "".join(f"{chr(r[0])}-{chr(r[-1])}" for r in ranges) + f"]{{{_LONG_RUN}}}")


def _inhabited() -> list[str]:
    """Every character of the planes that hold anything but unassigned and private code points."""
    return [chr(point) for point in chain(range(0xD800), range(0xE000, 0x32000), range(0xE0000, 0xE0200))]


@cache
def _kinds() -> dict[str, int]:
    """What to take out or replace, as flag bits. NFKC changes nothing here that would need these again."""
    kinds = dict.fromkeys((chr(p) for p in chain(range(0x20), range(0x7F, 0xA0)) if p not in (9, 10)), CONTROL)
    kinds |= dict.fromkeys(_ANNOTATION, CONTROL)
    # Those of the higher planes would make the pattern ten times slower, and are no use to anybody either way.
    kinds |= {chr(p): CONTROL for p in chain(range(0xFDD0, 0xFDF0), (0xFFFE, 0xFFFF))}
    kinds |= {c: SPACE for c in _inhabited() if unicodedata.category(c) == "Zs" and c != " "}
    kinds |= dict.fromkeys(_LINE_ENDS, LINE_END) | dict.fromkeys(_ZERO_WIDTH, ZERO_WIDTH)
    return kinds | dict.fromkeys(_BIDI, BIDI) | dict.fromkeys(_JOINERS, JOINER)


@cache
def _substitutions(mask: int) -> tuple[dict[str, str], re.Pattern[str] | None]:
    """What stands for what, and a pattern that finds it; no pattern when nothing is to be replaced."""
    table = {c: {SPACE: " ", LINE_END: "\n"}.get(kind, "") for c, kind in _kinds().items() if kind & mask & ~JOINER}
    if not table:
        return table, None
    found = "[" + "".join(re.escape(character) for character in table) + "]"
    if "\r" not in table:
        return table, re.compile(found)
    return table | {"\r\n": "\n"}, re.compile(found + r"(?:(?<=\r)\n)?")


@cache
def combining_classes() -> npt.NDArray[np.uint8]:
    return remembered("combining_classes", lambda: {"table": _combining()}, [__name__])["table"]


def _combining() -> npt.NDArray[np.uint8]:
    classes = np.zeros(0x110000, np.uint8)
    for character in _inhabited():
        classes[ord(character)] = unicodedata.combining(character)
    return classes


@cache
def _flags(form: Literal["NFC", "NFKC"] | None) -> npt.NDArray[np.uint8]:
    """FORM marks what the quick check of UAX 15 answers with "no" or "maybe"."""
    return remembered(
        "unnormalized", lambda: {"table": _made_flags(form)}, [__name__, find_unnormalized.__module__], form
    )["table"]


def _made_flags(form: Literal["NFC", "NFKC"] | None) -> npt.NDArray[np.uint8]:
    flags = np.zeros(0x110000, np.uint8)
    for character, kind in _kinds().items():
        flags[ord(character)] |= kind
    if form is not None:
        for character in _inhabited():
            if unicodedata.normalize(form, character) != character:
                flags[ord(character)] |= FORM
        for character in second_in_compositions():
            flags[ord(character)] |= FORM
    return flags


@cache
def second_in_compositions() -> frozenset[str]:
    """Characters that may merge with the one before; the vowels and final consonants of Hangul do so by rule."""
    seconds = {chr(point) for point in chain(range(0x1161, 0x1176), range(0x11A8, 0x11C3))}
    for character in _inhabited():
        decomposed = unicodedata.decomposition(character)
        composes = " " in decomposed and "<" not in decomposed and unicodedata.normalize("NFC", character) == character
        if composes:
            seconds.add(chr(int(decomposed.split()[1], 16)))
    return frozenset(seconds)
