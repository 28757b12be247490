"""New documents go the way of all others: rules, duplicates, the cap, the ledger; none leaves its parent's split."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curation.errors import IntegrityError, RecipeError
from curation.files import digest_of
from curation.manifest import MANIFEST, Manifest, Receipt, receipt_path
from curation.recipe_file import load_recipe, parse_recipe
from curation.schema import with_columns
from curation.shards import ShardWriter, shard_batches
from data_cards.facts import CardFacts
from pipelines.recipe_book import recipe_path
from pipelines.runner import Options, run_recipe
from pipelines.verify import verify_path
from tests.conftest import records, write_lines

RECIPE = """
name: augmented
sources: [{{jsonl: {{name: web, path: "{corpus}", unit_bytes: 20000}}}}]
clean: [normalize_unicode, clean_lines{clean}]
rules:
  - {{reason: too_short, attribute: text.characters, min: 50}}
{rules}
dedup: [{dedup}]
augment:
{augment}
augmentation: {{{options}}}
dataset: {{splits: {{train: 0.7, test: 0.3}}, shard_bytes: 30000}}
"""
BOTH = "exact: {on: normalized}, minhash: {threshold: 0.8}"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("augmented")
    lines = list(records(90))
    write_lines(folder / "a.jsonl", lines[:50])
    write_lines(folder / "b.jsonl", lines[50:])
    return folder / "*.jsonl"


def recipe(corpus, *augment, dedup=BOTH, options="splits: [train, test]", clean="", rules=""):
    steps = "\n".join(f"  - {step}" for step in augment)
    return parse_recipe(
        RECIPE.format(corpus=corpus, augment=steps, dedup=dedup, options=options, clean=clean, rules=rules)
    )


def run(made, root, **options):
    done = run_recipe(made, root, Options(workers=1, quiet=True, **options))
    verify_path(root)
    return CardFacts.model_validate(done.manifest.facts)


def ledger(root):
    files = sorted((root / "ledger").glob("*.arrow"))
    return [row for path in files for batch in shard_batches(path) for row in batch.to_pylist()]


@pytest.fixture(scope="module")
def mixed(corpus, tmp_path_factory):
    root = tmp_path_factory.mktemp("mixed") / "run"
    steps = [
        "word_noise: {as: light, drop: 0.01, swap: 0.0, min_words: 5}",
        "word_noise: {drop: 0.2, min_words: 5}",
        "fill_in_the_middle",
        "chunks: {size: 8, overlap: 0}",
        "span_corruption: {as: german, where: {language.label: [de]}}",
    ]
    return root, run(recipe(corpus, *steps, clean=", language"), root)


def test_every_new_document_has_a_row_with_its_scores_and_counts_add_up(mixed):
    root, facts = mixed
    rows = [row for row in ledger(root) if row["parent_id"] is not None]
    new = facts.augmentation
    assert len(rows) == len({row["id"] for row in rows}) == new.made > 300
    assert new.made == new.kept + new.dropped + new.quarantined
    assert sum(new.steps.values()) == new.kept == facts.augmented
    assert sum(new.reasons.values()) == new.dropped
    assert all(row["text.characters"] is not None and row["failed_rules"] is not None for row in rows)
    short = [row for row in rows if row["reason"] == "too_short"]
    assert short
    assert all(row["text.characters"] < 50 and row["split"] is None for row in short)


def test_a_step_takes_only_documents_with_the_words_it_names(mixed, corpus):
    rows = ledger(mixed[0])
    labels = {row["id"]: row["language.label"] for row in rows}
    german = {row["parent_id"] for row in rows if row["key"].startswith("german:")}
    assert german
    assert german == {row["id"] for row in rows if row["state"] == "kept" and row["parent_id"] is None} & {
        name for name, label in labels.items() if label == "de"
    }
    for attribute in ("language.lable", "text.characters"):
        with pytest.raises(RecipeError, match="an attribute with words"):
            recipe(corpus, f"chunks: {{where: {{{attribute}: [de]}}}}", clean=", language")


def test_a_near_copy_of_an_original_is_dropped_in_its_favour(mixed):
    root, _ = mixed
    rows = {row["id"]: row for row in ledger(root)}
    dropped = [row for row in rows.values() if row["reason"] == "duplicate.minhash" and row["parent_id"] is not None]
    assert len(dropped) > 20
    assert {row["key"].partition(":")[0] for row in dropped} <= {"light", "word_noise"}
    originals = [row for row in dropped if rows[row["survivor"]]["parent_id"] is None]
    assert len(originals) > 0.8 * len(dropped)
    assert all(rows[row["survivor"]]["state"] == "kept" and row["similarity"] >= 0.8 for row in dropped)


def test_originals_are_what_they_are_without_augmentation(mixed, corpus, tmp_path):
    root, _ = mixed
    run(recipe(corpus), tmp_path / "run")
    fates = ["id", "state", "reason", "cluster", "survivor", "split", "copies"]
    plain = [[row[name] for name in fates] for row in ledger(tmp_path / "run")]
    assert plain == [[row[name] for name in fates] for row in ledger(root) if row["parent_id"] is None]


def test_formats_may_be_like_their_parents_and_are_kept_only_as_they_were_made(mixed):
    root, facts = mixed
    assert facts.augmentation.steps["fill_in_the_middle"] > 0
    rows = [row for row in ledger(root) if row["key"].startswith("fill_in_the_middle")]
    assert {row["reason"] for row in rows} <= {None, "changed_by_cleaning", "too_short"}
    for path in (root / "dataset").rglob("data-*.arrow"):
        for row in (row for batch in shard_batches(path) for row in batch.to_pylist()):
            meta = json.loads(row["meta"] or "{}")
            if "response" in meta:
                assert row["text"] == meta["prompt"] + meta["response"]


def test_a_new_document_is_in_its_parents_split(mixed):
    root, _ = mixed
    split = {row["id"]: row["split"] for row in ledger(root)}
    new = [row for row in ledger(root) if row["parent_id"] is not None and row["state"] == "kept"]
    assert {row["split"] for row in new} == {"train", "test"}
    assert all(split[row["parent_id"]] == row["split"] for row in new)


def test_explain_names_parent_and_operator(mixed):
    root, _ = mixed
    row = next(row for row in ledger(root) if row["key"].startswith("light:") and row["reason"] == "duplicate.minhash")
    command = [sys.executable, "-m", "pipelines", "explain", str(root), row["id"]]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=None)
    shown = " ".join(done.stdout.split())
    assert f"made from {row['parent_id']} by light; dropped: duplicate.minhash of {row['survivor']}" in shown


@pytest.mark.parametrize("unit", ["bytes", "documents"])
def test_the_cap_is_met_and_the_next_one_would_break_it(corpus, tmp_path, unit):
    options = f"max_share: 0.2, share_of: {unit}"
    facts = run(recipe(corpus, "chunks: {size: 20, overlap: 4}", options=options), tmp_path / "run")
    train = next(split for split in facts.splits if split.name == "train")
    rows = [row for row in ledger(tmp_path / "run") if row["parent_id"] is not None]
    over = sorted(row["id"] for row in rows if row["reason"] == "over_max_share")
    kept = sorted(row["id"] for row in rows if row["state"] == "kept")
    assert kept[-1] < over[0]
    assert len(over) == facts.augmentation.reasons["over_max_share"]
    sizes = {row["id"]: row["text.bytes"] if unit == "bytes" else 1 for row in rows}
    new, whole = sum(sizes[name] for name in kept), train.bytes if unit == "bytes" else train.documents
    assert new <= 0.2 * whole
    assert new + sizes[over[0]] > 0.2 * (whole + sizes[over[0]])


def test_the_same_bytes_in_any_batches_and_waves(corpus, tmp_path, digests):
    made = recipe(corpus, "word_noise: {min_words: 5}", "chunks: {size: 20}", options="max_share: 0.3")
    run(made, tmp_path / "one")
    run(made, tmp_path / "other", batch_size=7, memory_bytes=1)
    assert digests(tmp_path / "one") == digests(tmp_path / "other")


def test_without_groupings_of_texts_equal_texts_are_dropped(corpus, tmp_path):
    twice = ["chunks: {size: 20, overlap: 4, as: one}", "chunks: {size: 20, overlap: 4, as: two}"]
    facts = run(recipe(corpus, *twice, dedup="exact: {on: url}"), tmp_path / "run")
    new = facts.augmentation
    assert new.reasons["duplicate.equal_text"] >= new.made / 2
    assert new.kept > 0


def test_new_documents_are_decontaminated(corpus, tmp_path):
    item = "the wheel turns all the night when nobody is there to hear it"
    (tmp_path / "items.jsonl").write_text(json.dumps({"id": "1", "question": item, "answer": "yes"}) + "\n")
    template = f'instruction_templates: {{templates: [{{prompt: "{item}\\n", response: "{{text}}"}}]}}'
    clean = f', decontaminate: {{benchmarks: ["{tmp_path}/items.jsonl"]}}'
    rule = "  - {reason: holds_test_item, attribute: decontaminate.share, max: 0}"
    facts = run(recipe(corpus, template, clean=clean, rules=rule), tmp_path / "run")
    assert facts.augmentation.reasons == {"holds_test_item": facts.augmentation.made}
    assert facts.kept > 0


def test_a_split_that_is_not_there_is_named(corpus):
    with pytest.raises(RecipeError, match="did you mean `train`"):
        recipe(corpus, "chunks", options="splits: [trian]")


def rewritten(root, record, change):
    """A shard written anew with other rows, and its record."""
    batches = list(shard_batches(root / record.path))
    with ShardWriter(root, record.path, batches[0].schema) as writer:
        for batch in batches:
            writer.write(change(batch).cast(batches[0].schema))
    return writer.record


def test_a_stray_planted_in_the_outcomes_is_refused_by_the_shard_stage(corpus, tmp_path):
    """The outcomes of augmentation say test where the parent is in train, with receipts and manifests to match."""
    made = recipe(corpus, "word_noise: {min_words: 5}")
    run(made, tmp_path)
    stage = Manifest.read(tmp_path / "augment/fates" / MANIFEST)
    receipts = []
    for number, record in enumerate(stage.shards("ledger-")):
        new = (
            record
            if not record.rows
            else rewritten(
                tmp_path, record, lambda batch: with_columns(batch, {"split": _swapped(batch.column("split"))})
            )
        )
        path = receipt_path(tmp_path, "augment/fates", number)
        old = Receipt.parse(path.read_bytes())
        receipts.append(old.model_copy(update={"files": (new, *old.files[1:])}))
        receipts[-1].write(tmp_path)
    forged = Manifest.of(stage.stage, stage.fingerprint, receipts)
    forged.write(tmp_path / "augment/fates" / MANIFEST)
    with pytest.raises(IntegrityError, match="whose parents are not there"):
        run_recipe(made, tmp_path, Options(workers=1, quiet=True))


def _swapped(splits):
    other = pc.if_else(pc.equal(splits, "train"), "test", "train")
    return pc.if_else(splits.is_valid(), other, splits)


def test_a_stray_planted_in_the_dataset_is_refused_by_verify(corpus, tmp_path):
    """A row of the test split says it was made from a document in train; manifest and sums are made to match."""
    run(recipe(corpus, "word_noise: {min_words: 5}", options=""), tmp_path)
    root = tmp_path / "dataset"
    manifest = Manifest.read(root / MANIFEST)
    parents = next(shard_batches(root / manifest.shards("data-")[0].path)).column("id")
    target = next(file for file in manifest.files if file.path.startswith("test/data-"))

    def adopted(batch):
        return with_columns(batch, {"parent_id": pa.array([parents[0].as_py()] + [None] * (len(batch) - 1))})

    new = rewritten(root, target, adopted)
    files = tuple(new if file.path == new.path else file for file in manifest.files)
    manifest.model_copy(update={"files": files}).sealed().write(root / MANIFEST)
    with pytest.raises(IntegrityError, match="lie in another split"):
        verify_path(root)
    assert digest_of([file.sha256 for file in files])


PAGE = """# Stones of mill {n}

