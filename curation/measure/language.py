"""Which language a text is in, how sure that is, and in which script it is written.

The default engine adds up langdetect's own profiles over all n-grams of a text, instead of drawing some at random: the
answer is the same every time, and comes some hundred times faster.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.kernels import language as kernel
from curation.kernels import language_symbols as symbols
from curation.measure.langdetect_profiles import load_profiles
from curation.measure.scripts import SCRIPT_CODES
from curation.operator import Contract, Operator
from curation.schema import text_buffers

__all__ = ["Language"]

_LISTED = 0.1  # langdetect names a language from this probability on


class Language(Operator):
    """Language, confidence, runner-up, script and status of every document.

    language.label              code as langdetect gives it (`en`, `zh-cn`); null where no n-gram of any profile occurs
    language.confidence         probability of the label, 0 without a label; of a longer text, the mean over its windows
    language.second             runner-up, null where its probability is 0.1 or less
    language.second_confidence  probability of the runner-up, listed or not
    language.script             ISO 15924 code of most letters (Jpan: kana and Han together), null without letters
    language.status             the first that holds of
        no_letters              no letter in any script
        too_short               fewer than `min_letters` letters
        unknown                 letters, but no label: no profile knows this script
        mixed                   at least `mixed_share` of the n-grams stand in windows that are surely (0.9) in one
                                other language, or at least `mixed_share` of the letters are of another script
        ok

    The label and confidence are given for every status; rules decide.
    """

    contract: ClassVar[Contract] = Contract(
        name="language",
        version=1,
        kind="annotate",
        adds={
            "language.label": pa.string(),
            "language.confidence": pa.float64(),
            "language.second": pa.string(),
            "language.second_confidence": pa.float64(),
            "language.script": pa.string(),
            "language.status": pa.string(),
        },
    )

    engine: Literal["profiles"] = "profiles"
    min_letters: int = Field(default=20, ge=0)
    mixed_share: float = Field(default=0.25, gt=0, le=1)
    window_chars: int = Field(default=250, ge=50, le=10_000)
    max_bytes: int | None = Field(default=None, ge=1024)

    def open(self) -> None:
        load_profiles()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        data, offsets = text_buffers(batch.column("text"))
        found = self._detect(data, offsets)
        languages = load_profiles().languages
        listed = found.second_confidence > _LISTED
        columns = [
            _names(found.language, languages),
            pa.array(found.confidence),
            _names(np.where(listed, found.second, -1), languages),
            pa.array(found.second_confidence),
            _names(np.where(found.letters > 0, found.script, -1), SCRIPT_CODES),
            pa.array(self._status(found), pa.string()),
        ]
        return pa.RecordBatch.from_arrays(columns, names=list(self.contract.adds))

    def _detect(self, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> kernel.Detected:
        found = kernel.Detected.empty(len(offsets) - 1)
        limit = self.max_bytes if self.max_bytes is not None else max(len(data), symbols.SPANS)
        kernel.detect_languages(data, offsets, limit, self.window_chars, load_profiles().tables, found)
        return found

    def _status(self, found: kernel.Detected) -> npt.NDArray[np.str_]:
        scripts_mixed = found.second_script_letters >= self.mixed_share * found.letters
        return np.select(
            [
                found.letters == 0,
                found.letters < self.min_letters,
                found.language < 0,
                (found.other_share >= self.mixed_share) | scripts_mixed,
            ],
            ["no_letters", "too_short", "unknown", "mixed"],
            "ok",
        )


def _names(numbers: npt.NDArray[np.int64], names: Sequence[str]) -> pa.Array:
    """The name of each number, null where it is -1."""
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), pa.array(names)).cast(pa.string())
