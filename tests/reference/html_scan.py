"""Slow twin of curation.kernels.html_scan: the same rules on a list of open elements, with regular expressions."""

from __future__ import annotations

import re

SPECIAL = re.compile(
    "(?:address|applet|article|aside|blockquote|body|button|center|details|dialog|dir|div|dl|fieldset|figcaption"
    "|figure|footer|form|frameset|header|hgroup|html|listing|main|marquee|menu|nav|noscript|object|ol|pre|search"
    "|section|select|summary|ul)$"
)
BARRIER = {"table", "template", "caption"}
FORMATTING = re.compile("(?:a|b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u)$")
IGNORED = re.compile(
    "(?:area|base|basefont|bgsound|br|col|embed|frame|hr|img|image|input|keygen|link|meta|param|source|track|wbr|p|li"
    "|dd|dt|tr|td|th|tbody|thead|tfoot|colgroup|h[1-6]|head|optgroup|rb|rp|rt|rtc)$"
)
RAW = {"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", "plaintext"}
FOREIGN = {"svg", "math"}
SPACE = rb"[ \t\n\f\r]"
COMMENT = re.compile(rb"<!--(?:>|->|.*?(?:-->|--!>)|.*)", re.DOTALL)
BOGUS = re.compile(rb"<[!?][^>]*>?")
NAME = re.compile(rb"</?([A-Za-z][^ \t\n\f\r/>]*)")
ATTRIBUTE = re.compile(
    rb"[^ \t\n\f\r/>][^ \t\n\f\r/>=]*(?:"
    + SPACE
    + rb"*="
    + SPACE
    + rb"*(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|[^ \t\n\f\r>]*))?"
)


def scan_html(page: bytes, deepest: int) -> list[int]:
    """Start tags, deepest nesting, most attributes, options, most open formatting elements, longest comment."""
    tags = depth = attributes = options = formatting = comment = 0
    open_elements: list[str] = []
    open_formatting: list[str] = []
    at = 0
    while at < len(page) - 1 and len(open_elements) < deepest:
        if page.startswith(b"<!--", at):
            found = COMMENT.match(page, at)
            comment, at = max(comment, found.end() - at), found.end()
            continue
        if page[at : at + 2] in (b"<!", b"<?"):
            at = BOGUS.match(page, at).end()
            continue
        name = NAME.match(page, at)
        if name is None:
            at += 1
            continue
        tag, closes = name[1].lower().decode("latin-1"), page[at + 1 : at + 2] == b"/"
        at, count, slash = _attributes(page, name.end())
        attributes = max(attributes, count)
        if closes:
            if FORMATTING.match(tag) and tag in open_formatting:
                open_formatting.remove(tag)
            elif tag in open_elements:
                open_elements = _closed(open_elements, tag)
            continue
        tags += 1
        foreign = any(each in FOREIGN for each in open_elements)
        if tag == "option":
            options += 1
        elif FORMATTING.match(tag):
            open_formatting.append(tag)
            formatting = max(formatting, len(open_formatting))
        elif tag in RAW and not foreign:
            at = _raw_end(page, name[1], at)
        elif not IGNORED.match(tag) and not (slash and foreign and _is_other(tag)):
            open_elements.append(tag)
            depth = max(depth, len(open_elements))
    return [tags, depth, attributes, options, formatting, comment]


def _is_other(tag: str) -> bool:
    return not SPECIAL.match(tag) and tag not in BARRIER | RAW | FOREIGN


def _attributes(page: bytes, at: int) -> tuple[int, int, bool]:
    count, slash = 0, False
    while at < len(page) and page[at : at + 1] != b">":
        slash = page[at : at + 1] == b"/"
        if page[at : at + 1] in b" \t\n\f\r/":
            at += 1
        else:
            count += 1
            at = ATTRIBUTE.match(page, at).end()
    return at + 1, count, slash


def _closed(open_elements: list[str], tag: str) -> list[str]:
    """Open elements after an end tag, all of them where something that it cannot close through stands in between."""
    place = len(open_elements) - 1 - open_elements[::-1].index(tag)
    between = open_elements[place + 1 :]
    if SPECIAL.match(tag) or tag in BARRIER:
        blocked = any(each in BARRIER for each in between)
    else:
        blocked = not all(_is_other(each) for each in between)
    return open_elements if blocked else open_elements[:place]


def _raw_end(page: bytes, name: bytes, at: int) -> int:
    found = re.compile(rb"</" + re.escape(name), re.IGNORECASE).search(page, at)
    return found.start() if found else len(page)
