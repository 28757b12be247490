"""A whole text with its spans marked: finds of personal data, words that were searched for, repeated passages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from curation.personal_data.detector import find

__all__ = ["Span", "found_words", "marked", "personal", "repeated"]

_WORD = re.compile(r"\w+")
_NGRAM = 5


class Span(NamedTuple):
    """Characters [start, end) of a text; with `shown`, that stands there instead."""

    start: int
    end: int
    kind: str
    shown: str | None = None


def personal(text: str, *, mask: bool) -> list[Span]:
    return [Span(f.start, f.end, "personal", f"[{f.kind}]" if mask else None) for f in find(text)]


def found_words(text: str, words: Iterable[str], most: int = 2_000) -> list[Span]:
    """Every place of these strings, whatever their case."""
    chosen = sorted({word for word in words if word}, key=lambda word: (-len(word), word))
    if not chosen:
        return []
    pattern = re.compile("|".join(re.escape(word) for word in chosen), re.IGNORECASE)
    return [Span(*match.span(), "found") for match, _ in zip(pattern.finditer(text), range(most), strict=False)]


def repeated(text: str) -> list[Span]:
    """Stretches of words that lie in a passage of five words which occurs more than once."""
    places = [match.span() for match in _WORD.finditer(text)]
    words = [text[start:end].casefold() for start, end in places]
    seen: dict[tuple[str, ...], list[int]] = {}
    for at in range(len(words) - _NGRAM + 1):
        seen.setdefault(tuple(words[at : at + _NGRAM]), []).append(at)
    covered = sorted({at + k for many in seen.values() if len(many) > 1 for at in many for k in range(_NGRAM)})
    spans: list[Span] = []
    for at in covered:
        start, end = places[at]
        if spans and at and places[at - 1][1] == spans[-1].end:
            spans[-1] = Span(spans[-1].start, end, "repeated")
        else:
            spans.append(Span(start, end, "repeated"))
    return spans


def marked(text: str, *layers: Sequence[Span]) -> Markup:
    """The text with its spans; where they overlap, those of an earlier layer win."""
    parts, end = [], 0
    for span in _apart(layers):
        parts.append(escape(text[end : span.start]))
        shown = text[span.start : span.end] if span.shown is None else span.shown
        parts.append(Markup('<mark class="{}">{}</mark>').format(span.kind, shown))
        end = span.end
    return Markup("").join([*parts, escape(text[end:])])


def _apart(layers: Sequence[Sequence[Span]]) -> list[Span]:
    """All spans in order without overlap; a later layer's are cut to what is free."""
    taken: list[Span] = []
    for layer in layers:
        free: list[Span] = []
        place = 0
        for span in layer:
            start = span.start
            while place < len(taken) and taken[place].end <= start:
                place += 1
            at = place
            while at < len(taken) and taken[at].start < span.end:
                if taken[at].start > start:
                    free.append(span._replace(start=start, end=taken[at].start))
                start = taken[at].end
                at += 1
            if start < span.end:
                free.append(span._replace(start=start))
        taken = sorted(taken + free)
    return taken
