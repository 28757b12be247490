"""Shares of records that may be lost: held while a stage works, as soon as it is certain that one is passed.

What a share is of must be known for that: documents are, once they are collected. So quarantine is looked at when
`collect` ends, and rules already while `clean` works: its scores are decided here as its units end. What is lost only
grows, so a run that stops early would have stopped anyway, and it says so in the same words.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from curation.decisions import DROPPED, QUARANTINED, decide_batch
from curation.errors import LimitError
from curation.forgotten import FORGOTTEN
from curation.manifest import Manifest, Receipt
from curation.recipe import Recipe
from curation.shards import read_shard
from pipelines.stage import Stage
from pipelines.tasks.decide import Tally, gates_before_rules

__all__ = ["Shares"]


class Shares:
    """The shares of a recipe, and what was collected once that is known."""

    def __init__(self, recipe: Recipe) -> None:
        self._recipe, self._limits = recipe, recipe.limits
        self._records = self._documents = self._unreadable = 0

    def collected(self, manifest: Manifest) -> Manifest:
        """The manifest of `collect`, if enough of it could be read."""
        self._documents = manifest.counts.get("documents", 0)
        self._unreadable = manifest.counts.get(QUARANTINED, 0)
        self._records = self._documents + self._unreadable
        self._quarantined(self._unreadable, "quarantine/collect")
        return manifest

    def cleaning(self, stage: Stage) -> Stage:
        """The clean stage, watched while it works."""
        return dataclasses.replace(stage, alarm=_Alarm(self, self._recipe).look)

    def decided(self, manifest: Manifest) -> Manifest:
        self.look(manifest.counts)
        return manifest

    def split(self, manifest: Manifest) -> Manifest:
        """The manifest of `split`, which knows what groupings removed as well."""
        counts = {name.removeprefix("reason."): count for name, count in manifest.counts.items()}
        groups = {name: n for name, n in counts.items() if name.startswith(("duplicate.", "emptied."))}
        taken_out = manifest.counts.get(f"reason.{FORGOTTEN}", 0)
        self._dropped({**groups, DROPPED: manifest.counts.get(DROPPED, 0) - taken_out})
        return manifest

    def look(self, counts: Mapping[str, int]) -> None:
        """`counts` as a Tally gives them."""
        self._quarantined(self._unreadable + counts.get(QUARANTINED, 0), "quarantine/clean")
        failed = {name.removeprefix("rule."): n for name, n in counts.items() if name.startswith("rule.")}
        self._dropped({**failed, DROPPED: counts.get(DROPPED, 0) - counts.get(FORGOTTEN, 0)})

    def _quarantined(self, count: int, folder: str) -> None:
        share = self._limits.max_quarantined_share
        do = f"look at {folder}* in the run, or raise limits.max_quarantined_share"
        _hold(count, self._records, share, "records quarantined", do)

    def _dropped(self, counts: Mapping[str, int]) -> None:
        """`counts` by reason, and in all under `dropped`."""
        for reason, share in sorted(self._limits.max_dropped_share_by.items()):
            do = f"look at {reason} with `gristmill what-if`, or raise limits.max_dropped_share_by.{reason}"
            _hold(counts.get(reason, 0), self._documents, share, f"documents dropped as {reason}", do)
        do = "look at scores and rules in clean/ and decide/, or raise limits.max_dropped_share"
        _hold(counts[DROPPED], self._documents, self._limits.max_dropped_share, "documents dropped", do)


def _hold(count: int, whole: int, share: float | None, what: str, do: str) -> None:
    """The message does not say how many there are: that depends on how far the run was when it was certain."""
    if share is not None and count > share * whole:
        most = int(share * whole)
        raise LimitError("limits", f"more than {most:,} of {whole:,} {what}", f"at most {share:.1%}", do)


class _Alarm:
    """Decides the scores of each unit of `clean` as it ends, and adds up."""

    def __init__(self, shares: Shares, recipe: Recipe) -> None:
        self._shares, self._rules = shares, recipe.all_rules()
        self._gates = gates_before_rules(recipe.clean, recipe.rules)
        self._counts: Counter[str] = Counter()
        limits = recipe.limits
        self._wants_rules = limits.max_dropped_share is not None or bool(limits.max_dropped_share_by)

    def look(self, root: Path, receipt: Receipt) -> None:
        """Raises LimitError when a share is passed, whatever the units to come may hold."""
        self._counts.update(self._of_rules(root, receipt) if self._wants_rules else receipt.counts)
        self._shares.look(self._counts)

    def _of_rules(self, root: Path, receipt: Receipt) -> dict[str, int]:
        tally = Tally(self._rules)
        for file in receipt.files:
            if file.path.rpartition("/")[2].startswith("scores-"):
                for scores in read_shard(root, file):
                    tally.add(scores, *decide_batch(scores, self._rules, self._gates))
        return tally.counts()
