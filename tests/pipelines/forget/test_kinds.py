"""Every kind of release: shuffled, mixed, tokenised, without its run; and the training that has read it."""

import json
import math
import shutil
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
from typer.testing import CliRunner

from curation.files import digest_of, read_json
from curation.manifest import Manifest
from curation.recipe import TokenOptions
from curation.recipe_file import load_recipe, parse_recipe
from curation.shards import read_shard, shard_batches
from data_cards.card import PAGES
from data_cards.facts import CardFacts
from pipelines.cli import app
from pipelines.fit_tokenizer import train_tokenizer
from pipelines.forget.request import Request
from pipelines.forget.takedown import plan_takedown
from pipelines.runner import Options, run_recipe
from pipelines.tokens import tokenize_dataset
from pipelines.verify import verify_path
from tests.conftest import RECIPE, document, write_lines
from training.data.loader import Loader, Mixed
from training.data.mixture import Mixture
from training.data.plan import open_planned
from training.finetuning.examples import read_examples
from training.finetuning.recipe import FinetuneRecipe
from training.recipe_file import load_recipe as load_training
from training.seen import steps_that_read

pytest.importorskip("tokenizers")

MIXED = """
name: mixed
sources:
  - jsonl: {{name: web, path: "{web}"}}
  - jsonl: {{name: books, path: "{books}"}}
dedup: [exact: {{on: normalized}}]
dataset: {{splits: {{train: 1.0}}, shard_bytes: 9000}}
mixture:
  weights: {{web: 1, books: 2}}
  max_repeats: 3
  phases: [{{name: main, share: 3}}, {{name: finish, share: 1, weights: {{books: 1, web: 0}}}}]
tokens: {{tokenizer: "{tokenizer}"}}
"""