A burr stone is a hard stone that grinds grain in mill number {n}. It was brought from France in the year {n}.

Parts of mill {n}:
- the wheel number {n}
- the hopper of {n}
- the shoe of {n}
"""


def test_finetuning_reads_the_pairs_and_nothing_else(tmp_path):
    pytest.importorskip("torch")
    from training.finetuning.examples import read_examples
    from training.finetuning.recipe import FinetuneRecipe

    write_lines(tmp_path / "pages.jsonl", [{"text": PAGE.format(n=number)} for number in range(1800, 1840)])
    made = parse_recipe(
        f"""
name: pairs
sources: [{{jsonl: {{name: web, path: "{tmp_path}/pages.jsonl"}}}}]
augment: [question_answer, chunks: {{size: 20}}]
augmentation: {{splits: [train, validation]}}
dataset: {{splits: {{train: 0.6, validation: 0.4}}}}
"""
    )
    facts = run(made, tmp_path / "run")
    task = {"name": "questions", "kind": "answer", "path": str(tmp_path / "run/dataset")}
    task["where"] = {"operator": ["question_answer"]}
    start = {"architecture": "t5", "tokenizer": "none"}
    recipe_ = FinetuneRecipe.model_validate_json(json.dumps({"name": "t", "tasks": [task], "model": start}))
    found = read_examples(recipe_, recipe_.tasks[0]).splits
    assert len(found["train"]) + len(found["validation"]) == facts.augmentation.steps["question_answer"] == 120
    example = next(each for each in found["train"] if each.prompt.startswith("What is a burr stone"))
    assert example.response.startswith("A burr stone is a hard stone")


def test_the_recipe_that_comes_along_runs(corpus, tmp_path):
    made = load_recipe(recipe_path("augment"), [f'sources=[{{jsonl: {{name: web, path: "{corpus}"}}}}]'])
    facts = run(made, tmp_path / "run")
    new = facts.augmentation
    assert new.kept > 0
    assert not new.failed
    for split in facts.splits:
        assert new.bytes.get(split.name, 0) <= 0.3 * split.bytes
