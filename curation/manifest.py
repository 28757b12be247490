"""Receipts say which unit is finished and from what; the manifest of a stage is written last and means finished.

Neither holds times, hosts or absolute paths: the same recipe and inputs give the same bytes.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from curation.errors import IntegrityError, ResourceError
from curation.files import canonical_json, digest_of, read_json, write_json
from curation.shards import FileRecord

__all__ = ["MANIFEST", "Manifest", "Receipt", "Unit", "dataset_digest", "receipt_path"]

MANIFEST = "manifest.json"


class Unit(BaseModel):
    """One piece of work of a stage. `payload` is plain JSON and, with the fingerprint, all that a worker is told."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    index: int
    fingerprint: str
    payload: dict[str, Any]


class Receipt(BaseModel):
    """Proof that a unit is finished: which fingerprint, which files it left, what it counted."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    index: int
    fingerprint: str
    files: tuple[FileRecord, ...]
    counts: dict[str, int] = {}

    def is_true(self, unit: Unit, root: Path) -> bool:
        """Whether it stands for this very unit, and its files still have their sizes."""
        if self.fingerprint != unit.fingerprint:
            return False
        try:
            for file in self.files:
                file.check(root)
        except IntegrityError:
            return False
        return True

    def numbered(self, index: int) -> Receipt:
        """The same under another number, which the names of the stage's own files hold."""
        files = tuple(
            file.model_copy(update={"path": _renumbered(file.path, self.index, index)})
            if file.path.startswith((f"{self.stage}/", "quarantine/"))
            else file
            for file in self.files
        )
        return self.model_copy(update={"index": index, "files": files})

    def write(self, root: Path) -> None:
        """With a digest of its own, which tells a damaged receipt from a whole one."""
        write_json(receipt_path(root, self.stage, self.index), self._sealed())

    def _sealed(self) -> dict[str, Any]:
        content = self.model_dump(mode="json")
        return {**content, "digest": digest_of(content)}

    @classmethod
    def parse(cls, data: bytes) -> Receipt:
        """From the bytes of its file. Raises ValueError unless each is as it was written."""
        content = json.loads(data)
        if not isinstance(content, dict) or not content.pop("digest", ""):
            raise ValueError("no sealed receipt")
        receipt = cls.model_validate(content)
        if canonical_json(receipt._sealed()).encode() != data:
            raise ValueError("a digest that does not match")
        return receipt

    @classmethod
    def read(cls, root: Path, unit: Unit) -> Receipt | None:
        """The true receipt of a unit, or None."""
        path = receipt_path(root, unit.stage, unit.index)
        try:
            receipt = cls.parse(path.read_bytes())
        except (FileNotFoundError, ValueError):
            return None
        return receipt if receipt.is_true(unit, root) else None


def _renumbered(path: str, old: int, new: int) -> str:
    folder, slash, name = path.rpartition("/")
    return folder + slash + name.replace(f"-{old:05d}", f"-{new:05d}", 1)


def receipt_path(root: Path, stage: str, index: int) -> Path:
    return root / "receipts" / stage / f"{index:05d}.json"


class Manifest(BaseModel):
    """Every file of a finished stage, and its counts added up. `digest` covers all other fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    stage: str
    fingerprint: str
    files: tuple[FileRecord, ...]
    counts: dict[str, int]
    facts: dict[str, Any] = {}
    digest: str = ""

    @classmethod
    def of(
        cls, stage: str, fingerprint: str, receipts: Iterable[Receipt], facts: dict[str, Any] | None = None
    ) -> Manifest:
        ordered = sorted(receipts, key=lambda receipt: receipt.index)
        counts: Counter[str] = Counter()
        for receipt in ordered:
            counts.update(receipt.counts)
        files = tuple(file for receipt in ordered for file in receipt.files)
        bare = cls(stage=stage, fingerprint=fingerprint, files=files, counts=dict(counts), facts=facts or {})
        return bare.sealed()

    def sealed(self) -> Manifest:
        """The same manifest with its digest set."""
        return self.model_copy(update={"digest": digest_of(self.model_dump(mode="json", exclude={"digest"}))})

    def shards(self, prefix: str) -> tuple[FileRecord, ...]:
        """Records of the files whose name (without folders) begins with `prefix`, in order."""
        return tuple(file for file in self.files if file.path.rpartition("/")[2].startswith(prefix))

    def write(self, path: Path) -> None:
        write_json(path, self.model_dump(mode="json"))

    @classmethod
    def read(cls, path: Path) -> Manifest:
        """Raises IntegrityError unless every byte is as it was written."""
        where, todo = f"{path.parent.name}/{path.name}", "run the stage again"
        if not path.is_file():
            raise IntegrityError(where, "no file", "the manifest of a finished stage", todo)
        try:
            manifest = cls.model_validate(read_json(path))
        except (ValueError, ValidationError) as error:
            raise IntegrityError(where, f"{type(error).__name__}", "a manifest", todo) from error
        same = path.read_bytes() == canonical_json(manifest.model_dump(mode="json")).encode()
        if not same or manifest.sealed().digest != manifest.digest:
            raise IntegrityError(where, "a digest that does not match", f"{manifest.digest[:12]}…", todo)
        return manifest


def dataset_digest(run: Path) -> str:
    """What a finished run holds, in one word. ResourceError if there is none."""
    if not (run / "dataset" / MANIFEST).is_file():
        do = "give the directory of a finished run, with all its stages"
        raise ResourceError(f"run {run}", "no finished run", "a run directory with a dataset", do)
    return Manifest.read(run / "dataset" / MANIFEST).digest
