"""A study run once: a made-up corpus with duplicates, a model of a few thousand parameters, seconds in all."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from pipelines.ablation.ablate import ablate
from pipelines.ablation.study_file import load_study
from pipelines.runner import Options
from tests.conftest import write_lines

RECIPE = """
name: stories
sources:
  - jsonl: {{name: web, path: "{corpus}/web.jsonl"}}
  - jsonl: {{name: books, path: "{corpus}/books.jsonl"}}
rules:
  - {{reason: empty_text, attribute: text.characters, min: 1}}
  - {{reason: too_short, attribute: text.characters, min: 60}}
dedup:
  - exact: {{on: normalized}}
"""

STUDY = """
name: small
question: Do duplicates hurt?
recipe: stories.yaml
factors:
  short: [rules.too_short]
  dedup: [dedup]
design: [leave_one_out]
controls: ["null", random_removal, matched_removal]
doses:
  - {defect: garbled, shares: [0.5]}
  - {defect: exact_duplicates, shares: [0.25], copies: [4]}
  - {defect: leak, shares: [0.1]}
canaries: {copies: [0, 1, 8], each: 1, references: 7}
budget: {tokens: 2560}
held_out: {share: 0.2, ood: [books], max_tokens: 2000}
learner:
  size: tiny
  changes: {layers: 1, width: 16, heads: 2, kv_heads: 1, head_width: 8, hidden: 32}
  vocabulary: 300
  context: 32
  batch: 8
  curve: 2
lrs: [0.01, 0.003]
seeds: 1
measures: {samples: 4, sample_tokens: 8, prompt_tokens: 4, extraction: 2, probes: 2}
"""

_LISTED = "the mill grinds golden wheat and dark rye for every baker who lives down by a quiet river in our valley"
WORDS = _LISTED.split()


def story(number: int, words: int = 40) -> str:
    chance = random.Random(number)
    return " ".join(chance.choice(WORDS) for _ in range(words)).capitalize() + "."


@pytest.fixture(scope="session")
def study_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study file beside its recipe and corpus: 120 stories, every sixth a copy, every tenth very short."""
    folder = tmp_path_factory.mktemp("study")
    texts = [story(number - 3 if number % 6 == 5 else number, 6 if number % 10 == 0 else 40) for number in range(120)]
    write_lines(folder / "web.jsonl", [{"text": text} for text in texts])
    write_lines(folder / "books.jsonl", [{"text": story(1000 + number)} for number in range(10)])
    (folder / "stories.yaml").write_text(RECIPE.format(corpus=folder))
    (folder / "small.yaml").write_text(STUDY)
    return folder / "small.yaml"


@pytest.fixture(scope="session")
def finished_study(study_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tests must not change it."""
    root = tmp_path_factory.mktemp("finished")
    study, recipe = load_study(study_path)
    ablate(root, study, recipe, Options(workers=1, quiet=True), "cpu")
    return root
