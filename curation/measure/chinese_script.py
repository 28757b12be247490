"""Simplified or traditional: which of its two written forms a Chinese text uses."""

from __future__ import annotations

import sys
from functools import cache
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.kernels.marked_characters import count_marked
from curation.measure.ratios import kernel_text
from curation.operator import Contract, Operator

__all__ = ["ChineseScript"]

_NEITHER, _SIMPLIFIED, _TRADITIONAL = range(3)
_LABELS = ("simplified", "traditional", "mixed")


class ChineseScript(Operator):
    """Written form of Chinese, from the characters that only one of the two forms has.

    chinese_script.simplified   characters of the mainland's standard (GB 2312) that Taiwan's (Big5) lacks, such as 汉
    chinese_script.traditional  characters of Big5 that GB 2312 lacks, such as 漢
    chinese_script.label        the form with more of them; `mixed` where the other has `mixed_share` of both or more;
                                null where there are fewer than `min_characters` of both

    Most characters belong to both forms and say nothing. GB 2312 has the 6,763 most usual ones, so a rare one that both
    forms share counts as traditional; few enough to stay below `mixed_share`. Japanese mixes both forms: ask for the
    language first.
    """

    contract: ClassVar[Contract] = Contract(
        name="chinese_script",
        version=1,
        kind="annotate",
        adds={
            "chinese_script.label": pa.string(),
            "chinese_script.simplified": pa.int64(),
            "chinese_script.traditional": pa.int64(),
        },
    )

    min_characters: int = Field(default=1, ge=1)
    mixed_share: float = Field(default=0.2, gt=0, le=0.5)

    def open(self) -> None:
        _marks()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        counts = count_marked(*kernel_text(batch), _marks(), 3)
        simplified, traditional = counts[:, _SIMPLIFIED], counts[:, _TRADITIONAL]
        both = simplified + traditional
        number = np.where(traditional > simplified, 1, 0)
        number[np.minimum(simplified, traditional) >= self.mixed_share * both] = 2
        label = pa.array(_LABELS).take(pa.array(number, mask=both < self.min_characters))
        return pa.RecordBatch.from_arrays(
            [label, pa.array(simplified), pa.array(traditional)], list(self.contract.adds)
        )


@cache
def _marks() -> npt.NDArray[np.uint8]:
    """A mark for every code point, from the character sets that Python comes with."""
    marks = np.zeros(sys.maxunicode + 1, np.uint8)
    for point in range(0x4E00, 0xA000):
        mainland, taiwan = (_has(chr(point), charset) for charset in ("gb2312", "big5"))
        if mainland != taiwan:
            marks[point] = _SIMPLIFIED if mainland else _TRADITIONAL
    marks.flags.writeable = False
    return marks


def _has(character: str, charset: str) -> bool:
    try:
        character.encode(charset)
    except UnicodeEncodeError:
        return False
    return True
