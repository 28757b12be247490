"""Mojibake repaired: text that was decoded with the wrong character set (`Ã©` for `é`), by ftfy, line by line.

ftfy's own test for unlikely neighbours is one regular expression that RE2 can run over the Arrow buffer, forty times
as fast as Python does; only documents with a line that it finds are decoded. Run this before `normalize_unicode`.
"""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.clean.edits import Edit, edit_columns, replacement, rewrite
from curation.clean.line_spans import line_spans
from curation.kernels.wide_lines import wide_lines
from curation.operator import Contract, Operator
from curation.schema import TEXT, text_buffers

__all__ = ["RepairMojibake", "may_hold_mojibake"]


class RepairMojibake(Operator):
    """Repairs what ftfy knows how to repair and changes nothing else.

    `unrepaired_lines` counts lines that still look wrong afterwards, such as Chinese read as Latin-1, which lost bytes
    or was never UTF-8: a rule can drop documents by it.
    """

    contract: ClassVar[Contract] = Contract(
        "repair_mojibake",
        1,
        "rewrite",
        adds={**edit_columns("repair_mojibake"), "repair_mojibake.unrepaired_lines": pa.int64()},
    )

    def open(self) -> None:
        _sieve()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        from ftfy import fix_encoding

        column = batch.column("text")
        suspects = _suspects(column)
        repaired: list[tuple[int, str]] = []

        def find(row: int, text: str) -> list[Edit]:
            edits: list[Edit] = []
            spans = line_spans(text)
            for start, end in (spans[number] for number in suspects[row]):
                line = fix_encoding(text[start:end])  # as it was, where ftfy finds nothing bad
                repaired.append((row, line))
                edits += replacement(text, start, end, line)
            return edits

        answer = rewrite(self.contract.name, column, suspects, find)
        unrepaired = pa.array(_still_bad(repaired, batch.num_rows))
        return pa.RecordBatch.from_pydict(answer | {"repair_mojibake.unrepaired_lines": unrepaired})


def _still_bad(repaired: list[tuple[int, str]], rows: int) -> npt.NDArray[np.int64]:
    """How many of the repaired lines of each row are bad by ftfy's test, which takes long for those that are not."""
    from ftfy.badness import is_bad

    held = may_hold_mojibake(pa.array([line for _, line in repaired], TEXT)).to_pylist()
    bad = [row for (row, line), may in zip(repaired, held, strict=True) if may and is_bad(line)]
    return np.bincount(np.array(bad, np.int64), minlength=rows)


def _suspects(column: pa.Array) -> dict[int, list[int]]:
    """Numbers of lines that may be bad, by row. No line of ASCII alone is, and most lines are."""
    lines, offsets, rows, numbers = wide_lines(*text_buffers(column))
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(lines)]
    held = may_hold_mojibake(pa.Array.from_buffers(TEXT, len(rows), buffers)).to_numpy(zero_copy_only=False)
    suspects: dict[int, list[int]] = {}
    for row, number in zip(rows[held].tolist(), numbers[held].tolist(), strict=True):
        suspects.setdefault(row, []).append(number)
    return suspects


def may_hold_mojibake(column: pa.Array) -> pa.Array:
    """Whether any line of a text is bad by ftfy's test; false for null."""
    return pc.match_substring_regex(column, _sieve()).fill_null(False)


@cache
def _sieve() -> str:
    """ftfy's expression in RE2's syntax: no verbose mode, and classes that are ASCII there widened to Unicode."""
    from ftfy.badness import BADNESS_RE

    return "(?m)" + _condensed(BADNESS_RE.pattern).replace(r"\s", r"[\s\pZ\x{1c}-\x{1f}\x{85}]").replace(
        r"\w", r"[\pL\pN_]"
    )


def _condensed(verbose: str) -> str:
    """A verbose pattern without its comments and without white space outside of character classes."""
    pieces = re.findall(r"\[[^\]]*\]|#[^\n]*|\\.|\s+|.", verbose)
    return "".join(piece for piece in pieces if not piece.isspace() and not piece.startswith("#"))
