"""A small corpus, plain and packed, and a recipe that goes through every stage."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

from tests.conftest import document, records, write_lines
from tests.faults.harness import Ground, Harness

__all__ = ["prepared"]

RECIPE = """
name: faults
sources:
  - jsonl: {{name: web, path: "{corpus}/*.jsonl*"}}
clean:
  - normalize_unicode
  - clean_lines
rules:
  - {{reason: too_short, attribute: text.characters, min: 50}}
dedup:
  - exact: {{on: normalized}}
  - minhash: {{threshold: 0.8}}
  - substring: {{}}
augment:
  - word_noise: {{share: 0.2}}
dataset:
  splits: {{train: 0.8, test: 0.2}}
  shard_bytes: 20000
  shuffle: mill
mixture:
  weights: {{web: 1}}
"""
TOKENS = "tokens: {{tokenizer: {folder}}}\n"


def prepared(folder: Path, digests: Callable[[Path], dict[str, str]]) -> Ground:
    """Everything that may fail lies under one folder of it."""
    under, lines = folder / "under", list(records(60))
    near = [{"text": document(number) + "\nOne line more at the end of it."} for number in range(0, 20, 5)]
    path = write_lines(under / "corpus/a.jsonl", lines[:30])
    packed = gzip.compress(write_lines(folder / "b", lines[30:] + near).read_bytes(), mtime=0)
    (path.parent / "b.jsonl.gz").write_bytes(packed)
    recipe = folder / "faults.yaml"
    recipe.write_text(RECIPE.format(corpus=path.parent))
    harness = Harness(folder, recipe, under)
    harness.warm(folder / "warm")
    _with_tokens(harness, folder)
    return Ground(harness, under / "run", digests).measure()


def _with_tokens(harness: Harness, folder: Path) -> None:
    from pipelines.fit_tokenizer import train_tokenizer

    train_tokenizer(folder / "warm/dataset", folder / "tokenizer", 400, 1 << 20)
    with harness.recipe.open("a") as file:
        file.write(TOKENS.format(folder=folder / "tokenizer"))
    harness.warm(folder / "warm")
