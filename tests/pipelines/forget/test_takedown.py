"""A document that was forgotten is nowhere in the run, everything else is as it was, and it does not come back."""

import json
import shutil
from pathlib import Path

import pytest

from curation.errors import ResourceError
from curation.files import read_json
from curation.manifest import Manifest
from curation.recipe_file import load_recipe, parse_recipe
from curation.shards import read_shard
from data_cards.facts import CardFacts
from pipelines.forget.request import Request
from pipelines.forget.takedown import plan_takedown
from pipelines.runner import Options, run_recipe
from pipelines.verify import verify_path
from tests.conftest import document, sentence, write_lines

RECIPE = """
name: forgetful
sources:
  - jsonl: {{name: web, path: "{corpus}", unit_bytes: 25000}}
clean: [normalize_unicode, clean_lines, language]
rules:
  - {{reason: too_short, attribute: text.characters, min: 50}}
dedup:
  - exact: {{on: normalized}}
  - minhash: {{threshold: 0.8}}
  - lines: {{unit: line, min_characters: 20}}
augment:
  - word_noise: {{drop: 0.2, min_words: 5}}
  - chunks: {{size: 20, overlap: 0}}
augmentation: {{splits: [train, test], max_share: 0.45}}
dataset: {{splits: {{train: 0.8, test: 0.2}}, shard_bytes: 9000}}
"""
SECRET = "Ottoline Grimshaw keeps her spare key below the third flowerpot beside the mill door."


def texts():
    for number in range(90):
        text = document(number, 9)
        if number == 40:
            text = f"{document(40, 8)}\n{SECRET}"
        if number == 44:  # a copy in other letters
            text = f"{document(40, 8)}\n{SECRET}".upper()
        if number == 61:  # a near copy
            text = f"{document(40, 8)}\n{SECRET}\n{sentence(99)}"
        yield {"text": text, "url": f"https://example.org/{number}", "author": f"author {number}"}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("forgetful")
    lines = list(texts())
    write_lines(folder / "a.jsonl", lines[:50])
    path = write_lines(folder / "b.jsonl", lines[50:])
    with path.open("ab") as file:
        file.write(b'{"text": "Grimshaw, whose line is broken\n')
    return folder


@pytest.fixture(scope="module")
def finished(corpus, tmp_path_factory):
    root = tmp_path_factory.mktemp("run") / "run"
    run_recipe(parse_recipe(RECIPE.format(corpus=corpus)), root, Options(workers=1, quiet=True))
    return root


@pytest.fixture
def run(finished, tmp_path):
    return shutil.copytree(finished, tmp_path / "run")


@pytest.fixture(scope="module")
def forgotten(finished, tmp_path_factory):
    """A run that was made to forget one document, the takedown and its certificate. Tests must not change it."""
    run = shutil.copytree(finished, tmp_path_factory.mktemp("forgotten") / "run")
    takedown = plan_takedown(run, Request(ids=(id_of(run, 40),)))
    return run, takedown, takedown.carry_out()


def rows(run, stage="ledger"):
    files = Manifest.read(run / stage / "manifest.json").files
    return [row for file in files for batch in read_shard(run, file) for row in batch.to_pylist()]


def id_of(run, number):
    return next(row["id"] for row in rows(run) if row["url"] == f"https://example.org/{number}")


def holding(root: Path, *needles: bytes) -> list[str]:
    """Files with one of the strings in their bytes, whatever the case."""
    found = []
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        data = path.read_bytes().lower()
        found += [path.relative_to(root).as_posix() for needle in needles if needle.lower() in data]
    return found


_WORDS = ("Grimshaw", "flowerpot", sentence(4001), sentence(4002), "author 40", "example.org/44")
TRACES = [word.encode() for word in _WORDS]


