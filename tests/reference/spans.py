"""Slow twins of curation.kernels.spans: every span with what separates it from the next."""

from __future__ import annotations

import itertools
import re

SPACE = r"[ \t-\r]"
SENTENCE = re.compile(
    r"""\n[ \t-\r]*
    | [.!?] [.!?"')\]}\u2019\u201d\u300d\u300f]* (?: [ \t-\r]+ | \Z)
    | [\u3002\uff01\uff1f] [.!?"')\]}\u2019\u201d\u300d\u300f]* [ \t-\r]*""",
    re.VERBOSE,
)


def cut(text: str, unit: str) -> list[str]:
    if unit == "line":
        return re.findall(r"[^\n]*\n|[^\n]+", text)
    if unit == "paragraph":
        return paragraphs(text)
    ends = [match.end() for match in SENTENCE.finditer(text)]
    bounds = sorted({0, *ends, len(text)})
    return [text[a:b] for a, b in itertools.pairwise(bounds)]


def paragraphs(text: str) -> list[str]:
    out: list[str] = []
    gap = False
    for line in cut(text, "line"):
        blank = not line.strip(" \t\n\v\f\r")
        if out and (blank or not gap or not "".join(out).strip(" \t\n\v\f\r")):
            out[-1] += line
        else:
            out.append(line)
        gap = blank
    return out


def without(text: str, unit: str, lost: set[int]) -> str:
    spans = cut(text, unit)
    kept = "".join(span for k, span in enumerate(spans) if k not in lost)
    return kept.rstrip(" \t\n\v\f\r") if len(spans) - 1 in lost else kept