@pytest.fixture(scope="module")
def tokenizer(reference_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tokenizer") / "mill"
    train_tokenizer(reference_run / "dataset", folder, 400, 1 << 20)
    return folder


SPLITS = "{train: 0.7, validation: 0.3}"


def made(recipe, root):
    run_recipe(recipe, root, Options(workers=1, quiet=True))
    return root


def holding(root, number=17):
    wanted = document(number).splitlines()[2].encode()
    return [path for path in root.rglob("*") if path.is_file() and wanted in path.read_bytes()]


def files_of(run):
    return {path.relative_to(run).as_posix(): path.read_bytes() for path in run.rglob("*") if path.is_file()}


def url(number):
    return Request(urls=(f"https://example.org/{number}",))


def test_a_shuffled_dataset_keeps_its_order_and_needs_no_new_run(corpus, tmp_path, digests):
    recipe = parse_recipe(RECIPE.format(corpus=corpus), overrides=["dataset.shuffle='1'"])
    run = made(recipe, tmp_path / "run")
    before = files_of(run / "dataset")
    takedown = plan_takedown(run, url(17))
    changed = {place.split + str(place.shard) for place in takedown.journal.places.values()}
    takedown.carry_out()
    verify_path(run)
    assert holding(run) == []
    after = files_of(run / "dataset")
    shards = [name for name in before if name.endswith(".arrow")]
    assert sum(before[name] != after[name] for name in shards) == len(changed) < len(shards)
    known = digests(run)
    assert run_recipe(recipe, run, Options(workers=1, quiet=True)).worked == ()
    shutil.rmtree(run / "dataset")
    run_recipe(recipe, run, Options(workers=1, quiet=True))
    assert digests(run) == known


@pytest.fixture(scope="module")
def mixed(tokenizer, tmp_path_factory):
    root = tmp_path_factory.mktemp("mixed")
    web = [{"text": document(n), "url": f"https://example.org/{n}"} for n in range(60)]
    write_lines(root / "web.jsonl", web)
    write_lines(root / "books.jsonl", [{"text": document(500 + n), "url": f"https://b.example/{n}"} for n in range(40)])
    names = {"web": root / "web.jsonl", "books": root / "books.jsonl", "tokenizer": tokenizer}
    return made(parse_recipe(MIXED.format(**names)), root / "run")


@pytest.fixture(scope="module")
def taken(mixed):
    """Number of a document of the web that the mixture takes, and of no cluster."""
    files = Manifest.read(mixed / "ledger/manifest.json").files
    rows = [row for file in files for batch in read_shard(mixed, file) for row in batch.to_pylist()]
    return next(int(row["url"].rpartition("/")[2]) for row in rows if row["source"] == "web" and row["shard"])


def tokens_of(run, id):
    for path in (run / "dataset/tokens").rglob("*.arrow"):
        (batch,) = pa.ipc.open_stream(path.read_bytes())
        for row in batch.to_pylist():
            if row["id"] == id:
                return np.array(row["tokens"], np.uint16).tobytes()
    return None


def test_a_mixture_with_tokens_loses_its_rows_tokens_and_counts(mixed, taken, tmp_path, digests):
    run = shutil.copytree(mixed, tmp_path / "run")
    takedown = plan_takedown(run, url(taken))
    (wanted,) = takedown.journal.documents
    tokens = tokens_of(run, wanted)
    before = CardFacts.model_validate(Manifest.read(run / "dataset/manifest.json").facts)
    read_json(takedown.carry_out())
    verify_path(run)
    assert holding(run, taken) == []
    assert not [path for path in run.rglob("*") if path.is_file() and tokens in path.read_bytes()]
    facts = CardFacts.model_validate(Manifest.read(run / "dataset/manifest.json").facts)
    web = [next(r.available for r in each.mixture.rows if r.group == "web") for each in (before, facts)]
    assert web[0] - web[1] == 1
    assert before.tokens.splits[0].tokens - facts.tokens.splits[0].tokens == len(tokens) // 2
    split = open_planned(run, "train")
    assert split.documents == facts.splits[0].documents
    known = digests(run)
    recipe = load_recipe(run / "recipe.resolved.yaml")
    assert run_recipe(recipe, run, Options(workers=1, quiet=True)).worked == ()
    assert digests(run) == known


def test_a_dataset_alone_is_changed_and_counted_anew(reference_run, tokenizer, tmp_path, digests):
    data = shutil.copytree(reference_run / "dataset", tmp_path / "alone")
    tokenize_dataset(data, TokenOptions(tokenizer=str(tokenizer)), 1)
    before = CardFacts.model_validate(Manifest.read(data / "manifest.json").facts)
    rows = [row for path in sorted(data.glob("train/data-*")) for b in shard_batches(path) for row in b.to_pylist()]
    parent = next(row["parent_id"] for row in rows if row["parent_id"] is not None)
    number = next(int(row["url"].rpartition("/")[2]) for row in rows if row["id"] == parent)
    (data / "train/cache-1.arrow").write_bytes(document(number).encode())
    takedown = plan_takedown(data, url(number))
    gone = len(takedown.journal.places)
    assert gone > 1  # with what augmentation made of it
    takedown.carry_out()
    verify_path(data)
    assert holding(data, number) == []
    facts = CardFacts.model_validate(Manifest.read(data / "manifest.json").facts)
    assert (before.kept - facts.kept, before.augmented - facts.augmented) == (1, gone - 1)
    assert "forgotten" in (data / "README.md").read_text()
    known = digests(data)
    assert plan_takedown(data, url(number)).journal is None
    tokenize_dataset(data, TokenOptions(tokenizer=str(tokenizer)), 1)
    assert digests(data) == known


def test_a_mixed_dataset_alone_says_beside_each_figure_that_it_could_not_be_counted(mixed, taken, tmp_path):
    data = shutil.copytree(mixed / "dataset", tmp_path / "alone")
    manifest = json.loads((data / "manifest.json").read_bytes())
    manifest["facts"]["languages"] = {"en": manifest["facts"]["kept"] - 3, "fr": 3}
    sealed, tokens = Manifest.model_validate(manifest).sealed(), Manifest.read(data / "tokens/manifest.json")
    sealed.write(data / "manifest.json")
    facts = {**tokens.facts, "dataset": sealed.digest}
    tokens.model_copy(update={"facts": facts}).sealed().write(data / "tokens/manifest.json")
    plan_takedown(data, url(taken)).carry_out()
    verify_path(data)
    facts = CardFacts.model_validate(Manifest.read(data / "manifest.json").facts)
    assert facts.stale == ("languages", "mixture")
    said = "*As counted before a takedown of 1: at most so many too many.*"
    counts = {page: (data / page).read_text().count(said) for page in PAGES}
    assert counts == {"README.md": 2, "datasheet.md": 1, "training-content.md": 1}
    tokens = [batch for path in sorted(data.glob("tokens/train/*.arrow")) for batch in shard_batches(path)]
    by_source = Counter()
    for row in (row for batch in tokens for row in batch.to_pylist()):
        by_source[row["source"]] += len(row["tokens"])
    assert {each.name: each.tokens for each in facts.tokens.rates["source"]} == dict(by_source)
    assert facts.tokens.splits[0].tokens == by_source.total()


def test_the_steps_that_read_a_document_are_those_of_the_loader(mixed, taken, tmp_path):
    run = shutil.copytree(mixed, tmp_path / "runs/data")
    split = open_planned(run, "train")
    loader = Loader([Mixed(split)], length=16, batch=4, seed=3)
    training = tmp_path / "runs/model"
    training.mkdir()
    recipe = {"name": "m", "data": [{"path": str(run)}], "model": {"size": "1m"}, "context": 16, "batch": 4}
    (training / "recipe.resolved.yaml").write_text(json.dumps({**recipe, "steps": 300, "seed": 3}))
    (training / "identity.json").write_text(json.dumps({"data": loader.fingerprint}))
    (training / "log.jsonl").write_text(json.dumps({"kind": "step", "step": 300, "loss": 1.0}) + "\n")
    for step in (1, 300):
        (training / f"checkpoints/step-{step:08d}").mkdir(parents=True)
    takedown = plan_takedown(run, url(taken))
    (wanted,) = takedown.journal.documents
    (start, end), *_ = spans = split.stretches_of(wanted)
    flat = np.concatenate([tokens for _, tokens in split.documents_in_order()])
    assert [len(flat[a:b]) for a, b in spans] == [end - start] * len(spans)
    slow = []
    for step in range(300):
        _, windows = loader.samples(step)
        firsts = loader._starts(0, windows)
        if any(a < last and first < b for first, last in zip(firsts, firsts + 17, strict=True) for a, b in spans):
            slow.append(step + 1)
    seen = steps_that_read(training, run / "dataset", [wanted])
    assert seen.steps == tuple(slow)
    assert 0 < len(slow) < 300
    assert seen.checkpoints == ("step-00000300",) if slow[0] > 1 else 2
    certificate = read_json(takedown.carry_out())
    assert certificate["training"][0]["steps"] == slow
    assert certificate["training"][0]["run"] == "model"
    assert_later_takedowns_know_what_the_training_read(run, split, loader, training)


def assert_later_takedowns_know_what_the_training_read(run, split, loader, training):
    """By the layout of before, which the certificates hold: ids of what was taken out are in none of them."""
    left = [each for each, _ in open_planned(run, "train").documents_in_order()]
    for number in (left[3], left[-2]):
        spans = split.stretches_of(number)
        windows = np.unique(np.concatenate([loader.windows_over(0, *span) for span in spans]))
        steps = tuple((loader.steps_with(0, windows, 300) + 1).tolist())
        assert steps_that_read(training, run / "dataset", [number]).steps == steps != ()
        assert plan_takedown(run, Request(ids=(number,))).carry_out() is not None
    (training / "identity.json").write_text(json.dumps({"data": "of another state"}))
    assert steps_that_read(training, run / "dataset", left[7:8]).steps is None


def test_a_fine_tuning_is_known_after_a_takedown_as_before(tmp_path):
    lines = [{"text": document(n), "url": f"https://example.org/{n}"} for n in range(50)]
    corpus = write_lines(tmp_path / "in/a.jsonl", lines)
    recipe = f'{{name: tuned, sources: [jsonl: {{name: a, path: "{corpus}"}}], dataset: {{splits: {SPLITS}}}}}'
    run, model = made(parse_recipe(recipe), tmp_path / "run"), tmp_path / "model"
    model.mkdir()
    task = {"name": "t", "path": str(run / "dataset"), "prompt": "{text}", "response": "{id}"}
    chosen = {"name": "m", "model": {"checkpoint": "x"}, "tasks": [task], "epochs": 2, "batch": 4}
    (model / "recipe.resolved.yaml").write_text(json.dumps(chosen))
    (model / "log.jsonl").write_text(json.dumps({"kind": "step", "step": 90, "loss": 1.0}) + "\n")
    loaded = load_training(FinetuneRecipe, model / "recipe.resolved.yaml")
    examples = read_examples(loaded, loaded.tasks[0])
    (model / "identity.json").write_text(json.dumps({"data": digest_of([examples.fingerprint])}))
    ids = [example.id for example in examples.splits["train"]]
    order = Mixture([len(ids)], [len(ids) ** 0.5], ["t"], loaded.seed)
    read = [ids[place] for place in order.samples(0, math.ceil(len(ids) * 2 / 4) * 4)[1]]
    for wanted in (ids[3], ids[0], ids[-1]):
        seen = steps_that_read(model, run / "dataset", [wanted])
        assert seen.steps == tuple(sorted({place // 4 + 1 for place, each in enumerate(read) if each == wanted}))
        assert len(seen.steps) == 2
        plan_takedown(run, Request(ids=(wanted,))).carry_out()


def test_the_command_asks_and_shows_first(reference_run, tmp_path, digests):
    run = shutil.copytree(reference_run, tmp_path / "run")
    before, cli = digests(run), CliRunner()
    shown = cli.invoke(app, ["forget", str(run), "--url", "https://example.org/17", "--dry-run"])
    assert shown.exit_code == 0, shown.output
    assert "asked for" in shown.output
    assert cli.invoke(app, ["forget", str(run), "--url", "https://example.org/17"], input="n\n").exit_code != 0
    assert digests(run) == before
    done = cli.invoke(app, ["forget", str(run), "--url", "https://example.org/17", "--yes"])
    assert "certificate" in done.output, done.exception
    again = cli.invoke(app, ["forget", str(run), "--url", "https://example.org/17", "--yes"])
    assert (again.exit_code, "nothing left" in again.output) == (0, True)
    for batch in (b for f in Manifest.read(run / "collect/manifest.json").shards("shard-") for b in read_shard(run, f)):
        assert "https://example.org/17" not in batch.column("url").to_pylist()