def test_no_file_of_the_run_holds_it_and_everything_else_is_as_it_was(run, digests):
    before = digests(run)
    wanted = id_of(run, 40)
    assert len(holding(run, *TRACES)) > 10
    made = plan_takedown(run, Request(ids=(wanted,), matches=("Grimshaw",))).carry_out()
    assert holding(run, *TRACES) == []
    verify_path(run)
    certificate = read_json(made)
    after = digests(run)
    changed = {each["path"] for each in certificate["changed"]}
    data = {name for name in before if name.endswith((".arrow", ".npy")) and not name.startswith("ledger/")}
    assert {name for name in data if before[name] != after.get(name)} == {name for name in changed if name in data}
    kept = {name for name in data if name.startswith("dataset/") and before[name] == after[name]}
    assert len(kept) > 3
    assert (run / "dataset/forgotten/certificate-0001.json").read_bytes() == made.read_bytes()


def test_copies_and_children_go_with_it(finished, forgotten):
    before, (run, takedown, _) = rows(finished), forgotten
    cluster = {row["id"] for row in before if row["url"] in {f"https://example.org/{n}" for n in (40, 44, 61)}}
    family = cluster | {row["id"] for row in before if row["parent_id"] in cluster}
    assert set(takedown.journal.documents) == family
    assert len(family) > 5
    gone = [row for row in rows(run) if row["id"] in family]
    left = {tuple(row[name] for name in ("state", "reason", "shard", "key", "url")) for row in gone}
    assert left == {("dropped", "forgotten", None, "", None)}
    facts = CardFacts.model_validate(Manifest.read(run / "dataset/manifest.json").facts)
    assert facts.reasons["forgotten"] == 3
    assert facts.takedowns[0].documents == len(family)


def test_doing_it_twice_changes_nothing(finished, forgotten, digests):
    run = forgotten[0]
    before = digests(run)
    again = plan_takedown(run, Request(ids=(id_of(finished, 40),)))
    assert again.journal is None
    assert again.carry_out() is None
    assert digests(run) == before


def test_the_same_recipe_finds_nothing_to_do_afterwards(forgotten, digests):
    run = forgotten[0]
    recipe = load_recipe(run / "recipe.resolved.yaml")
    before = digests(run)
    assert run_recipe(recipe, run, Options(workers=1, quiet=True)).worked == ()
    assert digests(run) == before


@pytest.mark.parametrize("lost", ["collect", "everything"])
def test_it_does_not_come_back_when_its_source_is_read_again(run, lost):
    recipe = load_recipe(run / "recipe.resolved.yaml")
    gone = plan_takedown(run, Request(ids=(id_of(run, 40),), matches=("Grimshaw",)))
    gone.carry_out()
    lost = [run / "collect", run / "receipts/collect"] if lost == "collect" else [*run.iterdir()]
    for path in set(lost) - {run / "forgotten"}:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    run_recipe(recipe, run, Options(workers=1, quiet=True))
    assert holding(run, *TRACES) == []
    verify_path(run)
    assert not {row["id"] for row in rows(run) if row["state"] == "kept"} & set(gone.journal.documents)


def test_an_unknown_document_is_an_error(finished, forgotten):
    with pytest.raises(ResourceError, match="no document `https://nowhere"):
        plan_takedown(forgotten[0], Request(urls=("https://nowhere.example/",)))
    with pytest.raises(ResourceError, match="no document"):
        plan_takedown(finished, Request(ids=("0" * 32,)))
    with pytest.raises(ResourceError, match="no document"):
        plan_takedown(finished, Request(urls=("https://nowhere.example/",)))


def test_a_plan_changes_nothing(finished, digests):
    before = digests(finished)
    plan_takedown(finished, Request(urls=("https://example.org/4*",)))
    assert digests(finished) == before


def test_the_certificate_holds_sums_and_no_ids(finished, forgotten):
    text = forgotten[2].read_text()
    assert id_of(finished, 40) not in text
    assert "example.org" not in text
    assert json.loads(text)["counts"]["documents"] > 5
