"""Wikitext to plain text, in time linear in its length whatever it holds.

Our own because it runs over whole Wikipedias, hostile pages included: a parser with backtracking (mwparserfromhell)
takes quadratic time on unbalanced brackets, and leaves tables, file options and half of the templates in the text.
What is dropped: templates, tables, references, comments, files, categories. What stays: prose, list items, link labels.
"""

from __future__ import annotations

import html
import re
from collections.abc import Collection
from dataclasses import dataclass

__all__ = ["Section", "plain_text"]

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_DROPPED = (
    "ref|gallery|timeline|imagemap|score|math|chem|templatestyles|graph|mapframe|maplink|includeonly|indicator|inputbox"
)
_ELEMENT = re.compile(rf"<(/?)({_DROPPED})\b([^<>]{{0,2000}})>", re.IGNORECASE)
_BRACES = re.compile(r"\{\{|\}\}|^[ \t:]*\{\||^[ \t]*\|\}(?!\})", re.MULTILINE)
_LINK = re.compile(r"\[\[|\]\]")
_EXTERNAL = re.compile(r"\[(?:https?:|ftp:|mailto:)?//[^\s\]<>]{1,2000}(?:[ \t]+([^\]\n]{0,1000}))?\]")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,1000}>")
_BREAK = re.compile(r"<(?:br|/p|/div|/li|hr)\b[^<>]{0,100}>", re.IGNORECASE)
_HEADING = re.compile(r"^(={1,6})[ \t]*([^\n=][^\n]{0,300}?)[ \t]*\1[ \t]*$")
_LIST = re.compile(r"^[*#:;]+[ \t]*")
_SWITCH = re.compile(r"__[A-Z]{3,30}__")
_QUOTES = re.compile(r"'{2,5}")
_EMPTY_BRACKETS = re.compile(r"[ \t]?\([ \t,;:/–-]{0,20}\)")
_SPACES = re.compile(r"[ \t\u00a0]+")
# Links to another language's page: a code, a colon, and no space before the title.
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:-[a-z-]{2,12})?:\S")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading that stands in the text; `start` counts characters of the text."""

    level: int
    title: str
    start: int


def plain_text(wikitext: str, dropped_namespaces: Collection[str]) -> tuple[str, list[Section]]:
    """The text and its sections. `dropped_namespaces` (lower case) are those of files and categories."""
    text = _COMMENT.sub("", wikitext)
    text = _without_spans(text, _element_spans(text))
    text = _without_spans(text, _brace_spans(text))
    text = _linked(text, dropped_namespaces)
    text = _EXTERNAL.sub(lambda found: found[1] or "", text)
    text = _TAG.sub("", _BREAK.sub("\n", text))
    text = html.unescape(_SWITCH.sub("", _QUOTES.sub("", text)))
    return _laid_out(_EMPTY_BRACKETS.sub("", text))


def _element_spans(text: str) -> list[tuple[int, int]]:
    """From each start tag to its end tag; a tag alone where there is none."""
    spans, open_at, open_name = [], -1, ""
    for found in _ELEMENT.finditer(text):
        closes, name, rest = found[1] == "/", found[2].lower(), found[3]
        if open_at >= 0 and closes and name == open_name:
            spans.append((open_at, found.end()))
            open_at = -1
        else:
            spans.append(found.span())
            if not closes and not rest.endswith("/") and open_at < 0:
                open_at, open_name = found.start(), name
    return spans


def _brace_spans(text: str) -> list[tuple[int, int]]:
    """Templates and tables that are closed, however nested; the brackets alone of those that are not."""
    spans: list[tuple[int, int]] = []
    opened: list[tuple[int, str]] = []
    for found in _BRACES.finditer(text):
        sign = found[0].strip(" \t:")
        if sign in ("{{", "{|"):
            opened.append((found.start(), sign))
            spans.append(found.span())
            continue
        spans.append(found.span())
        partner = "{{" if sign == "}}" else "{|"
        if opened and opened[-1][1] != partner and len(opened) > 1 and opened[-2][1] == partner:
            opened.pop()
        if opened and opened[-1][1] == partner:
            spans.append((opened.pop()[0], found.end()))
    return spans


def _without_spans(text: str, spans: list[tuple[int, int]]) -> str:
    parts, at = [], 0
    for start, end in sorted(spans):
        if end <= at:
            continue
        parts.append(text[at : max(at, start)])
        at = end
    parts.append(text[at:])
    return "".join(parts)


def _linked(text: str, dropped: Collection[str]) -> str:
    """Links as their labels; files, categories and other languages dropped. Inner links first, by a stack."""
    stack: list[list[str]] = [[]]
    at = 0
    for found in _LINK.finditer(text):
        stack[-1].append(text[at : found.start()])
        at = found.end()
        if found[0] == "[[":
            stack.append([])
        elif len(stack) > 1:
            label = _label("".join(stack.pop()), dropped)
            stack[-1].append(label)
    stack[-1].append(text[at:])
    return "".join(part for parts in stack for part in parts)


def _label(link: str, dropped: Collection[str]) -> str:
    target, bar, label = link.partition("|")
    target = target.strip()
    namespace = target.partition(":")[0].strip().lower()
    if ":" in target and not target.startswith(":") and (namespace in dropped or _LANGUAGE.match(target)):
        return ""
    return label if bar and label else target.lstrip(":").partition("#")[0] if bar else target.lstrip(":")


def _laid_out(text: str) -> tuple[str, list[Section]]:
    """Lines tidied, headings on lines of their own, sections without text left out."""
    blocks: list[tuple[int, str]] = []  # (level of a heading or 0, line)
    for line in text.split("\n"):
        heading = _HEADING.match(line.strip())
        if heading is not None:
            while blocks and blocks[-1][0] >= len(heading[1]):
                blocks.pop()
            blocks.append((len(heading[1]), heading[2].strip()))
            continue
        is_item = line[:1] in ("*", "#")
        line = _SPACES.sub(" ", _LIST.sub("", line)).strip(" \t|")
        if line:
            blocks.append((0, f"- {line}" if is_item else line))
    while blocks and blocks[-1][0]:
        blocks.pop()
    return _joined(blocks)


def _joined(blocks: list[tuple[int, str]]) -> tuple[str, list[Section]]:
    parts: list[str] = []
    sections, at, before_item = [], 0, False
    for level, line in blocks:
        is_item = line.startswith("- ") and not level
        gap = "" if not parts else "\n" if is_item and before_item else "\n\n"
        at += len(gap)
        if level:
            sections.append(Section(level, line, at))
        parts.append(gap + line)
        at, before_item = at + len(line), is_item
    return "".join(parts), sections
