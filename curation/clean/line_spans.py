"""Lines of a text as character spans, and the edits that take whole lines out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from curation.clean.edits import Edit

__all__ = ["Span", "line_spans", "merge_touching", "without_lines"]

Span = tuple[int, int]


def line_spans(text: str) -> list[Span]:
    """Start and end of each piece of `text.split("\\n")`."""
    spans, start = [], 0
    for line in text.split("\n"):
        spans.append((start, start + len(line)))
        start += len(line) + 1
    return spans


def without_lines(spans: Sequence[Span], dropped: Collection[int]) -> list[Edit]:
    """Edits that take out the lines of these numbers with one line end each, so that the rest stays joined by LF.

    Neighbours go in one edit, which takes the line end before them, or after them when nothing stands before.
    """
    edits: list[Edit] = []
    ordered = sorted(dropped)
    position = 0
    while position < len(ordered):
        first = last = ordered[position]
        while position + 1 < len(ordered) and ordered[position + 1] == last + 1:
            position, last = position + 1, last + 1
        if first > 0:
            edits.append((spans[first - 1][1], spans[last][1], ""))
        else:
            edits.append((0, spans[last + 1][0] if last + 1 < len(spans) else spans[last][1], ""))
        position += 1
    return edits


def merge_touching(edits: Iterable[Edit]) -> list[Edit]:
    """Sorted edits with those that touch or overlap made one; all of them must be deletions."""
    merged: list[Edit] = []
    for start, end, put in sorted(edits):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]), put)
        else:
            merged.append((start, end, put))
    return merged
