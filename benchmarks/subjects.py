"""What is compared side by side, and with whom: recipes of ours, scripts of peers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks import dedup, rules
from benchmarks.contest import Kept, kept_json_lines

__all__ = ["SUBJECTS", "Subject"]

Entrant = tuple[str, str, str, Kept]


@dataclass(frozen=True)
class Subject:
    """`fast` peers get the whole corpus, `slow` ones its first megabytes; `absent` names others with the reason."""

    title: str
    recipe: str
    fast: Sequence[Entrant] = ()
    slow: Sequence[Entrant] = ()
    absent: Sequence[tuple[str, str]] = ()


_NO_SCRIPT = ("Data-Juicer", "not compared: no script for it yet")
SUBJECTS = {
    "rules": Subject(
        "Rules of Gopher, C4 and FineWeb (Dolma: its own of Gopher and C4 only)",
        rules.RECIPE,
        slow=(*rules.PEERS, ("Dolma taggers", "dolma", "dolma_rules.py", kept_json_lines)),
        absent=(_NO_SCRIPT,),
    ),
    "near": Subject(
        "Near duplicates by MinHash",
        dedup.NEAR,
        fast=dedup.FAST,
        slow=dedup.SLOW,
        absent=(_NO_SCRIPT, ("Dolma", "has no MinHash")),
    ),
    "exact": Subject(
        "Exact duplicates",
        dedup.EXACT,
        fast=dedup.POLARS,
        absent=(_NO_SCRIPT, ("Dolma", "not compared: no script for it yet")),
    ),
}
