"""Abilities asked for offline: minimal pairs from templates, the last word of held-out documents, and copying.

Pairs follow the idea of BLiMP (Warstadt et al. 2020): two sentences of the same number of words, one of which is not
English. Only what follows the place where they part is scored, given what stands before it, and where that differs the
same words are scored: so it is grammar that decides, not how frequent a word is. The score is the share of pairs in
which the good one is likelier.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import torch

from training.ablation.measures.scoring import Scorer
from training.data.order import key_of

__all__ = ["cloze", "copy_score", "minimal_pairs", "probe_pairs"]

Sentence = tuple[str, str]  # what is given, what is scored
Pair = tuple[Sentence, Sentence]

_LISTED = (
    "value type function method class object array model file list name key item user module option parameter result "
    "test error string number field node table"
)
_NOUNS = _LISTED.split()
_PEOPLE = {
    "boy": "himself",
    "girl": "herself",
    "king": "himself",
    "queen": "herself",
    "man": "himself",
    "woman": "herself",
}
_VERBS = (("is", "are"), ("was", "were"), ("has", "have"), ("does", "do"))
_ADJECTIVES = ["new", "old", "first", "last", "small", "large", "simple", "common", "different", "single"]
_CHOICES = 10


def probe_pairs(count: int) -> dict[str, list[Pair]]:
    """(good, bad) by probe, `count` of each; the same every time."""
    makers: dict[str, Callable[[random.Random], Pair]] = {
        "agreement": _agreement,
        "determiner": _determiner,
        "npi": _npi,
        "reflexive": _reflexive,
    }
    return {
        name: [make(random.Random(key_of(name, number))) for number in range(count)] for name, make in makers.items()
    }


@torch.no_grad()
def minimal_pairs(scorer: Scorer, count: int) -> dict[str, float]:
    """`probe_<name>` in [0, 1]; 0.5 is guessing."""
    found = {}
    for name, pairs in probe_pairs(count).items():
        scores = scorer.log_probabilities([sentence for pair in pairs for sentence in pair]).reshape(-1, 2)
        found[f"probe_{name}"] = float((scores[:, 0] > scores[:, 1]).mean())
    return found


@torch.no_grad()
def cloze(scorer: Scorer, texts: Sequence[str], count: int) -> dict[str, float]:
    """Share of documents whose next word is likelier than nine such words of other documents; chance is .1."""
    cases = [case for text in texts if (case := _stretch(text)) is not None][:count]
    words = sorted({word for _, word in cases})
    if len(words) < _CHOICES:
        return {}
    right = 0
    for number, (before, word) in enumerate(cases):
        others = [each for each in words if each != word]
        choices = [word, *random.Random(key_of("cloze", number)).sample(others, _CHOICES - 1)]
        scores = scorer.log_probabilities([(before, choice) for choice in choices])
        right += int(scores.argmax()) == 0
    return {"cloze": right / len(cases)}


@torch.no_grad()
def copy_score(scorer: Scorer, vocabulary: int, count: int) -> dict[str, float]:
    """Nats a token that the second half of a repeated random string costs less than the first (Olsson et al. 2022).

    Copying is what repeated data damage first (Hernandez et al. 2022).
    """
    half = max(2, min(32, scorer.context // 2))
    chance = np.random.default_rng(key_of("copy", vocabulary))
    strings = [chance.integers(0, vocabulary, half).tolist() for _ in range(count)]
    first = scorer.scored([([scorer.eos_id, *string], half) for string in strings])
    second = scorer.scored([([scorer.eos_id, *string, *string][-scorer.context - 1 :], half) for string in strings])
    return {"copy_score": float((second - first).mean() / half)}


def _agreement(chance: random.Random) -> Pair:
    noun, verb = chance.choice(_NOUNS), chance.choice(_VERBS)
    plural, end = chance.random() < 0.5, f"{chance.choice(_ADJECTIVES)}."
    subject = f"The {_plural(noun) if plural else noun} of the {chance.choice(_NOUNS)}"
    good, bad = (verb[1], verb[0]) if plural else verb
    return (subject, f" {good} not {end}"), (subject, f" {bad} not {end}")


def _determiner(chance: random.Random) -> Pair:
    noun, (one, many) = chance.choice(_NOUNS), chance.choice((("this", "these"), ("that", "those")))
    start, end = f"You can use {chance.choice((one, many))}", "here."
    plural = start.endswith(many)
    good, bad = (_plural(noun), noun) if plural else (noun, _plural(noun))
    return (start, f" {good} {end}"), (start, f" {bad} {end}")


def _npi(chance: random.Random) -> Pair:
    """A question licenses "ever", a statement does not."""
    noun, end = chance.choice(_NOUNS), f" ever {chance.choice(('been', 'seen', 'used'))} the {chance.choice(_NOUNS)}"
    return (f"Has the {noun}", end), (f"The {noun} has", end)


def _reflexive(chance: random.Random) -> Pair:
    person, word = chance.choice(sorted(_PEOPLE.items()))
    other = "herself" if word == "himself" else "himself"
    start = f"The {chance.choice(_ADJECTIVES)} {person} {chance.choice(('saw', 'found', 'helped', 'asked'))}"
    return (start, f" {word}."), (start, f" {other}.")


def _plural(noun: str) -> str:
    return noun + ("es" if noun.endswith("ss") else "s")


def _stretch(text: str, most: int = 30) -> tuple[str, str] | None:
    """Up to `most` words of a document and the plain word that follows them."""
    words = text.split()
    for at in range(min(most, len(words) - 1), 7, -1):
        if words[at].isalpha() and len(words[at]) > 3:
            return " ".join(words[:at]), " " + words[at]
    return None
