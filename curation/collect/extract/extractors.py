"""Extractors of main content: fast (resiliparse), precise (trafilatura), and the cascade of both.

The cascade takes the fast answer unless it looks doubtful: short, or with little of it in lines of prose. Where the
fast extractor goes wrong it mostly takes in menus, teasers and lists beside the text, and those are short lines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

__all__ = ["EXTRACTORS", "SLOW", "ExtractorName", "extract_text", "fast_text", "is_doubtful", "precise_text"]

ExtractorName = Literal["resiliparse", "trafilatura", "cascade", "all_text"]

# A line of prose has at least this many characters; a page is doubtful below these shares and lengths.
_PROSE_CHARACTERS = 80
_MIN_PROSE_SHARE = 0.85
_MIN_CHARACTERS = 500


def fast_text(html: str) -> str:
    """resiliparse: main content by rules on names and places of elements; paragraphs divided by blank lines."""
    from resiliparse.extract.html2text import extract_plain_text

    text: str = extract_plain_text(
        html, preserve_formatting=True, main_content=True, alt_texts=False, comments=False, list_bullets=True
    )
    return text


def all_text(html: str) -> str:
    """resiliparse: everything a reader would see."""
    from resiliparse.extract.html2text import extract_plain_text

    text: str = extract_plain_text(html, preserve_formatting=True, main_content=False, alt_texts=False)
    return text


def precise_text(html: str) -> str:
    """trafilatura in its fast mode, without readers' comments; as precise as its default and a third cheaper."""
    import trafilatura

    return trafilatura.extract(html, fast=True, include_comments=False) or ""


def is_doubtful(text: str) -> bool:
    """Whether an extracted text looks as if the extractor had missed the main content or taken in more."""
    lengths = [len(line.strip()) for line in text.split("\n")]
    total = sum(lengths)
    prose = sum(length for length in lengths if length >= _PROSE_CHARACTERS)
    return total < _MIN_CHARACTERS or prose < _MIN_PROSE_SHARE * total


def cascade_text(html: str) -> str:
    fast = fast_text(html)
    return (precise_text(html) or fast) if is_doubtful(fast) else fast


EXTRACTORS: dict[ExtractorName, Callable[[str], str]] = {
    "resiliparse": fast_text,
    "trafilatura": precise_text,
    "cascade": cascade_text,
    "all_text": all_text,
}
# Extractors in Python over lxml, which always run where they can be stopped.
SLOW: tuple[ExtractorName, ...] = ("trafilatura",)


def extract_text(extractor: ExtractorName, html: str) -> str:
    return EXTRACTORS[extractor](html)
