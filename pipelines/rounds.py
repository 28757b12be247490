"""Components of links in rounds of steps, until nothing changes: no process ever holds the links of all."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from curation.errors import GristmillError
from curation.manifest import Manifest
from curation.shards import FileRecord

__all__ = ["MOST_ROUNDS", "settle"]

logger = logging.getLogger(__name__)

# Alternating stars end after about log² of a component's size (Kiveris et al. 2014); this is far more.
MOST_ROUNDS = 64

# (name of the step, files it reads, how it emits, what it runs) -> what it left.
Step = Callable[[str, Sequence[FileRecord], str, str], Manifest]


def settle(links: Sequence[FileRecord], ranges: int, step: Step) -> Manifest:
    """Stars (larger node, smallest node of its component) in `ranges` files, as pipelines.tasks.stars has them.

    One range of links is a forest after one step. Several are alternated by large and small stars until no range
    changes any more. GristmillError if that takes more than MOST_ROUNDS, which no input should.
    """
    stars = step("stars", links, "links", "contract")
    if ranges == 1:
        return stars
    for number in range(1, MOST_ROUNDS + 1):
        large = step(f"stars-{number:02d}-large", stars.files, "arcs", "large_star")
        stars = step(f"stars-{number:02d}-small", large.files, "edges", "small_star")
        if not large.counts["changed"] + stars.counts["changed"]:
            logger.info("components settled after %d rounds", number)
            return stars
    found = f"{stars.counts['changed']} ranges that still change after {MOST_ROUNDS} rounds"
    raise GristmillError("components", found, "components that settle", "this is a defect; please report it")
