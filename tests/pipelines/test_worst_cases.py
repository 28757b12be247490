"""What could explode does not: copies of one page, and pages of one template, cost ten times as much ten times over."""

import json
import random

import pytest

from curation.manifest import Manifest
from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe
from tests.conftest import WORDS, write_lines

RECIPE = """
name: worst
sources:
  - jsonl: {{name: web, path: "{corpus}"}}
dedup:
  - minhash: {{threshold: 0.8}}
"""
FEW, MANY = 2_000, 20_000


def copies(count):
    page = " ".join(random.Random(1).choices(WORDS, k=200))
    return [page] * count


def template(count):
    """Two hundred words, every twentieth of them a value of the page's own."""
    chance = random.Random(1)
    page = [f"{word}{number}" for number, word in enumerate(chance.choices(WORDS, k=200))]
    for number in range(count):
        for place in range(0, 200, 20):
            page[place] = f"value{number}x{place}"
        yield " ".join(page)


def compared(folder, texts):
    """Pairs that were compared, documents that were kept, and the largest file of the run."""
    write_lines(folder / "corpus" / "pages.jsonl", [{"text": text} for text in texts])
    run_recipe(parse_recipe(RECIPE.format(corpus=folder / "corpus")), folder / "run", Options(quiet=True, workers=1))
    steps = [Manifest.read(folder / "run/dedup/minhash" / name / "manifest.json") for name in ("edges", "edges-again")]
    kept = json.loads((folder / "run/dataset/manifest.json").read_text())["facts"]["kept"]
    largest = max(path.stat().st_size for path in (folder / "run").rglob("*.npy"))
    return sum(step.counts["pairs"] for step in steps), kept, largest


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("pages", "left"), [(copies, lambda count: 1), (template, lambda count: count)])
def test_ten_times_the_pages_are_at_most_eleven_times_the_work(tmp_path, pages, left):
    few, many = (compared(tmp_path / str(count), pages(count)) for count in (FEW, MANY))
    assert (few[1], many[1]) == (left(FEW), left(MANY))
    assert many[0] <= 11 * few[0]
    assert many[2] <= 11 * few[2]
    assert many[0] <= 22 * 16 * MANY  # never all pairs
