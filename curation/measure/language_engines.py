"""Other engines for the label than naive Bayes: langdetect's own draws, replayed, and py3langid for more languages."""

from __future__ import annotations

import math
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.errors import ResourceError
from curation.kernels import langdetect_replay as kernel
from curation.measure.langdetect_profiles import Profiles, load_profiles, profile_files

__all__ = [
    "Guesses",
    "guesses",
    "langdetect_probabilities",
    "load_py3langid",
    "named",
    "py3langid_model",
    "rank",
    "replay",
]

LISTED = 0.1  # langdetect names a language from this probability on
NAMELESS = "unknown"  # what langdetect answers where it can name none, though the text has n-grams


@dataclass(frozen=True, eq=False)
class Guesses:
    """Label and runner-up of n documents: labels are null where a text has no features, probabilities 0."""

    label: pa.Array
    confidence: npt.NDArray[np.float64]
    second: pa.Array
    second_confidence: npt.NDArray[np.float64]


def named(numbers: npt.NDArray[np.int64], names: Sequence[str]) -> pa.Array:
    """The name of each number, null where it is -1."""
    return pa.DictionaryArray.from_arrays(pa.array(numbers, mask=numbers < 0), pa.array(names)).cast(pa.string())


def guesses(
    names: Sequence[str],
    label: npt.NDArray[np.int64],
    confidence: npt.NDArray[np.float64],
    second: npt.NDArray[np.int64],
    second_confidence: npt.NDArray[np.float64],
) -> Guesses:
    """Guesses from numbers of languages; a runner-up is named from LISTED on."""
    listed = np.where(second_confidence > LISTED, second, -1)
    return Guesses(named(label, names), confidence, named(listed, names), second_confidence)


def langdetect_probabilities(
    data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]
) -> tuple[list[str], npt.NDArray[np.float64]]:
    """Languages in langdetect's order, and float64[n, L] what it finds with seed 0; zeros without features.

    The order is that of the directory, and Python's `sum` became exact to the last bit in 3.12: on another machine or
    another Python the last digit may differ, from langdetect's own as well as from what is found here.
    """
    profiles, (languages, likelihoods) = load_profiles(), _likelihoods()
    probabilities = np.zeros((len(offsets) - 1, len(languages)))
    compensated = sys.version_info >= (3, 12)
    kernel.replay_langdetect(data, offsets, profiles.tables, likelihoods, _stream(), compensated, probabilities)
    return languages, probabilities


def replay(data: npt.NDArray[np.uint8], offsets: npt.NDArray[np.int64]) -> Guesses:
    """What `langdetect` answers with `DetectorFactory.seed = 0`."""
    languages, probabilities = langdetect_probabilities(data, offsets)
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :2]
    best, second = np.take_along_axis(probabilities, order, axis=1).T
    label = np.where(best > LISTED, order[:, 0], np.where(best > 0, len(languages), -1))
    return guesses([*languages, NAMELESS], label, best, order[:, 1], second)


@cache
def _likelihoods() -> tuple[list[str], kernel.Likelihoods]:
    profiles: Profiles = load_profiles()
    languages = [path.name for path in profile_files()]
    place = np.array([languages.index(language) for language in profiles.languages])
    return languages, kernel.Likelihoods(profiles.starts, place[profiles.columns], profiles.probabilities)


@cache
def _stream() -> kernel.Stream:
    generator = random.Random(0)
    words = [generator.getrandbits(32) for _ in range(kernel.MAX_WORDS)]
    # random.random() and random.gauss(), from any position of the stream.
    uniform = [((a >> 5) * 67108864 + (b >> 6)) / 9007199254740992 for a, b in pairwise(words)]
    angles = [2.0 * math.pi * value for value in uniform[:-2]]
    radii = [math.sqrt(-2.0 * math.log(1.0 - value)) for value in uniform[2:]]
    first = [math.cos(angle) * radius for angle, radius in zip(angles, radii, strict=True)]
    spare = [math.sin(angle) * radius for angle, radius in zip(angles, radii, strict=True)]
    return kernel.Stream(np.array(words, np.int64), np.array(first), np.array(spare))


def py3langid_model() -> Path:
    """The model file inside the py3langid package; ResourceError where the package is missing."""
    found = find_spec("py3langid")
    if found is None or found.origin is None:
        raise ResourceError(
            "operator `language`, engine py3langid", "no such package", "py3langid 0.4", "pip install py3langid"
        )
    return Path(found.origin).parent / "data" / "model.npz.xz"


@cache
def load_py3langid() -> Any:
    """An identifier of its own, so that settings made elsewhere in the process do not matter."""
    model = py3langid_model()
    from py3langid.langid import LanguageIdentifier

    return LanguageIdentifier.from_model_file(model, norm_probs=True)


def rank(texts: Sequence[str | None], lettered: npt.NDArray[np.bool_]) -> Guesses:
    """What py3langid answers for texts with letters, one after the other, with its normalised probabilities."""
    identifier = load_py3langid()
    names = identifier.labels
    number = {name: index for index, name in enumerate(names)}
    label, second = np.full((2, len(texts)), -1, np.int64)
    confidence, second_confidence = np.zeros((2, len(texts)))
    for row in np.flatnonzero(lettered).tolist():
        (first_name, confidence[row]), (second_name, second_confidence[row]) = identifier.rank(texts[row])[:2]
        label[row], second[row] = number[first_name], number[second_name]
    return guesses(names, label, confidence, second, second_confidence)
