"""Structure that a text shows by itself: definitions, headings with what follows, lists with what introduces them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from curation.augment.pieces import sentences_of

__all__ = ["Definition", "Heading", "Language", "ListOf", "definitions", "headings", "lists"]

Language = Literal["en", "zh"]

_LONGEST_TERM, _LONGEST_LINE = 60, 300
_BULLET = re.compile(r"\s{0,8}(?:[-*•·]|\d{1,3}[.)、])\s*(?=\S)")
_MARKED = re.compile(r"(#{1,6})\s+(\S.*?)\s*#*\s*$|(={2,6})\s*([^=]+?)\s*={2,6}\s*$")
_UNDERLINE = re.compile(r"(=|-){3,}\s*$")
_DEFINES = {
    "en": re.compile(
        r"(?P<article>(?:An?|The)\s+)?(?P<term>[\w'’-]+(?:\s+[\w'’-]+){0,5}?)\s+(?P<verb>is|are|was|were)\s+"
        r"(?=(?:an?|the|one\s+of|any)\s)"
    ),
    "zh": re.compile(r"(?P<article>)(?P<term>[\w·]{1,20}?)(?P<verb>是指|是)(?=一[种个类项名位座门款条]|指|由|用)"),
}
# A sentence about "it" or "this" defines nothing by itself.
_NO_TERM = {
    "en": re.compile(
        r"(?i)(?:it|this|that|there|he|she|they|these|those|we|you|i|what|who|which|here|such|one|all|some|now)\b"
    ),
    "zh": re.compile(r"[这那它他她我你您此其]|什么|以下|如下"),
}


class Definition(NamedTuple):
    """A sentence that says what something is.

    `term` stands from `start` in the sentence, `article` ("a ", or empty) before it, `verb` behind; `line` is the line
    of the text that holds the sentence.
    """

    sentence: str
    term: str
    start: int
    article: str
    verb: str
    line: str


class Heading(NamedTuple):
    """The title and the first paragraph below it."""

    title: str
    paragraph: str


class ListOf(NamedTuple):
    """The line that introduces a list, without its colon, and the items, without their bullets."""

    lead: str
    items: tuple[str, ...]


def definitions(text: str, language: Language) -> Iterator[Definition]:
    """Sentences such as "A mill is a machine that grinds grain."."""
    for line in text.splitlines():
        for sentence in map(str.strip, sentences_of(line)):
            found = _DEFINES[language].match(sentence[: 2 * _LONGEST_TERM])
            if found is None or len(sentence) > _LONGEST_LINE or found.end() >= len(sentence) - 3:
                continue
            article, term = found["article"] or "", found["term"]
            if not _NO_TERM[language].match(term):
                yield Definition(sentence, term, found.start("term"), article.lower(), found["verb"], line.strip())


def headings(text: str) -> Iterator[Heading]:
    """Headings marked with #, with = on both sides, or underlined, that a paragraph follows."""
    lines = text.splitlines()
    for number, line in enumerate(lines[:-1]):
        title, after = _title(line, lines[number + 1])
        if title:
            paragraph = _paragraph(lines, number + after)
            if paragraph:
                yield Heading(title, paragraph)


def _title(line: str, below: str) -> tuple[str, int]:
    """The heading that a line is, and how many lines it takes; empty if it is none."""
    if not line.strip() or len(line) > _LONGEST_LINE:
        return "", 0
    marked = _MARKED.match(line)
    if marked is not None:
        return (marked[2] or marked[4]).strip(), 1
    underlined = line[0].isalnum() and len(line) <= _LONGEST_TERM * 2 and _UNDERLINE.match(below[:_LONGEST_LINE])
    return (line.strip(), 2) if underlined else ("", 0)


def _paragraph(lines: list[str], start: int) -> str:
    """The lines up to the next empty one, after at most one empty line; empty if a heading or a list begins there."""
    start += start < len(lines) and not lines[start].strip()
    taken: list[str] = []
    for number in range(start, len(lines)):
        below = lines[number + 1] if number + 1 < len(lines) else ""
        if not lines[number].strip() or _BULLET.match(lines[number]) or _title(lines[number], below)[0]:
            break
        taken.append(lines[number].strip())
    return "\n".join(taken)


def lists(text: str) -> Iterator[ListOf]:
    """Three or more lines with bullets or numbers, under a line that ends with a colon."""
    lead, items, before = "", [], ""
    for line in [*text.splitlines(), ""]:
        bullet = _BULLET.match(line)
        if bullet is not None and (lead or before.rstrip().endswith((":", "："))):
            lead = lead or before.strip().rstrip(":：").strip()
            items.append(line[bullet.end() :].strip())
        else:
            if lead and len(items) >= 3 and len(lead) <= _LONGEST_LINE:
                yield ListOf(lead, tuple(items))
            lead, items = "", []
        before = line if line.strip() else before
