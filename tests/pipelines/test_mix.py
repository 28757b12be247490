"""A mixture in a recipe: what is taken, what is left out with its reason, and what a trainer reads of it."""

from collections import Counter

import numpy as np
import pytest
from typer.testing import CliRunner

from curation.errors import RecipeError
from curation.manifest import Manifest
from curation.recipe_file import dump_recipe, parse_recipe
from curation.shards import read_shard
from pipelines.cli import app
from pipelines.fit_tokenizer import fit_tokenizer
from pipelines.runner import Options, run_recipe
from pipelines.verify import verify_path
from tests.conftest import document, write_lines

RECIPE = """
name: mixed
sources:
  - jsonl: {{name: web, path: "{corpus}/web.jsonl"}}
  - jsonl: {{name: books, path: "{corpus}/books.jsonl"}}
dedup:
  - exact: {{on: normalized}}
dataset: {{splits: {{train: 0.9, test: 0.1}}, shard_bytes: 20000}}
mixture:
  weights: {{web: 1, books: 1}}
  max_repeats: 3
  phases:
    - {{name: main, share: 3}}
    - {{name: finish, share: 1, weights: {{books: 1, web: 0}}}}
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    write_lines(folder / "web.jsonl", [{"text": document(number, 3)} for number in range(200)])
    write_lines(folder / "books.jsonl", [{"text": document(1000 + number, 6)} for number in range(60)])
    return folder


@pytest.fixture(scope="module")
def run(corpus, tmp_path_factory):
    root = tmp_path_factory.mktemp("mixed")
    run_recipe(parse_recipe(RECIPE.format(corpus=corpus)), root, Options(workers=1, quiet=True))
    return root


def facts(run):
    return Manifest.read(run / "dataset/manifest.json").facts


def ledger(run):
    files = Manifest.read(run / "ledger/manifest.json").files
    return [row for file in files for batch in read_shard(run, file) for row in batch.to_pylist()]


def times(run):
    """Occurrences by phase and source, from the sidecar beside the dataset."""
    source = {row["id"]: row["source"] for row in ledger(run)}
    found = Counter()
    for file in Manifest.read(run / "dataset/manifest.json").shards("train-"):
        for batch in read_shard(run / "dataset", file):
            for row in batch.to_pylist():
                for phase in ("main", "finish"):
                    found[phase, source[row["id"]]] += row[f"times.{phase}"]
    return found


def test_proportions_are_met_to_the_document(run):
    rows = {(row["phase"], row["group"]): row for row in facts(run)["mixture"]["rows"]}
    found = times(run)
    assert +found == {key: row["target"] for key, row in rows.items() if row["target"]}
    main = [rows["main", group]["target"] for group in ("web", "books")]
    assert abs(main[0] - main[1]) <= 1
    assert all(rows[key]["taken"] == rows[key]["target"] for key in rows)


def test_every_document_is_accounted_for(run):
    assert verify_path(run).checks
    reasons = Counter(row["reason"] for row in ledger(run) if row["state"] == "dropped")
    assert reasons["mixture.left_out"] == facts(run)["reasons"].get("mixture.left_out", 0) > 0
    left = [row for row in ledger(run) if row["reason"] == "mixture.left_out"]
    assert {row["source"] for row in left} == {"web"}
    assert all(row["split"] is None for row in left)


def test_held_out_documents_are_left_alone(run, corpus, tmp_path):
    plain = RECIPE.format(corpus=corpus).partition("mixture:")[0]
    run_recipe(parse_recipe(plain), tmp_path, Options(workers=1, quiet=True))
    ids = [{row["id"] for row in ledger(root) if row["split"] == "test"} for root in (run, tmp_path)]
    assert ids[0] == ids[1] != set()


def test_the_same_bytes_with_any_workers_and_batches(run, corpus, tmp_path, digests):
    run_recipe(parse_recipe(RECIPE.format(corpus=corpus)), tmp_path, Options(workers=2, batch_size=7, quiet=True))
    assert digests(tmp_path) == digests(run)


def test_too_many_repeats_say_by_how_much(corpus, tmp_path):
    recipe = parse_recipe(RECIPE.format(corpus=corpus), overrides=["mixture.total=2000"])
    with pytest.raises(RecipeError, match=r"group `books`.*times the .* there are.*less"):
        run_recipe(recipe, tmp_path, Options(workers=1, quiet=True))


def test_the_plan_prints_the_table(run, corpus, tmp_path):
    path = tmp_path / "mixed.yaml"
    path.write_text(RECIPE.format(corpus=corpus))
    said = CliRunner().invoke(app, ["plan", str(path), "--to", str(run)])
    assert said.exit_code == 0, said.output
    assert "finish" in said.output
    assert "exact" in said.output
    before = CliRunner().invoke(app, ["plan", str(path), "--to", str(tmp_path / "new")])
    assert "estimated from a sample" in before.output
    assert "books" in before.output


def test_a_mixture_is_written_back_whole(corpus):
    recipe = parse_recipe(RECIPE.format(corpus=corpus))
    assert parse_recipe(dump_recipe(recipe)) == recipe


def test_languages_must_be_detected_and_tokens_have_a_tokenizer(corpus):
    for change, where in (("mixture.by=[language]", "mixture.by"), ("mixture.unit=tokens", "mixture.unit")):
        with pytest.raises(RecipeError, match=where):
            parse_recipe(RECIPE.format(corpus=corpus), overrides=[change])


def test_by_tokens_and_copies_a_trainer_reads_each_document_as_often_as_planned(corpus, tmp_path):
    pytest.importorskip("tokenizers")
    from training.data.loader import Loader, Mixed
    from training.data.plan import open_planned

    texts = [document(number, 3) for number in range(20)]
    fit_tokenizer([texts], tmp_path / "tokenizer", 300)
    changes = [f"tokens.tokenizer={tmp_path / 'tokenizer'}", "mixture.unit=tokens", "mixture.copies={2: 2}"]
    recipe = parse_recipe(RECIPE.format(corpus=corpus), overrides=changes)
    run_recipe(recipe, tmp_path / "run", Options(workers=1, quiet=True))
    verify_path(tmp_path / "run")
    split = open_planned(tmp_path / "run", "train")
    assert [phase.name for phase in split.phases] == ["main", "finish"]
    rows = facts(tmp_path / "run")["mixture"]["rows"]
    assert split.tokens == sum(row["taken"] for row in rows)
    longest = max(len(tokens) for _, tokens in split.documents_in_order())
    assert all(abs(row["taken"] - row["target"]) < longest for row in rows)
    stream = np.concatenate([tokens for _, tokens in split.documents_in_order()])
    assert split.read(np.array([0]), split.tokens)[0].tolist() == stream.tolist()
    loader = Loader([Mixed(split)], length=16, batch=8, seed=0)
    first = loader.batch(0).windows
    assert first.max() < loader.windows[0][0]
    with pytest.raises(RecipeError, match="epochs"):
        loader.check_epochs(10**6)


def test_new_documents_are_mixed_and_counted_too(corpus, tmp_path):
    text = RECIPE.format(corpus=corpus) + "augment:\n  - word_noise: {share: 0.3}\naugmentation: {max_share: 0.3}\n"
    run_recipe(parse_recipe(text), tmp_path, Options(workers=1, quiet=True))
    verify_path(tmp_path)
    found = facts(tmp_path)
    new = found["augmentation"]
    assert sum(new["steps"].values()) == new["kept"] > 0
    assert new["reasons"].get("mixture.left_out", 0) > 0
    assert +times(tmp_path) == {(r["phase"], r["group"]): r["target"] for r in found["mixture"]["rows"] if r["target"]}
