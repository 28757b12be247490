"""Made-up documents by number: pages in several languages, copies, near copies, junk. Same seed, same bytes."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["LANGUAGES", "Page", "page", "pages"]

LANGUAGES = {"en": "english", "de": "german", "zh": "chinese"}
_COPY, _NEAR, _JUNK = 0.06, 0.06, 0.06
_NAV = "Home | About | Contact\nYou are here: Home"


@dataclass(frozen=True, kw_only=True)
class Page:
    number: int
    url: str
    title: str
    text: str
    language: str


def pages(seed: int, first: int, count: int, shares: dict[str, float]) -> Iterator[Page]:
    """Documents `first` to `first + count` of an endless list; `shares` says how much of it is in which language."""
    return (page(seed, number, shares) for number in range(first, first + count))


def page(seed: int, number: int, shares: dict[str, float]) -> Page:
    """One in sixteen each is a copy or a near copy of an earlier one, or junk."""
    chance = random.Random(f"{seed}/{number}")
    kind = chance.random()
    language = chance.choices(list(shares), list(shares.values()))[0]
    if number > 20 and kind < _COPY + _NEAR:
        original = page(seed, chance.randrange(number), shares)
        text = original.text if kind < _COPY else _reworded(original.text, chance)
        return _page(seed, number, text, original.language)
    text = _junk(chance) if kind > 1 - _JUNK else _story(language, chance)
    return _page(seed, number, text, language)


def _page(seed: int, number: int, text: str, language: str) -> Page:
    title = re.split(r"[.。\n]", text, maxsplit=1)[0][:60]
    return Page(number=number, url=f"https://mill-{seed}.example/{number}", title=title, text=text, language=language)


def _story(language: str, chance: random.Random) -> str:
    """Two to four paragraphs of sentences, none of them twice; some with an address to redact."""
    words, sentences = _grammar(language)
    chosen = chance.sample(sentences, min(len(sentences), chance.randint(10, 18)))
    filled = [_filled(each, words, chance) for each in chosen]
    cut = chance.randint(3, 5)
    between = "" if language == "zh" else " "
    parts = [between.join(filled[start : start + cut]) for start in range(0, len(filled), cut)]
    if language == "en" and chance.random() < 0.05:
        parts.append(f"Letters reach us at post{chance.randrange(1000)}@mill.example.")
    return "\n\n".join(parts)


def _filled(sentence: str, words: dict[str, list[str]], chance: random.Random) -> str:
    text = re.sub(r"{(\w+)}", lambda slot: chance.choice(words[slot[1]]), sentence)
    return text[0].upper() + text[1:]


def _reworded(text: str, chance: random.Random) -> str:
    """The same page with another first line, as sites give their pages when they copy."""
    return f"{chance.choice(['Reprinted.', 'From our archive.', 'Read again.'])}\n\n{text}"


def _junk(chance: random.Random) -> str:
    """What a crawl also brings: menus, lists of numbers, a few words."""
    kind = chance.randrange(3)
    if kind == 0:
        return "\n".join([_NAV] * chance.randint(1, 6))
    if kind == 1:
        return "\n".join(f"{chance.randrange(10**6)} | {chance.randrange(100)} %" for _ in range(chance.randint(5, 40)))
    return "Page not found."


@cache
def _grammar(language: str) -> tuple[dict[str, list[str]], list[str]]:
    from ruamel.yaml import YAML

    path = files("pipelines.practice") / f"{LANGUAGES[language]}.yaml"
    read = YAML(typ="safe", pure=True).load(path.read_text("utf-8"))
    return read["words"], read["sentences"]
