"""Edits: what a rewriting operator did to a text, counted and located.

Every operator of this package that changes text goes through `rewrite`, so all of them report alike:

    <operator>.changed         bool, whether the text after differs from the text before
    <operator>.chars_removed   int64, characters before minus characters after (negative where text grew)
    <operator>.edits           list<int32>, null when nothing changed, else flat triples in text order:
                               byte offset in the UTF-8 text before, bytes taken out there, bytes put in

So the sum over triples of (put in - taken out) is the change in bytes, and two texts can be lined up without storing
either. A document with more than MAX_EDITS edits has its last ones merged into one triple that spans them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.schema import TEXT, text_buffers

__all__ = ["MAX_EDITS", "Edit", "apply_edits", "compose", "edit_columns", "replacement", "rewrite", "triples"]

Edit = tuple[int, int, str]
"""Characters [start, end) of the text before, and what stands there afterwards. Lists are sorted and disjoint."""

MAX_EDITS = 1000


def edit_columns(operator: str) -> Mapping[str, pa.DataType]:
    """The columns that `rewrite` adds."""
    return {
        f"{operator}.changed": pa.bool_(),
        f"{operator}.chars_removed": pa.int64(),
        f"{operator}.edits": pa.list_(pa.int32()),
    }


def rewrite(
    operator: str, column: pa.Array, rows: Iterable[int], find: Callable[[int, str], Sequence[Edit]]
) -> dict[str, pa.Array]:
    """`text` and the columns of `edit_columns`, where `find(row, text)` gives the edits of each listed row.

    Rows that are not listed, or have no edits, are copied as bytes; when no row changes the column itself is returned.
    `rows` rises. Null text reads as empty text, and stays null unless an edit puts something there.
    """
    data, offsets = text_buffers(column)
    edits: dict[int, Sequence[Edit]] = {}
    texts: dict[int, str] = {}
    for row in rows:
        text = bytes(data[offsets[row] : offsets[row + 1]]).decode()
        if found := find(row, text):
            edits[row], texts[row] = found, text
    return {"text": _rebuilt(column, data, offsets, edits, texts), **_account(operator, len(column), edits, texts)}


def _rebuilt(
    column: pa.Array,
    data: npt.NDArray[np.uint8],
    offsets: npt.NDArray[np.int64],
    edits: Mapping[int, Sequence[Edit]],
    texts: Mapping[int, str],
) -> pa.Array:
    if not edits:
        return column if column.type == TEXT else column.cast(TEXT)
    lengths = np.diff(offsets)
    pieces: list[bytes | memoryview] = []
    copied = 0
    for row, found in edits.items():
        written = apply_edits(texts[row], found).encode()
        pieces += [data[offsets[copied] : offsets[row]].data, written]
        lengths[row], copied = len(written), row + 1
    pieces.append(data[offsets[copied] : offsets[-1]].data)
    positions = np.zeros(len(offsets), np.int64)
    np.cumsum(lengths, out=positions[1:])
    buffers = [None, pa.py_buffer(positions), pa.py_buffer(b"".join(pieces))]
    rebuilt = pa.Array.from_buffers(TEXT, len(column), buffers)
    if not column.null_count:
        return rebuilt
    return pc.if_else(pc.or_(column.is_valid(), pa.array(lengths > 0)), rebuilt, pa.scalar(None, TEXT))


def _account(
    operator: str, rows: int, edits: Mapping[int, Sequence[Edit]], texts: Mapping[int, str]
) -> dict[str, pa.Array]:
    changed, removed = np.zeros(rows, np.bool_), np.zeros(rows, np.int64)
    located: list[list[int] | None] = [None] * rows if edits else []
    for row, found in edits.items():
        changed[row] = True
        removed[row] = sum(end - start - len(put) for start, end, put in found)
        located[row] = triples(texts[row], found)
    kind = pa.list_(pa.int32())
    return {
        f"{operator}.changed": pa.array(changed),
        f"{operator}.chars_removed": pa.array(removed),
        f"{operator}.edits": pa.array(located, kind) if edits else pa.nulls(rows, kind),
    }


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """The text after the edits."""
    pieces, copied = [], 0
    for start, end, put in edits:
        pieces += [text[copied:start], put]
        copied = end
    return "".join([*pieces, text[copied:]])


def replacement(text: str, start: int, end: int, put: str) -> list[Edit]:
    """The smallest edit that turns `text[start:end]` into `put`: none when they are equal already."""
    old = text[start:end]
    if old == put:
        return []
    shorter = min(len(old), len(put))
    head = next((i for i in range(shorter) if old[i] != put[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != put[-1 - i]), shorter - head)
    return [(start + head, end - tail, put[head : len(put) - tail])]


def triples(text: str, edits: Sequence[Edit]) -> list[int]:
    """Edits of a text as flat byte triples, see the module docstring."""
    if len(edits) > MAX_EDITS:
        edits = [*edits[: MAX_EDITS - 1], _merged(text, edits[MAX_EDITS - 1 :])]
    if text.isascii():
        return [n for start, end, put in edits for n in (start, end - start, len(put.encode()))]
    flat: list[int] = []
    characters = position = 0
    for start, end, put in edits:
        position += len(text[characters:start].encode())
        taken = len(text[start:end].encode())
        flat += [position, taken, len(put.encode())]
        characters, position = end, position + taken
    return flat


def _merged(text: str, edits: Sequence[Edit]) -> Edit:
    start, end = edits[0][0], edits[-1][1]
    inner = [(a - start, b - start, put) for a, b, put in edits]
    return start, end, apply_edits(text[start:end], inner)


def compose(text: str, first: Sequence[Edit], second: Sequence[Edit]) -> list[Edit]:
    """Edits equal to applying `first` to the text and then `second` to what comes out.

    Edits of the two steps that overlap or touch become one.
    """
    if not first or not second:
        return list(first or second)
    between = apply_edits(text, first)
    spans = _spans_in_between(first, second)
    composed: list[Edit] = []
    ahead = 0  # length of the text in between minus length of the text before, left of the current group
    for group in _groups(spans):
        start, end = group[0][0], max(span[1] for span in group)
        shift = sum(first[k][1] - first[k][0] - (b - a) for a, b, step, k in group if step == 0)
        inner = [(second[k][0] - start, second[k][1] - start, second[k][2]) for _, _, step, k in group if step == 1]
        put = apply_edits(between[start:end], inner)
        composed += replacement(text, start - ahead, end - ahead + shift, put)
        ahead -= shift
    return composed


def _spans_in_between(first: Sequence[Edit], second: Sequence[Edit]) -> list[tuple[int, int, int, int]]:
    """All edits as (start, end, step, index) in the text between the steps, sorted."""
    spans, shift = [], 0
    for k, (start, end, put) in enumerate(first):
        spans.append((start + shift, start + shift + len(put), 0, k))
        shift += len(put) - (end - start)
    spans += [(start, end, 1, k) for k, (start, end, _) in enumerate(second)]
    return sorted(spans)


def _groups(spans: Sequence[tuple[int, int, int, int]]) -> Iterable[list[tuple[int, int, int, int]]]:
    group = [spans[0]]
    reach = spans[0][1]
    for span in spans[1:]:
        if span[0] > reach:
            yield group
            group = []
        group.append(span)
        reach = max(reach, span[1])
    yield group
