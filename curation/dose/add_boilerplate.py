"""What surrounds text on pages, without the text: menus, notices, share buttons, log lines."""

from __future__ import annotations

import random
from typing import ClassVar

from pydantic import Field

from curation.dose.defect import Defect, defect_contract
from curation.operator import Contract

__all__ = ["AddBoilerplate"]

_LINES = (
    "Home | About | Products | Support | Contact",
    "We use cookies to improve your experience. By continuing you accept our cookie policy.",
    "Copyright {year} All rights reserved. Terms of Use - Privacy Policy - Imprint",
    "Share on Facebook Share on Twitter Pin it Email this to a friend",
    "Sign up for our newsletter and never miss an update! Enter your e-mail address below.",
    "Log in Register Forgot your password?",
    "Posted by admin on {day}/{month}/{year} at {hour}:{minute} | {count} comments | Reply",
    "You must be logged in to post a comment.",
    "Previous page 1 2 3 4 5 ... {count} Next page",
    "Click here to read more >>",
    "Related articles: Top {count} tips | Best of {year} | Editor's choice",
    "[{year}-{month}-{day} {hour}:{minute}] INFO worker-{count} finished job {job} in {minute} ms",
    "[{year}-{month}-{day} {hour}:{minute}] WARN retry {count} of connection {job}",
    "Add to cart | In stock: {count} | Free shipping on orders over ${minute}",
    "Skip to main content Skip to footer Toggle navigation Search",
    "JavaScript is disabled in your browser. Please enable it to use this site.",
)


class AddBoilerplate(Defect):
    """Replaces each line by boilerplate of about its length, but keeps it with probability `keep`."""

    contract: ClassVar[Contract] = defect_contract("add_boilerplate", 1)

    keep: float = Field(0.0, ge=0, le=1)

    def damaged(self, text: str, chance: random.Random) -> str:
        return "\n".join(
            line if chance.random() < self.keep else _boilerplate(len(line), chance) for line in text.split("\n")
        )


def _boilerplate(length: int, chance: random.Random) -> str:
    """Whole lines of boilerplate, as many as are needed for the length."""
    lines: list[str] = []
    written = 0
    while written < length:
        numbers = {
            "year": chance.randint(2001, 2024),
            "month": f"{chance.randint(1, 12):02}",
            "day": f"{chance.randint(1, 28):02}",
            "hour": f"{chance.randint(0, 23):02}",
            "minute": f"{chance.randint(0, 59):02}",
            "count": chance.randint(1, 99),
            "job": f"{chance.getrandbits(32):08x}",
        }
        lines.append(chance.choice(_LINES).format(**numbers))
        written += len(lines[-1])
    return "\n".join(lines)
