"""The profiles and the text normalisation of the installed `langdetect`, as flat tables for the kernels.

langdetect ships one JSON file of n-gram counts for each of its 55 languages and looks every n-gram up in Python
dictionaries. Here both become arrays, once in a process. Nothing is copied into this package: what a character is
normalised to is asked from langdetect's own `NGram`, so another release of it brings its own answers along.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from curation.errors import ResourceError
from curation.kernels import language_ngrams as kernel
from curation.kernels import language_symbols as symbols
from curation.kernels.remembered import remembered
from curation.measure.scripts import script_numbers

__all__ = ["WEIGHT", "Profiles", "load_profiles", "profile_files"]

WEIGHT = 0.5 / 10000  # langdetect's ALPHA_DEFAULT / BASE_FREQ: the probability of what a profile lacks

_PLANE = 0x10000  # langdetect normalises nothing beyond the Basic Multilingual Plane
_CASED = 0x20000  # no character with case lies beyond
_MAX_LETTERS, _MAX_GRAMS = 1 << 12, kernel.ROW  # what a slot of the hash table can hold


@dataclass(frozen=True, eq=False)
class Profiles:
    """Languages and their n-grams: `tables` for naive Bayes, `languages` in the order of their numbers.

    The exact probabilities are kept by row: those of n-gram g are probabilities[starts[g]:starts[g + 1]], of the
    languages columns[...]. Row 0 is empty.
    """

    languages: tuple[str, ...]
    tables: kernel.Tables
    starts: npt.NDArray[np.int64]
    columns: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float64]


@cache
def load_profiles() -> Profiles:
    """Read the profiles: a second of CPU where they have not been remembered; 30 MB, once in a process."""
    modules = [__name__, kernel.__name__, symbols.__name__, script_numbers.__module__]
    arrays = remembered("langdetect", _made_profiles, modules, _installed())
    others = {name: arrays.pop(name) for name in ("names", "starts", "columns", "probabilities")}
    languages = tuple(others.pop("names").tolist())
    return Profiles(languages, kernel.Tables(**arrays, languages=len(languages)), **others)


def _installed() -> str:
    """One word for the profiles of the installed langdetect and the code that normalises text for them."""
    state = hashlib.sha256()
    for path in sorted(profile_files()):
        state.update(path.name.encode() + path.read_bytes())
    for path in sorted((profile_files()[0].parents[1] / "utils").glob("*.py")):
        state.update(path.read_bytes())
    return state.hexdigest()


def _made_profiles() -> dict[str, npt.NDArray[Any]]:
    raw = [orjson.loads(path.read_bytes()) for path in sorted(profile_files())]
    normal = _normal_forms()
    grams = _reachable_grams(raw, normal)
    letters = {" ": symbols.SPACE}
    letters.update((letter, number) for number, letter in enumerate(_alphabet(grams), symbols.FIRST_LETTER))
    _check_sizes(raw, grams, letters)
    rows = {gram: row for row, gram in enumerate(grams, 1)}
    starts, columns, probabilities = _sparse(raw, rows)
    classes = _classes(normal, letters)
    ending, home = _ending(rows), _home_scripts(raw)
    lane = _lanes(home)
    places = np.arange(len(ending)) | np.count_nonzero(ending, axis=1) << kernel.HITS_SHIFT
    unigrams, longer = _unigrams(rows, letters, places), _longer(rows, letters, places)
    scores = _scores(starts, lane[columns], probabilities)[ending].sum(axis=1, dtype=np.int16)
    return {
        "names": np.array([profile["name"] for profile in raw]),
        "starts": starts,
        "columns": columns,
        "probabilities": probabilities,
        "classes": classes,
        "composed": _composed(classes),
        "unigrams": unigrams,
        "slots": kernel.build_slots(*longer, 1 << (2 * len(longer[0])).bit_length()),
        "frequent": kernel.place_frequent(unigrams, *longer),
        "lane": lane,
        "scores": np.ascontiguousarray(scores.reshape(-1, kernel.LANES // kernel.BLOCK, kernel.BLOCK).swapaxes(0, 1)),
        "ending": ending,
        "exponentials": np.array([round(math.exp(-step / kernel.SCALE), 9) for step in range(kernel.EXPONENTS)]),
        "home": home,
    }


def profile_files() -> list[Path]:
    """The profiles of the installed langdetect, in the order in which langdetect itself reads them on this machine."""
    import langdetect

    directory = Path(langdetect.__file__).parent / "profiles"
    return [path for path in directory.iterdir() if path.is_file() and not path.name.startswith(".")]


def _normal_forms() -> list[str]:
    from langdetect.utils.ngram import NGram

    return [NGram.normalize(chr(point)) for point in range(_PLANE)]


def _reachable_grams(raw: list[dict[str, Any]], normal: list[str]) -> list[str]:
    """N-grams that normalised text can hold, sorted; the profiles carry many others."""
    possible = set(normal)
    every = set[str]().union(*(profile["freq"] for profile in raw))
    return sorted(gram for gram in every if 1 <= len(gram) <= 3 and gram != " " and possible.issuperset(gram))


def _alphabet(grams: list[str]) -> list[str]:
    """Letters of the n-grams, those of most n-grams first."""
    counts = Counter("".join(grams))
    del counts[" "]
    return sorted(counts, key=lambda letter: (-counts[letter], letter))


def _lanes(home: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Languages of one script are neighbours, those of the script of most languages come first."""
    order = sorted(range(len(home)), key=lambda number: (-int((home == home[number]).sum()), home[number], number))
    lane = np.empty(len(home), np.int64)
    lane[order] = np.arange(len(home))
    return lane


