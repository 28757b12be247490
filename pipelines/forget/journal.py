"""What is under way, so that a killed takedown is finished by the next one, and the certificate it ends with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from curation.errors import IntegrityError, ResourceError
from curation.files import read_json, write_json
from curation.forgotten import FOLDER, ForgottenList, sum_of

__all__ = ["Journal", "Place", "finish_first"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Place(_Model):
    """Where a document lay in the dataset, and the bytes of its text there."""

    split: str
    shard: int
    row: int
    bytes: int


class Journal(_Model):
    """Everything a takedown needs once it has begun. It lies in `forgotten/pending.json` of the run, or of a dataset
    folder alone, and goes when all is done. It holds ids and keys, no text.

    `documents`: id to why it goes. `read`, `made`: (part, row) in the stages of documents that were read and made.
    `keys`: (source, key, sha256 of the first bytes or None) of rows in quarantine. `answers`: answers of models kept by
    key. `before`: path to sha256. `layout`: token shard to (row, tokens) of what is taken out of it, and
    `times`: how often each phase of a mixture takes those rows.
    """

    number: int
    on: str
    requested: dict[str, int]
    documents: dict[str, str]
    places: dict[str, Place]
    read: tuple[tuple[int, int], ...] = ()
    made: tuple[tuple[int, int], ...] = ()
    kept_out: ForgottenList = ForgottenList()
    keys: tuple[tuple[str, str, str | None], ...] = ()
    answers: tuple[str, ...] = ()
    collected: str = ""
    before: dict[str, str] = {}
    dataset: dict[str, Any] = {}
    tokens: dict[str, Any] | None = None
    layout: dict[str, list[tuple[int, int]]] = {}
    times: dict[str, dict[str, list[int]]] = {}
    training: tuple[dict[str, Any], ...] = ()
    report: bool = False

    @staticmethod
    def path(root: Path) -> Path:
        return root / FOLDER / "pending.json"

    @classmethod
    def read_from(cls, root: Path) -> Journal | None:
        if not cls.path(root).is_file():
            return None
        try:
            return cls.model_validate(read_json(cls.path(root)))
        except (ValueError, ValidationError):
            where, do = f"{FOLDER}/pending.json", "run the recipe again in a new directory"
            raise IntegrityError(where, "a journal that cannot be read", "that of a takedown under way", do) from None

    def write(self, root: Path) -> None:
        write_json(self.path(root), self.model_dump(mode="json"))

    def certificate(self, after: dict[str, str], gristmill: str) -> dict[str, Any]:
        """What the dataset keeps: sums of ids, never text; every file that changed, before and after."""
        changed = [
            {"path": path, "before": self.before.get(path), "after": after.get(path)}
            for path in sorted({*self.before, *after})
            if self.before.get(path) != after.get(path)
        ]
        same = [[path, found] for path, found in sorted(after.items()) if self.before.get(path) == found]
        documents = [
            {"sha256": sum_of(each.encode()), "because": because, "published": each in self.places}
            for each, because in self.documents.items()
        ]
        return {
            "certificate": self.number,
            "gristmill": gristmill,
            "on": self.on,
            "requested": self.requested,
            "documents": sorted(documents, key=lambda each: each["sha256"]),
            "counts": {
                "documents": len(self.documents),
                "published": len(self.places),
                "bytes": sum(place.bytes for place in self.places.values()),
                "tokens": sum(tokens for rows in self.layout.values() for _, tokens in rows),
                "records_in_quarantine": len(self.kept_out.heads),
            },
            "before": {
                "dataset": self.dataset["digest"],
                "tokens": (self.tokens or {}).get("digest"),
                "splits": (self.tokens or {"facts": {}})["facts"].get("splits", {}),
            },
            "changed": changed,
            "unchanged": {"files": len(same), "sha256": sum_of(repr(same).encode())},
            "tokens_taken_out": self.layout,
            "mixture_taken_out": self.times,
            "training": list(self.training),
        }


def finish_first(root: Path) -> None:
    """Raise ResourceError where a takedown was interrupted."""
    if Journal.path(root).is_file():
        do = f"finish it with `gristmill forget {root} --resume`"
        raise ResourceError(str(root), "a takedown that was interrupted", "one that is finished", do)
