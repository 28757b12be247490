"""Fenced blocks of a Markdown page, each with what the page says of it.

    sh      commands; run in order, in one folder a page
    output  what the commands of the block before it print; … stands for anything
    others  a first line `# NAME` or `// NAME` makes it a file; `python` without one is run

A paragraph before a block of commands that begins with a mark in bold says why a test only parses them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

__all__ = ["Block", "blocks", "links"]

_MARK = re.compile(r"\*\*((?:Needs|Takes|Stays)[^*]*)\.?\*\*")
_MARK_ZH = re.compile(r"\*\*((?:需要|耗时|一直)[^*]*)\*\*")
_FILE = re.compile(r"(?:#|//) ([\w./-]+\.\w+)$")


@dataclass(frozen=True)
class Block:
    """`mark` is why the commands are not run, `file` the name that the block is written to."""

    language: str
    body: str
    line: int
    mark: str | None
    file: str | None

    def commands(self) -> list[str]:
        """Whole commands, without comments, with continued lines joined."""
        joined = self.body.replace("\\\n", " ")
        return [line for line in map(_uncommented, joined.splitlines()) if line]


def blocks(page: Path) -> list[Block]:
    tokens = MarkdownIt("commonmark").parse(page.read_text("utf-8"))
    found, before = [], ""
    for token in tokens:
        if token.type == "inline":
            before = token.content
        if token.type == "fence":
            mark = _MARK.match(before) or _MARK_ZH.match(before)
            first = token.content.partition("\n")[0]
            named = _FILE.match(first) if token.info not in ("sh", "output") else None
            line = (token.map or [0])[0] + 1
            found.append(Block(token.info, token.content, line, mark and mark[1], named and named[1]))
            before = ""
    return found


def links(page: Path) -> list[tuple[int, str]]:
    """(line, target) of every link and image."""
    found = []
    for token in MarkdownIt("commonmark").enable("table").parse(page.read_text("utf-8")):
        for inner in token.children or []:
            target = inner.attrs.get("href") or inner.attrs.get("src")
            if target:
                found.append(((token.map or [0])[0] + 1, str(target)))
    return found


def _uncommented(line: str) -> str:
    """Without a comment: a # after two blanks or at the start, outside of quotes."""
    quote = ""
    for place, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "#" and (place == 0 or line[place - 1] == " "):
            return line[:place].strip()
    return line.strip()
