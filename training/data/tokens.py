"""Token shards as the tokenise stage leaves them, mapped without a copy and refused when they are not what they say.

    tokens/manifest.json                              facts: tokenizer, dtype, splits, dataset
    tokens/tokenizer/tokenizer.json …                 a transformers tokenizer folder
    tokens/<split>/tokens-00000-of-00004.arrow        one record batch: id, bytes, tokens

The child buffer of the `tokens` column is the flat array of a shard, its offsets are the document boundaries, and every
document ends in `eos_id`. A split reads as one long stream: its shards one after the other.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, ValidationError

from curation.errors import IntegrityError, RecipeError, nearest
from curation.files import checksum, digest_of
from curation.manifest import MANIFEST, Manifest
from training.data.shard import AGAIN, Place, TokenShard, open_shard

__all__ = ["Phase", "TokenFacts", "TokenSplit", "TokenizerFacts", "locate", "open_split", "tokens_folder"]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class TokenizerFacts(_Facts):
    """Which tokenizer made the tokens; `sha256` is that of its tokenizer.json."""

    name: str
    sha256: str
    vocab_size: int
    eos_id: int


class SplitFacts(_Facts):
    documents: int
    tokens: int
    bytes: int


class TokenFacts(_Facts):
    """What the manifest of the tokenise stage promises."""

    tokenizer: TokenizerFacts
    dtype: str
    splits: dict[str, SplitFacts]
    dataset: str


@dataclass(frozen=True)
class Phase:
    """A part of what is read, of so many tokens; phases come one after the other."""

    name: str
    tokens: int


class TokenSplit:
    """A split as one stream of tokens, positions counted through all its shards."""

    def __init__(self, root: Path, name: str, facts: TokenFacts, digest: str, shards: list[TokenShard]) -> None:
        self.root, self.name, self.facts, self.shards = root, name, facts, shards
        self.starts = np.cumsum([0, *(len(shard.tokens) for shard in shards)], dtype=np.int64)
        self._starts: list[int] = self.starts.tolist()
        self.fingerprint = digest_of({"manifest": digest, "split": name})
        self.phases: tuple[Phase, ...] = (Phase("all", self._starts[-1]),)

    @property
    def max_epochs(self) -> float | None:
        """How often the split may be read; None where nothing forbids it."""
        return None

    @property
    def tokenizer(self) -> TokenizerFacts:
        return self.facts.tokenizer

    @property
    def tokenizer_folder(self) -> Path:
        return self.root / "tokenizer"

    @property
    def tokens(self) -> int:
        return int(self.starts[-1])

    @property
    def bytes(self) -> int:
        """UTF-8 bytes of the text behind the tokens."""
        return self.facts.splits[self.name].bytes

    @property
    def documents(self) -> int:
        return sum(len(shard.bytes) for shard in self.shards)

    @cached_property
    def document_ends(self) -> npt.NDArray[np.int64]:
        """Position in the stream where each document ends, int64 [documents]."""
        ends = [shard.offsets[1:] + start for shard, start in zip(self.shards, self.starts, strict=False)]
        return np.concatenate(ends) if ends else np.zeros(0, np.int64)

    @cached_property
    def document_bytes(self) -> npt.NDArray[np.int64]:
        return np.concatenate([shard.bytes for shard in self.shards]) if self.shards else np.zeros(0, np.int64)

    def read(self, starts: npt.NDArray[np.int64], length: int) -> npt.NDArray[np.int64]:
        """Stretches of the stream, int64 [len(starts), length]. The only copy on the way to the device."""
        rows = np.empty((len(starts), length), np.int64)
        for row, start in zip(rows, starts.tolist(), strict=True):
            self._fill(row, start)
        self._check_vocabulary(rows)
        return rows

    def documents_in_order(self) -> Iterator[tuple[str, npt.NDArray[Any]]]:
        """Id and tokens of every document as often as it is to be read, in that order; tokens are mapped."""
        for shard in self.shards:
            for row in range(len(shard.bytes)):
                yield shard.document(row)

    def document_at(self, position: int) -> tuple[str, int, int]:
        """(id, first position, end position) of the document that a position belongs to."""
        home = int(np.searchsorted(self.starts, position, side="right")) - 1
        before = int(self.starts[home])
        place = self.shards[home].document_at(position - before)
        return place.id, before + place.start, before + place.end

    def find(self, id: str) -> Place | None:
        """Where a document's tokens lie, or None if it has none in this split."""
        places = (shard.find(id) for shard in self.shards)
        return next((place for place in places if place is not None), None)

    def stretches_of(self, id: str) -> list[tuple[int, int]]:
        """[start, end) in the stream wherever it holds a document."""
        found = []
        for shard, start in zip(self.shards, self._starts, strict=False):
            if (place := shard.find(id)) is not None:
                found.append((start + place.start, start + place.end))
        return found

    def _fill(self, row: npt.NDArray[np.int64], start: int) -> None:
        """Copy the stretch of the split that begins at `start`."""
        home = bisect_right(self._starts, start) - 1
        local = start - self._starts[home]
        piece = self.shards[home].tokens[local : local + len(row)]
        row[: len(piece)] = piece
        filled, home = len(piece), home + 1
        while filled < len(row):
            piece = self.shards[home].tokens[: len(row) - filled]
            row[filled : filled + len(piece)] = piece
            filled, home = filled + len(piece), home + 1

    def _check_vocabulary(self, rows: npt.NDArray[np.int64]) -> None:
        # A token beyond the vocabulary ends in an unreadable device-side assertion; this costs microseconds.
        if rows.size and (largest := int(rows.max())) >= self.tokenizer.vocab_size:
            expected = f"tokens below the vocabulary size {self.tokenizer.vocab_size}"
            raise IntegrityError(f"{self.name} tokens", f"token {largest}", expected, AGAIN)


