"""A snapshot added to a run gives the same dataset as a build from scratch, and touches only what it must."""

import random

import pytest

from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe
from tests.conftest import document, write_lines

RECIPE = """
name: grown
sources:
  - jsonl: {{name: web, path: "{corpus}", unit_bytes: 9000}}
clean:
  - normalize_unicode
dedup:
  - exact: {{on: normalized}}
  - minhash: {{threshold: 0.7}}
"""


def run(corpus, root):
    return run_recipe(parse_recipe(RECIPE.format(corpus=corpus)), root, Options(quiet=True, workers=1))


@pytest.fixture(scope="module")
def files():
    """Eight files of documents; every fourth document is a copy or near copy of one in another file."""
    lines = [{"text": document(number, sentences=8)} for number in range(160)]
    for number in range(0, 160, 4):
        lines[number] = {
            "text": document((number * 7 + 3) % 160, sentences=8).upper() + (" Extra." if number % 8 else "")
        }
    return {f"part-{number}.jsonl": lines[number * 20 : number * 20 + 20] for number in range(8)}


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_grown_run_equals_a_build_from_scratch(files, tmp_path, digests, seed):
    names = sorted(files)
    first = random.Random(seed).sample(names, 4)
    for name in first:
        write_lines(tmp_path / "corpus" / name, files[name])
    run(tmp_path / "corpus", tmp_path / "grown")
    for name in names:
        if name not in first:
            write_lines(tmp_path / "corpus" / name, files[name])
    run(tmp_path / "corpus", tmp_path / "grown")
    run(tmp_path / "corpus", tmp_path / "fresh")
    assert digests(tmp_path / "grown") == digests(tmp_path / "fresh")


def test_a_snapshot_that_comes_last_leaves_what_was_read_and_cleaned_alone(files, tmp_path):
    names = sorted(files)
    for name in names[:6]:
        write_lines(tmp_path / "corpus" / name, files[name])
    run(tmp_path / "corpus", tmp_path / "run")
    before = {path: path.stat().st_ino for path in (tmp_path / "run/clean").glob("*.arrow")}
    for name in names[6:]:
        write_lines(tmp_path / "corpus" / name, files[name])
    run(tmp_path / "corpus", tmp_path / "run")
    after = {path: path.stat().st_ino for path in (tmp_path / "run/clean").glob("*.arrow")}
    assert {path: after[path] for path in before} == before
    assert len(after) == len(before) + 8  # two files, two units each, shard and scores
