from __future__ import annotations

from itertools import pairwise

import pyarrow as pa
from hypothesis import example, given
from hypothesis import strategies as st

from curation.kernels.wide_lines import wide_lines
from curation.schema import TEXT, text_buffers
from tests.reference import ugly

LINES = st.lists(st.sampled_from(["", "plain", "a line of ASCII, longer than a word", "é", "12345678ß", "\n", "中文"]))


def twin(texts: list[str]) -> list[tuple[str, int, int]]:
    lines = ((line, row, number) for row, text in enumerate(texts) for number, line in enumerate(text.split("\n")))
    return [each for each in lines if not each[0].isascii()]


@given(st.lists(ugly.texts | LINES.map("\n".join), max_size=4), st.integers(0, 2))
@example(["\u00e9"], 0)
@example(["1234567\u00e9", "12345678\n\u00e9\n"], 0)
def test_lines_beyond_ascii_are_those_of_the_definition(texts: list[str], skipped: int) -> None:
    column = pa.array(texts, TEXT).slice(skipped)  # offsets that do not begin at 0
    lines, offsets, rows, numbers = wide_lines(*text_buffers(column))
    cut = [bytes(lines[start:stop]).decode() for start, stop in pairwise(offsets)]
    assert list(zip(cut, rows.tolist(), numbers.tolist(), strict=True)) == twin(texts[skipped:])