def tokens_folder(path: Path) -> Path:
    """The tokens folder of a run directory, a dataset folder, or itself."""
    for folder in (path / "dataset" / "tokens", path / "tokens", path):
        if (folder / MANIFEST).is_file() and folder.name == "tokens":
            return folder
    if (path / MANIFEST).is_file():
        return path
    expected = f"a dataset with tokens/{MANIFEST}"
    raise IntegrityError(str(path), "no token shards", expected, "run a recipe with a `tokens` part first")


def locate(
    path: Path, split: str, *, shard: int | None = None, position: int | None = None, id: str | None = None
) -> Place:
    """The document that holds a token, or the tokens of a document. `position` counts in the shard, if one is given,
    and otherwise in the split.
    """
    opened = open_split(path, split)
    if id is not None:
        place = opened.find(id)
        if place is None:
            raise RecipeError("--id", f"no document `{id}` in split {split}", "a document with tokens", "see `explain`")
        return place
    home, local = shard, position or 0
    if home is None:
        if not 0 <= local < opened.starts[-1]:
            raise RecipeError("--position", "beyond the split", f"0 to {opened.starts[-1] - 1:,}", "give one inside")
        home = max(0, bisect_right(opened.starts.tolist(), local) - 1)
        local -= int(opened.starts[home])
    if home >= len(opened.shards):
        raise RecipeError("--shard", "beyond the split", f"0 to {len(opened.shards) - 1}", "give one inside")
    return opened.shards[home].document_at(local)


def open_split(path: Path, split: str, *, sums: bool = False) -> TokenSplit:
    """Map a split. Raises IntegrityError unless every file is there, of its size and with what the manifest counts.

    `sums` reads all bytes once and compares checksums too.
    """
    root = tokens_folder(path)
    manifest = Manifest.read(root / MANIFEST)
    facts = _facts(root, manifest)
    if split not in facts.splits:
        where, expected = f"{root.name}/{MANIFEST}", "a split of the dataset"
        raise RecipeError(where, f"no split `{split}`", expected, nearest(split, facts.splits))
    records = [record for record in manifest.files if record.path.startswith(f"{split}/tokens-")]
    shards = [open_shard(root, record, facts.dtype, sums) for record in records]
    found = TokenSplit(root, split, facts, manifest.digest, shards)
    _check_counts(found, facts.splits[split])
    _check_tokenizer(root, facts.tokenizer)
    return found


def _facts(root: Path, manifest: Manifest) -> TokenFacts:
    where = f"{root.name}/{MANIFEST}"
    if manifest.stage != "tokens":
        raise IntegrityError(
            where, f"stage `{manifest.stage}`", "stage `tokens`", "give the tokens folder of a dataset"
        )
    try:
        return TokenFacts.model_validate(manifest.facts)
    except ValidationError as error:
        field = ".".join(map(str, error.errors()[0]["loc"]))
        raise IntegrityError(where, f"facts without a valid `{field}`", "facts of token shards", AGAIN) from None


def _check_counts(split: TokenSplit, promised: SplitFacts) -> None:
    found = (split.documents, split.tokens, int(split.document_bytes.sum()))
    if found != (promised.documents, promised.tokens, promised.bytes):
        shown = "{} documents, {} tokens, {} bytes"
        expected = shown.format(promised.documents, promised.tokens, promised.bytes)
        raise IntegrityError(f"split `{split.name}`", shown.format(*found), expected, AGAIN)


def _check_tokenizer(root: Path, tokenizer: TokenizerFacts) -> None:
    path = root / "tokenizer" / "tokenizer.json"
    found = checksum(path) if path.is_file() else "none"
    if found != tokenizer.sha256:
        where, expected = "tokens/tokenizer/tokenizer.json", f"sha256 {tokenizer.sha256[:12]}…"
        raise IntegrityError(
            where, f"sha256 {found[:12]}…", expected, "restore the tokenizer the tokens were made with"
        )
