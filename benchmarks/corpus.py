"""A seeded corpus of any size, made from text found on this machine (`benchmarks.stock`).

    prose     documents of 3 to 12 paragraphs; a paragraph is 2 to 5 sentences that follow each other in real
              documentation, so documents are no copies of each other. One in twenty has an address of mail and of a
              machine, one in forty is in a broken encoding, one in ten ends with a line that others end with, too
    rough     paragraphs as they were found: wrapped lines, lists, tables, code
    foreign   sentences of translated programs, one language a document
    exact, near, junk     copies of earlier documents, copies with two words in a hundred changed, random characters

Each record has `text`, `url`, `lang` and `kind`. The same environment, size and seed give the same bytes.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import orjson

from benchmarks.peers import DEFAULT_CACHE
from benchmarks.stock import Stock, stock

__all__ = ["Document", "documents", "make_corpus"]

SHARES = {"exact": 0.08, "near": 0.08, "junk": 0.04, "foreign": 0.10, "rough": 0.10, "prose": 0.60}
_RECENT = 200
_FOOTERS = tuple(f"This page is part {number} of the manual; see its first page for terms." for number in range(20))


class Document(NamedTuple):
    kind: str
    lang: str | None
    text: str


class _Maker:
    """Draws documents; copies are of the last few hundred."""

    def __init__(self, stock: Stock, chance: random.Random) -> None:
        self._stock, self._chance = stock, chance
        self._recent: list[Document] = []
        # A language that the machine has no translations of is not drawn; without any, neither are foreign texts.
        self._kinds = [kind for kind in SHARES if kind != "foreign" or stock.messages]

    def documents(self) -> Iterator[Document]:
        makers: dict[str, Callable[[], Document]] = {
            "exact": self._exact,
            "near": self._near,
            "junk": self._junk,
            "foreign": self._foreign,
            "rough": self._rough,
            "prose": self._prose,
        }
        shares = [SHARES[kind] for kind in self._kinds]
        while True:
            kind = self._chance.choices(self._kinds, shares)[0] if self._recent else "prose"
            document = makers[kind]()
            if kind not in ("exact", "near", "junk"):
                self._recent = [*self._recent[1 - _RECENT :], document]
            yield document

    @cached_property
    def _sentences(self) -> list[str]:
        return [sentence for run in self._stock.prose for sentence in run]

    def _prose(self) -> Document:
        chance = self._chance
        parts = [self._paragraph() for _ in range(chance.randint(3, 12))]
        draw = chance.random()
        if draw < 0.05:
            parts.append(f"Write to help{chance.randrange(9999)}@example.org, or look at 203.0.113.{draw * 5000:.0f}.")
        elif draw < 0.15:
            parts.append(chance.choice(_FOOTERS))
        text = "\n\n".join(parts)
        if draw > 0.975:
            text = text.replace("'", "\u2019").encode().decode("cp1252", "ignore")
        return Document("prose", "en", text)

    def _paragraph(self) -> str:
        start, length = self._chance.randrange(len(self._sentences)), self._chance.randint(2, 5)
        return " ".join(self._sentences[start : start + length])

    def _rough(self) -> Document:
        return Document(
            "rough", None, "\n\n".join(self._chance.choices(self._stock.rough, k=self._chance.randint(2, 12)))
        )

    def _foreign(self) -> Document:
        lang = self._chance.choice(list(self._stock.messages))
        sentences = self._chance.choices(self._stock.messages[lang], k=self._chance.randint(6, 30))
        cuts = range(0, len(sentences), 4)
        return Document("foreign", lang, "\n\n".join(" ".join(sentences[cut : cut + 4]) for cut in cuts))

    def _junk(self) -> Document:
        length = self._chance.randint(10, 600)
        return Document("junk", None, "".join(self._chance.choices("abcdefghijklmnopqrstuvwxyz #{}|\n", k=length)))

    def _exact(self) -> Document:
        return self._chance.choice(self._recent)._replace(kind="exact")

    def _near(self) -> Document:
        document = self._chance.choice(self._recent)
        words = document.text.split(" ")
        for _ in range(max(1, len(words) // 50)):
            words[self._chance.randrange(len(words))] = self._chance.choice(words)
        return document._replace(kind="near", text=" ".join(words))


def documents(stock: Stock, seed: int | str) -> Iterator[Document]:
    """Without end."""
    return _Maker(stock, random.Random(seed)).documents()


def make_corpus(folder: Path, megabytes: int, files: int, seed: int = 1, cache: Path = DEFAULT_CACHE) -> int:
    """Write `files` JSON Lines files of `megabytes` in all; returns the number of documents."""
    folder.mkdir(parents=True, exist_ok=True)
    found, each, count = stock(cache), megabytes * 1_000_000 // files, 0
    for number in range(files):
        written = 0
        with (folder / f"part-{number:04d}.jsonl").open("wb") as file:
            for document in documents(found, f"{seed}/{number}"):
                url = f"https://example.org/{number}/{count}"
                record = {"text": document.text, "url": url, "lang": document.lang, "kind": document.kind}
                written += file.write(orjson.dumps(record) + b"\n")
                count += 1
                if written >= each:
                    break
    return count


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.corpus", description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"{make_corpus(options.folder, options.megabytes, 4, options.seed):,} documents")


if __name__ == "__main__":
    main()
