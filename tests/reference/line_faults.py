"""Slow twin of curation.kernels.line_faults."""

from __future__ import annotations

from itertools import groupby


def has_line_faults(text: str, trailing: bool, max_blank: int, max_repeats: int) -> bool:
    lines = text.split("\n")
    if trailing and any(line != line.rstrip(" \t\n\v\f\r") for line in lines):
        return True
    for line, run in groupby(lines):
        copies = len(list(run))
        if line == "":
            if 0 <= max_blank < copies:
                return True
        elif 0 <= max_repeats < copies and any(c.isalnum() or not c.isascii() for c in line):
            return True
    return False
