"""Text on a page: cut, with personal data masked, and differences between two texts marked."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

from markupsafe import Markup, escape

from curation.personal_data.detector import find

__all__ = ["difference", "excerpt", "masked"]

_WORD = re.compile(r"\S+|\s+")
_CONTEXT = 24


def masked(text: str) -> Markup:
    """The text with every find of personal data replaced by its kind, marked."""
    parts, end = [], 0
    for found in find(text):
        parts.append(escape(text[end : found.start]))
        parts.append(Markup('<mark class="personal">[{}]</mark>').format(found.kind))
        end = found.end
    return Markup("").join([*parts, escape(text[end:])])


def excerpt(text: str | None, most: int) -> Markup:
    """The first `most` characters, masked before they are cut: no part of a find is left over at the end."""
    if text is None:
        return Markup('<p class="note">no text</p>')
    across = [found.end for found in find(text[: most + 200]) if found.start < most < found.end]
    more = Markup('<span class="note"> …</span>') if len(text) > most else ""
    return Markup('<pre dir="auto">{}{}</pre>').format(masked(text[: across[0] if across else most]), more)


def difference(old: str | None, new: str | None, most_words: int = 600) -> Markup:
    """Words only in the old text struck out, words only in the new one marked as added, long equal stretches shortened.

    Compares the first `most_words` words of each. What lies between words is part of none: a line broken elsewhere does
    not change the words around it.
    """
    words = [_WORD.findall(text or "") for text in (old, new)]
    left, right = (every[: 2 * most_words] for every in words)
    parts: list[Markup] = []
    for kind, i, k, j, m in difflib.SequenceMatcher(str.isspace, left, right, autojunk=False).get_opcodes():
        if kind == "equal":
            parts.append(_shortened(left[i:k]))
            continue
        parts += [Markup("<del>{}</del>").format(masked("".join(left[i:k])))] if k > i else []
        parts += [Markup("<ins>{}</ins>").format(masked("".join(right[j:m])))] if m > j else []
    cut = max(map(len, words)) > 2 * most_words
    note = Markup('<span class="note"> … the first {:,} words</span>').format(most_words) if cut else ""
    return Markup('<pre class="difference" dir="auto">{}{}</pre>').format(Markup("").join(parts), note)


def _shortened(words: Sequence[str]) -> Markup:
    if len(words) <= 2 * _CONTEXT + 8:
        return masked("".join(words))
    left_out = sum(not word.isspace() for word in words[_CONTEXT:-_CONTEXT])
    return Markup('{}<span class="note"> [… {:,} words …] </span>{}').format(
        masked("".join(words[:_CONTEXT])), left_out, masked("".join(words[-_CONTEXT:]))
    )
