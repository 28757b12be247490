"""Which language a text is in, how sure that is, and in which script it is written.

The default engine adds up langdetect's own profiles over all n-grams of a text, instead of drawing some at random: the
answer is the same every time, and comes some hundred times faster.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.kernels import language as kernel
from curation.kernels.language_symbols import SPANS
from curation.measure import language_engines as engines
from curation.measure.langdetect_profiles import load_profiles, profile_files
from curation.measure.scripts import SCRIPT_CODES
from curation.operator import Contract, Operator, Resources
from curation.schema import text_buffers

__all__ = ["STATUSES", "Language"]

STATUSES = ("no_letters", "too_short", "unknown", "mixed", "ok")


class Language(Operator):
    """Language, confidence, runner-up, script and status of every document.

    language.label              as the engine names it (langdetect: `en`, `zh-cn`); null where a text has no features
    language.confidence         probability of the label, 0 without one; of a longer text, the mean over its windows
    language.second             runner-up, null where its probability is 0.1 or less
    language.second_confidence  probability of the runner-up, named or not
    language.script             ISO 15924 code of most letters (Jpan: kana and Han together), null without letters
    language.status             the first that holds of
        no_letters              no letter in any script
        too_short               fewer than `min_letters` letters
        unknown                 letters, but no label: no profile has this script
        mixed                   `mixed_share` of the n-grams, at least, stand in windows that are surely (0.9) in one
                                other language, or `mixed_share` of the letters are of a second script
        ok

    A label comes with every status, if there is one; rules decide. Engines:

    profiles            naive Bayes over all n-grams with the profiles of langdetect (55 languages), the default
    langdetect-exact    langdetect itself with seed 0, bit for bit: the first 10,000 characters, n-grams drawn at random
    py3langid           more languages, an optional package, many times slower; `mixed` then looks at scripts only

    `require_script` leaves out languages whose own script does not occur in the text: without it, every ninth short
    paragraph of Chinese was Korean, as it is for langdetect. `max_bytes` reads evenly spread spans of longer texts,
    and `window_chars` is the length of a window. All three matter to the engine `profiles` only; script and status are
    found in the same way for all engines.
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

    engine: Literal["profiles", "langdetect-exact", "py3langid"] = "profiles"
    min_letters: int = Field(default=20, ge=0)
    mixed_share: float = Field(default=0.25, gt=0, le=1)
    window_chars: int = Field(default=250, ge=50, le=10_000)
    max_bytes: int | None = Field(default=None, ge=1024)
    require_script: bool = True

    def resources(self) -> Resources:
        """Profiles and models come with packages, whose versions may change under a recipe."""
        models = [engines.py3langid_model()] if self.engine == "py3langid" else []
        return Resources.of(*(str(path) for path in [*sorted(profile_files()), *models]))

    def open(self) -> None:
        load_profiles()
        if self.engine == "py3langid":
            engines.load_py3langid()

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        text = batch.column("text")
        data, offsets = text_buffers(text)
        found = self._detect(data, offsets)
        guesses = self._guesses(found, text, data, offsets)
        columns = [
            guesses.label,
            pa.array(guesses.confidence),
            guesses.second,
            pa.array(guesses.second_confidence),
            engines.named(np.where(found.letters > 0, found.script, -1), SCRIPT_CODES),
            engines.named(self._status(found, guesses), STATUSES),
        ]
        return pa.RecordBatch.from_arrays(columns, names=list(self.contract.adds))

    def _detect(self, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> kernel.Detected:
        found = kernel.Detected.empty(len(offsets) - 1)
        limit = self.max_bytes if self.max_bytes is not None else max(len(data), SPANS)
        tables = load_profiles().tables
        kernel.detect_languages(data, offsets, limit, self.window_chars, self.require_script, tables, found)
        return found

    def _guesses(
        self, found: kernel.Detected, text: pa.Array, data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]
    ) -> engines.Guesses:
        if self.engine == "langdetect-exact":
            return engines.replay(data, offsets)
        if self.engine == "py3langid":
            return engines.rank(text.to_pylist(), found.letters > 0)
        return engines.guesses(
            load_profiles().languages, found.language, found.confidence, found.second, found.second_confidence
        )

    def _status(self, found: kernel.Detected, guesses: engines.Guesses) -> npt.NDArray[np.int64]:
        """Index into STATUSES."""
        # The profiles see a language that they lack as a mixture, so they cannot speak for the other engine.
        other_share = np.zeros(len(found.letters)) if self.engine == "py3langid" else found.other_share
        return np.select(
            [
                found.letters == 0,
                found.letters < self.min_letters,
                guesses.label.is_null().to_numpy(zero_copy_only=False),
                other_share >= self.mixed_share,
                found.second_script_letters >= self.mixed_share * found.letters,
            ],
            [0, 1, 2, 3, 3],
            4,
        )
