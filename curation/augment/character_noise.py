"""Typing mistakes: characters swapped, left out, doubled or replaced by a neighbour on the keyboard.

The four kinds are those of Belinkov and Bisk 2018 ("Synthetic and natural noise both break neural machine translation")
and Pruthi et al. 2019.
"""

from __future__ import annotations

import random
from typing import ClassVar, Self

from pydantic import Field, model_validator

from curation.augment.expansion import Copying
from curation.augment.keyboards import Layout, neighbours
from curation.operator import Contract

__all__ = ["CharacterNoise"]

_KINDS = ("swap", "drop", "insert", "neighbour")


class CharacterNoise(Copying):
    """Typing mistakes by the layout of a keyboard, in copies of a document.

    Copies of a document with typing mistakes in a share `rate` of its letters and digits.

    The weights say how often a mistake is of a kind: `swap` with the letter behind it, `drop`, `insert` a key beside
    it (or the letter again, where the layout has no such key), `neighbour`: the key beside it instead. Keys are those
    of `layout`; letters that are not on it are only swapped, dropped or doubled. White space and marks stay.
    """

    contract: ClassVar[Contract] = Contract("character_noise", 1, "expand", reads=("id", "source", "text"))

    rate: float = Field(0.02, ge=0, le=1)
    layout: Layout = "qwerty"
    swap: float = Field(1.0, ge=0)
    drop: float = Field(1.0, ge=0)
    insert: float = Field(1.0, ge=0)
    neighbour: float = Field(1.0, ge=0)

    @model_validator(mode="after")
    def _some_kind(self) -> Self:
        if not any(self._weights()):
            raise ValueError("all four weights are 0: give one of swap, drop, insert, neighbour more")
        return self

    def vary(self, text: str, chance: random.Random) -> str:
        keys, weights = neighbours(self.layout), self._weights()
        characters = list(text)
        for place, character in enumerate(characters):
            if not character.isalnum() or chance.random() >= self.rate:
                continue
            (kind,) = chance.choices(_KINDS, weights)
            near = keys.get(character, "")
            if kind == "drop":
                characters[place] = ""
            elif kind == "swap":
                _swap(characters, place)
            elif kind == "insert":
                characters[place] = character + (chance.choice(near) if near else character)
            elif near:
                characters[place] = chance.choice(near)
        return "".join(characters)

    def _weights(self) -> list[float]:
        return [self.swap, self.drop, self.insert, self.neighbour]


def _swap(characters: list[str], place: int) -> None:
    """With the next character, if that is a letter or digit."""
    if place + 1 < len(characters) and characters[place + 1].isalnum():
        characters[place], characters[place + 1] = characters[place + 1], characters[place]
