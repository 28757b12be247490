"""Naive Bayes over langdetect's profiles, one document and one n-gram at a time, in langdetect's own words."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from functools import cache
from itertools import pairwise

from langdetect import detector_factory
from langdetect.detector import Detector
from langdetect.lang_detect_exception import LangDetectException
from langdetect.utils.ngram import NGram

__all__ = ["cleaned", "detect", "draw", "ngrams_at"]

SCALE = 1024
WEIGHT = 0.5 / 10000


@cache
def factory() -> detector_factory.DetectorFactory:
    detector_factory.init_factory()
    return detector_factory._factory


def cleaned(text: str) -> str:
    """What langdetect looks at, but with runs of spaces left as they are and without its limit of 10,000."""
    text = NGram.normalize_vi(Detector.MAIL_RE.sub(" ", Detector.URL_RE.sub(" ", text)))
    detector = Detector(factory())
    detector.text = text
    detector.cleaning_text()
    return detector.text


def ngrams_at(text: str) -> list[list[str]]:
    """For each character the known n-grams that end there."""
    known = factory().word_lang_prob_map
    ngram, ends = NGram(), []
    for character in text:
        ngram.add_char(character)
        found = [ngram.get(n) for n in (1, 2, 3)]
        ends.append([gram for gram in found if gram and gram in known])
    return ends


def scores(gram: str) -> dict[str, int]:
    probabilities = zip(factory().langlist, factory().word_lang_prob_map[gram], strict=True)
    return {language: round(SCALE * math.log((WEIGHT + p) / WEIGHT)) for language, p in probabilities}


def posterior(likelihood: dict[str, int]) -> dict[str, float]:
    best = max(likelihood.values())
    raw = {name: round(math.exp((value - best) / SCALE), 9) for name, value in likelihood.items()}
    return {name: value / sum(raw.values()) for name, value in raw.items()}


def script(character: str) -> str | None:
    """First word of the name of a letter, hiragana and katakana taken together; None for what is no letter."""
    if unicodedata.category(character)[0] != "L":
        return None
    name = unicodedata.name(character, "?").removeprefix("HALFWIDTH ").removeprefix("FULLWIDTH ")
    first = re.split(r"[ -]", name)[0]
    return "KANA" if first in {"HIRAGANA", "KATAKANA"} else first


@cache
def home_scripts() -> dict[str, str]:
    """The script of most letters of each language."""
    known = factory()
    weights: dict[str, Counter[str]] = {name: Counter() for name in known.langlist}
    for gram, probabilities in known.word_lang_prob_map.items():
        if len(gram) == 1 and script(gram):
            for name, probability in zip(known.langlist, probabilities, strict=True):
                weights[name][script(gram)] += probability
    return {name: counts.most_common(1)[0][0] for name, counts in weights.items()}


def candidates(text: str, require_script: bool) -> list[str]:
    text = Detector.MAIL_RE.sub(" ", Detector.URL_RE.sub(" ", text))
    found = {script(character) for character in NGram.normalize_vi(text)}
    possible = [name for name in factory().langlist if home_scripts()[name] in found]
    return possible if require_script and possible else list(factory().langlist)


def detect(text: str, window: int, require_script: bool) -> dict[str, object]:
    """Label, confidence, second, second_confidence and other_share, the label None without any n-gram."""
    names = candidates(text, require_script)
    ends = ngrams_at(cleaned(text))
    windows = max(1, len(ends) // window)
    bounds = [number * len(ends) // windows for number in range(windows + 1)]
    total, shares, votes = Counter(), Counter(), Counter()
    grams_in_all = 0
    for first, last in pairwise(bounds):
        grams = [gram for found in ends[first:last] for gram in found]
        if not grams:
            continue
        likelihood = {name: sum(scores(gram)[name] for gram in grams) for name in names}
        share = posterior(likelihood)
        grams_in_all += len(grams)
        total.update(likelihood)
        shares.update({name: value * len(grams) for name, value in share.items()})
        best = max(sorted(share), key=lambda name: share[name])
        if share[best] >= 0.9:
            votes[best] += len(grams)
    if not grams_in_all:
        return {"label": None, "confidence": 0.0, "second": None, "second_confidence": 0.0, "other_share": 0.0}
    label = max(sorted(names), key=lambda name: total[name])
    second = max(sorted(set(factory().langlist) - {label}), key=lambda name: shares[name])
    return {
        "label": label,
        "confidence": shares[label] / grams_in_all,
        "second": second,
        "second_confidence": shares[second] / grams_in_all,
        "other_share": max(votes[name] for name in factory().langlist if name != label) / grams_in_all,
    }


def draw(text: str) -> tuple[str | None, list[tuple[str, float]]]:
    """What langdetect itself answers with seed 0: label and probabilities, None where it finds no features."""
    detector = factory().create()
    detector.seed = 0
    detector.append(text)
    try:
        return detector.detect(), [(guess.lang, guess.prob) for guess in detector.get_probabilities()]
    except LangDetectException:
        return None, []
