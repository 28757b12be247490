"""Mojibake: UTF-8 read as Windows-1252, as pages with a wrong or no declaration are."""

from __future__ import annotations

import random
from typing import ClassVar

from pydantic import Field

from curation.dose.defect import Defect, defect_contract
from curation.operator import Contract

__all__ = ["BreakEncoding"]

# Typographic and accented forms of plain characters, so that English text has something to break.
_FORMS = dict(zip("'\"-aeiocn ", "’“–äéîöçñ\u00a0", strict=True)) | {"u": "ü"}


class BreakEncoding(Defect):
    """Gives each character that has a typographic or accented form that form with probability `rate`, then reads the
    text's UTF-8 bytes as Windows-1252."""

    contract: ClassVar[Contract] = defect_contract("break_encoding", 1)

    rate: float = Field(0.15, ge=0, le=1)

    def damaged(self, text: str, chance: random.Random) -> str:
        pieces = [_FORMS[each] if each in _FORMS and chance.random() < self.rate else each for each in text]
        return "".join(pieces).encode().decode("cp1252", "replace")