def _check_sizes(raw: list[dict[str, Any]], grams: list[str], letters: dict[str, int]) -> None:
    fits = 2 <= len(raw) <= kernel.LANES and len(grams) < _MAX_GRAMS and len(letters) < _MAX_LETTERS - 3
    if not fits:
        found = f"{len(raw)} languages, {len(grams)} n-grams, {len(letters)} letters"
        expected = f"2 to {kernel.LANES} languages, fewer than {_MAX_GRAMS} n-grams and {_MAX_LETTERS - 3} letters"
        raise ResourceError("profiles of langdetect", found, expected, "pip install langdetect==1.0.9")


def _classes(normal: list[str], letters: dict[str, int]) -> npt.NDArray[np.uint32]:
    """See `curation.kernels.language_symbols` for the bits."""
    scripts = script_numbers()
    classes = np.full(len(scripts), symbols.UNKNOWN | symbols.BEYOND_LATIN, np.uint32)
    classes[:_PLANE] = [letters.get(form, symbols.UNKNOWN) | symbols.UPPER * form.isupper() for form in normal]
    classes[_PLANE:_CASED] |= np.array([symbols.UPPER * chr(p).isupper() for p in range(_PLANE, _CASED)], np.uint32)
    classes[ord("A") : ord("z") + 1] |= symbols.IN_ASCII_LETTERS
    classes[0x300:_PLANE] |= symbols.BEYOND_LATIN
    shifted: npt.NDArray[np.uint32] = scripts.astype(np.uint32) << np.uint32(symbols.SCRIPT_SHIFT)
    return classes | shifted


def _composed(classes: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Vietnamese letter and combining tone mark, which langdetect composes before anything else."""
    from langdetect.utils.ngram import NGram

    composed = np.zeros((symbols.COMBINING_END - symbols.COMBINING, symbols.COMPOSED), np.uint32)
    for mark, results in zip(NGram.DMARK_CLASS, NGram.NORMALIZED_VI_CHARS, strict=True):
        for base, result in zip(NGram.TO_NORMALIZE_VI_CHARS, results, strict=True):
            composed[ord(mark) - symbols.COMBINING, ord(base)] = classes[ord(result)]
    return composed


def _ending(rows: dict[str, int]) -> npt.NDArray[np.int32]:
    """Rows of the last one, two and three letters of every n-gram, 0 where no profile has them or they are a space."""
    row_of = rows.get
    ending = [
        (row_of(gram[-1:], 0), row_of(gram[-2:], 0) if len(gram) > 1 else 0, row_of(gram, 0) if len(gram) > 2 else 0)
        for gram in rows
    ]
    return np.array([(0, 0, 0), *ending], np.int32)


def _home_scripts(raw: list[dict[str, Any]]) -> npt.NDArray[np.int64]:
    """Number of the script of most letters that a profile counts."""
    numbers = script_numbers()
    home = np.zeros(len(raw), np.int64)
    for language, profile in enumerate(raw):
        letters = {gram: count for gram, count in profile["freq"].items() if len(gram) == 1 and gram != " "}
        points = numbers[[ord(letter) for letter in letters]]
        home[language] = np.bincount(points, list(letters.values()))[1:].argmax() + 1
    return home


def _unigrams(rows: dict[str, int], letters: dict[str, int], places: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    unigrams = np.zeros(symbols.FIRST_LETTER + len(letters), np.int64)
    for letter, number in letters.items():
        unigrams[number] = places[rows.get(letter, 0)]
    return unigrams


def _longer(
    rows: dict[str, int], letters: dict[str, int], places: npt.NDArray[np.int64]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Keys of the n-grams of two and three letters, 12 bits a letter, and their places."""
    longer = [gram for gram in rows if len(gram) > 1]
    keys = [
        (letters[gram[0]] << 24 if len(gram) > 2 else 0) | letters[gram[-2]] << 12 | letters[gram[-1]]
        for gram in longer
    ]
    return np.array(keys, np.int64), places[[rows[gram] for gram in longer]]


def _sparse(
    raw: list[dict[str, Any]], rows: dict[str, int]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Relative frequency of every n-gram among those of its length in a language, by row and then by language."""
    known = [[gram for gram in profile["freq"] if gram in rows] for profile in raw]
    of_row = np.array([rows[gram] for grams in known for gram in grams])
    columns = np.repeat(np.arange(len(raw)), [len(grams) for grams in known])
    probabilities = np.array(
        [
            profile["freq"][gram] / profile["n_words"][len(gram) - 1]
            for profile, grams in zip(raw, known, strict=True)
            for gram in grams
        ]
    )
    order = np.argsort(of_row, kind="stable")
    starts = np.searchsorted(of_row[order], np.arange(len(rows) + 2))
    return starts.astype(np.int64), columns[order].astype(np.int64), probabilities[order]


def _scores(
    starts: npt.NDArray[np.int64], lanes: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float64]
) -> npt.NDArray[np.int16]:
    """log((weight + p) / weight) in units of 1/SCALE; 0 where a language does not know the n-gram."""
    scores = np.zeros((len(starts) - 1, kernel.LANES), np.int16)
    row = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    # math.log, not numpy's: the scores must not depend on the vector units of the machine.
    logs = [round(kernel.SCALE * math.log((WEIGHT + p) / WEIGHT)) for p in probabilities]
    scores[row, lanes] = logs
    return scores
