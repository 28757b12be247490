"""Slow twin of curation.kernels.c4: the rules for one page, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from tests.reference import sentences

CITATION = re.compile(r"\[\d*\]|\[edit\]|\[citation needed\]")
POLICY = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")


@dataclass
class Page:
    lines: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)

    def count(self, name: str, number: int = 1) -> None:
        self.counts[name] = self.counts.get(name, 0) + number


def clean(text: str, end_marks: tuple[str, ...], min_words: int, words_first: bool, longest: int = 1000) -> Page:
    page = Page()
    for raw in text.splitlines():
        page.count("lines")
        stripped = raw.strip()
        line = CITATION.sub("", stripped)
        folded = line.lower()
        words = len((stripped if words_first else line).split())
        if any(len(word) > longest for word in stripped.split()):
            page.count("long_word_lines")
            continue
        if end_marks and (not line.endswith(end_marks) or line.endswith("...")):
            page.count("no_end_mark_lines")
            continue
        if words < min_words:
            page.count("few_words_lines")
            continue
        if "lorem ipsum" in folded:
            page.count("lorem_ipsum")
        if "javascript" in folded:
            page.count("javascript_lines")
            continue
        if "{" in line:
            page.count("curly_bracket")
        if any(phrase in folded for phrase in POLICY):
            page.count("policy_lines")
            continue
        page.count("lines_kept")
        page.count("sentences", sentences.count(line))
        page.count("citations_removed", len(CITATION.findall(stripped)))
        page.lines.append(line)
    return page


def measure(text: str, long_line: int = 200) -> dict[str, int]:
    lines = text.splitlines()
    folded = [line.lower() for line in lines]
    return {
        "lines": len(lines),
        "long_lines": sum(len(line) >= long_line for line in lines),
        "sentences": sum(map(sentences.count, lines)),
        "lorem_ipsum_lines": sum("lorem ipsum" in line for line in folded),
        "curly_bracket_lines": sum("{" in line for line in lines),
        "javascript_lines": sum("javascript" in line for line in folded),
        "policy_lines": sum(any(phrase in line for phrase in POLICY) for line in folded),
        "longest_word": max(map(len, text.split()), default=0),
    }
