"""Made-up contact data between the sentences of a text. All of it lies in ranges reserved for examples and fiction."""

from __future__ import annotations

import random
import re
from typing import ClassVar

from pydantic import Field

from curation.dose.defect import Defect, defect_contract
from curation.operator import Contract
from curation.personal_data.stand_ins import stand_in

__all__ = ["PlantPersonalData"]

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_SENTENCES = (
    "For questions write to {email} or call {phone}.",
    "Contact: {email}.",
    "The last login came from {ip}.",
    "Please call {phone} during the day.",
    "The account of {email} was used from {ip}.",
)


class PlantPersonalData(Defect):
    """Puts a sentence with an e-mail address, telephone number or IP address behind the first sentence and
    every `every`-th after it."""

    contract: ClassVar[Contract] = defect_contract("plant_personal_data", 1)

    every: int = Field(2, ge=1)

    def damaged(self, text: str, chance: random.Random) -> str:
        pieces = [text[start:end] for start, end in _sentences(text)]
        for number in range(0, len(pieces) if text.strip() else 0, self.every):
            pieces[number] = f"{pieces[number].rstrip()} {_planted(chance)} "
        return "".join(pieces)


def _planted(chance: random.Random) -> str:
    key = chance.randbytes(8)
    found = {
        "email": stand_in("email", "", key),
        "phone": stand_in("phone", "", key),
        "ip": stand_in("ip_address", "", key),
    }
    return chance.choice(_SENTENCES).format(**found)


def _sentences(text: str) -> list[tuple[int, int]]:
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    return list(zip([0, *ends], [*ends, len(text)], strict=True))
