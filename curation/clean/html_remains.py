"""What an extractor left behind of a web page: tags, comments, scripts, menus, character references.

Only elements that HTML has are taken for tags, so `a<b`, `vector<int>` and `<your name>` stay, and so does everything
in Markdown code. One scan with bounded patterns; the end of a comment or script is looked for only as long as there is
one, so hostile text costs no more than plain text.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from html.entities import html5
from itertools import chain, pairwise
from typing import ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.clean.edits import Edit, apply_edits, compose, edit_columns, rewrite
from curation.operator import Contract, Operator

__all__ = ["RemoveHtmlRemains", "markup_edits", "reference_edits"]

BLOCKS = (
    "address|article|aside|blockquote|body|br|center|dd|details|div|dl|dt|fieldset|figcaption|figure|footer|form|"
    "h1|h2|h3|h4|h5|h6|head|header|hr|html|li|main|ol|option|p|pre|section|select|summary|table|tbody|tfoot|thead|"
    "title|tr|ul"
)
INLINE = (
    "a|abbr|acronym|area|audio|b|base|bdi|bdo|big|button|canvas|cite|code|col|colgroup|data|del|dfn|em|embed|font|"
    "i|iframe|img|input|ins|kbd|label|link|map|mark|meta|noscript|object|param|path|picture|q|s|samp|small|source|"
    "span|strike|strong|sub|sup|svg|td|textarea|th|time|track|tt|u|var|video|wbr"
)
# These go with all that is in them.
WHOLE = "script|style|nav|template"

_NAMES = f"(?:{BLOCKS}|{INLINE}|{WHOLE})"
_FLAGS = "(?:async|autoplay|checked|controls|defer|disabled|hidden|loop|multiple|muted|open|required|selected)"
# Attributes hold a `=` or are known flags, so that `a<b and c>d` is no tag.
_ATTRIBUTES = rf"\s(?:{_FLAGS}\s?|[^<>=]{{0,200}}=[^<>]{{0,2000}})"
_TAG = rf"<(?:/{_NAMES}\s{{0,20}}|{_NAMES}(?:{_ATTRIBUTES}|\s{{0,20}})/?)(?:>|\Z)"
_MENU = (
    r"<(?:ul|ol|div)\s[^<>]{0,200}(?:id|class)\s?=\s?[\"']?(?:nav|navbar|menu|breadcrumbs?|pagination)\b[^<>]{0,200}>"
)
_SCANNED = re.compile(
    rf"(?P<comment><!--)|(?P<doctype><!doctype[^<>]{{0,200}}>)|(?P<menu>{_MENU})|(?P<tag>{_TAG})", re.I
)
_INLINE_NAMES, _WHOLE_NAMES = frozenset(INLINE.split("|")), frozenset(WHOLE.split("|"))
_NAME = re.compile(r"</?([a-z0-9]+)", re.I)
_REFERENCE = re.compile(r"&(?:amp;){0,3}(#[0-9]{1,7};|#x[0-9a-f]{1,6};|[a-z][a-z0-9]{1,31};)", re.I)
_LINE_END = re.compile(r" {0,100}(?:\n|\Z)")
_CODE = re.compile(r"```.*?```|`[^`\n]{1,200}`", re.S)
_ESCAPED_BLOCK = re.compile(rf"&(?:amp;){{0,3}}lt;/(?:{BLOCKS})&(?:amp;){{0,3}}gt;", re.I)
_SIEVE = r"(?i)<[/!a-z]|&(#x?[0-9a-f]|[a-z][a-z0-9]*);?"


class RemoveHtmlRemains(Operator):
    """Takes out tags and what only they hold together, and puts characters in place of references.

    `tags`: comments, scripts, styles, menus and tags; a block tag amid a line leaves a line end. A tag that the text
    ends in the middle of counts.
    `references`: `&eacute;` or `&#233;` become the character, `&nbsp;` a space, through up to three levels of `&amp;`.
    Where a closing block tag stands escaped (`&lt;/p&gt;`), references are resolved first, so that pages escaped as a
    whole lose their tags; else after, so that prose about tags keeps them.
    """

    contract: ClassVar[Contract] = Contract(
        "remove_html_remains", 1, "rewrite", adds=edit_columns("remove_html_remains")
    )

    tags: bool = True
    references: bool = True

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column("text")
        suspects = pc.match_substring_regex(column, _SIEVE).fill_null(False).to_numpy(zero_copy_only=False)
        answer = rewrite(self.contract.name, column, np.flatnonzero(suspects), lambda _, text: self._edits(text))
        return pa.RecordBatch.from_pydict(answer)

    def _edits(self, text: str) -> list[Edit]:
        steps = [step for on, step in ((self.tags, markup_edits), (self.references, reference_edits)) if on]
        if _ESCAPED_BLOCK.search(text):
            steps.reverse()
        edits: list[Edit] = []
        for step in steps:
            edits = compose(text, edits, step(apply_edits(text, edits)))
        return edits


def reference_edits(text: str) -> list[Edit]:
    """Character references resolved; unknown names stay."""
    edits = []
    for match in _REFERENCE.finditer(text):
        name = match.group(1)
        character = html.unescape(f"&{name}") if name.startswith("#") else html5.get(name)
        if character is not None:
            edits.append((*match.span(), character.replace("\u00a0", " ")))
    return edits


def markup_edits(text: str) -> list[Edit]:
    """Tags and the like taken out, save in Markdown code; tags that only space divides go together."""
    edits: list[Edit] = []
    group: list[tuple[int, int, bool]] = []
    for found in chain(_markup(text), [(len(text) + 1, len(text) + 1, False)]):
        if group and (found[0] > len(text) or text[group[-1][1] : found[0]].strip(" ")):
            edits.append(_without(text, group))
            group = []
        group.append(found)
    return edits


def _without(text: str, group: list[tuple[int, int, bool]]) -> Edit:
    start, end = group[0][0], group[-1][1]
    at_line_edge = start == 0 or text[start - 1] == "\n" or _LINE_END.match(text, end)
    divides = any(block for _, _, block in group)
    space = " " if any(text[a[1] : b[0]] for a, b in pairwise(group)) else ""
    return start, end, "" if at_line_edge else "\n" if divides else space


def _markup(text: str) -> Iterator[tuple[int, int, bool]]:
    """(start, end, whether it divides lines) of each piece of markup, in order."""
    code = [match.span() for match in _CODE.finditer(text)]
    resume = passed = 0
    unclosed: set[str] = set()
    for match in _SCANNED.finditer(text):
        while passed < len(code) and code[passed][1] <= match.start():
            passed += 1
        if match.start() < resume or (passed < len(code) and code[passed][0] <= match.start()):
            continue
        resume = max(match.end(), _end_of_whole(text, match, unclosed))
        if match.lastgroup != "comment" or resume > match.end():
            yield match.start(), resume, match.lastgroup != "tag" or _name(match) not in _INLINE_NAMES


def _end_of_whole(text: str, match: re.Match[str], unclosed: set[str]) -> int:
    """Where the comment or element ends that goes as a whole, 0 where there is no such end or nothing to end."""
    name = "--" if match.lastgroup == "comment" else _name(match)
    if match.lastgroup == "tag" and (name not in _WHOLE_NAMES or match.group().startswith("</")):
        return 0
    if match.lastgroup == "doctype" or name in unclosed:
        return 0
    closer = re.compile("-->" if name == "--" else rf"</{name}\s{{0,20}}>", re.I).search(text, match.end())
    if closer is None:
        unclosed.add(name)
        return 0
    return closer.end()


def _name(match: re.Match[str]) -> str:
    named = _NAME.match(match.group())
    return named.group(1).lower() if named else ""
