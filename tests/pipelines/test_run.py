"""A whole run, end to end, and everything that must not change what it leaves."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from curation.errors import IntegrityError
from curation.manifest import Manifest
from curation.recipe_file import parse_recipe
from curation.shards import shard_batches
from data_cards.facts import CardFacts
from pipelines.runner import Options, run_recipe
from tests.conftest import RECIPE


def run(text, root, **options):
    return run_recipe(parse_recipe(text), root, Options(quiet=True, **{"workers": 1, **options}))


def rows(folder, pattern="*.arrow"):
    return [row for path in sorted(folder.glob(pattern)) for batch in shard_batches(path) for row in batch.to_pylist()]


def facts(root):
    return CardFacts.model_validate(Manifest.read(root / "dataset/manifest.json").facts)


def test_every_record_is_kept_dropped_or_quarantined(reference_run):
    found = facts(reference_run)
    assert found.collected == 302
    assert found.quarantined == 2
    assert found.kept + found.dropped + found.quarantined == found.collected
    assert sum(found.reasons.values()) == found.dropped
    assert found.reasons == {"duplicate.exact": 20, "too_short": 10}


def test_the_ledger_has_one_row_for_every_document(reference_run):
    ledger = rows(reference_run / "ledger")
    assert Counter(row["state"] for row in ledger if row["parent_id"] is None) == {
        "kept": facts(reference_run).kept,
        "dropped": facts(reference_run).dropped,
    }
    assert len({row["id"] for row in ledger}) == len(ledger) == 300 + facts(reference_run).augmented


def test_each_kept_document_lies_where_the_ledger_says(reference_run):
    placed = [row for row in rows(reference_run / "ledger") if row["state"] == "kept"]
    shards = {
        split: [
            next(iter([pa.Table.from_batches(list(shard_batches(path)))]))
            for path in sorted((reference_run / "dataset" / split).glob("data-*.arrow"))
        ]
        for split in ("train", "test")
    }
    for row in placed:
        assert shards[row["split"]][row["shard"]].column("id")[row["row"]].as_py() == row["id"]
    assert sum(len(shard) for split in shards.values() for shard in split) == len(placed)
    assert len(shards["train"]) > 1


def test_near_copies_and_children_stay_in_one_split(reference_run):
    ledger = {row["id"]: row for row in rows(reference_run / "ledger")}
    children = [row for row in ledger.values() if row["parent_id"] is not None]
    assert children
    assert all(row["split"] == "train" == ledger[row["parent_id"]]["split"] for row in children)
    assert all(row["cluster"] == ledger[row["parent_id"]]["cluster"] for row in children)


def test_a_duplicate_names_its_survivor(reference_run):
    ledger = {row["id"]: row for row in rows(reference_run / "ledger")}
    removed = [row for row in ledger.values() if row["reason"] == "duplicate.exact"]
    assert removed
    for row in removed:
        survivor = ledger[row["survivor"]]
        assert (survivor["state"], survivor["cluster"], row["similarity"]) == ("kept", row["cluster"], 1.0)


def test_quarantine_names_source_offset_and_reason(reference_run):
    quarantined = rows(reference_run / "quarantine")
    assert {row["reason"] for row in quarantined} == {"invalid_json", "invalid_utf8"}
    content = (
        Path(json.loads((reference_run / "logs/inputs.json").read_text()).popitem()[0]).parent / "c.jsonl"
    ).read_bytes()
    for row in quarantined:
        assert content[row["offset"] :].startswith(row["head"])
        assert (row["source"], row["file"]) == ("web", "c.jsonl")


@pytest.mark.parametrize(
    "options", [{"workers": 2}, {"workers": 4}, {"batch_size": 1}, {"batch_size": 7}, {"memory_bytes": 1}]
)
def test_the_same_bytes_with_any_workers_batches_and_memory(recipe_text, reference_run, tmp_path, digests, options):
    run(recipe_text, tmp_path / "run", **options)
    assert digests(tmp_path / "run") == digests(reference_run)


@pytest.mark.parametrize("order", ["abc", "cab", "bca"])
def test_the_same_bytes_with_inputs_in_any_order(corpus, reference_run, tmp_path, digests, order):
    paths = ", ".join(f'"{corpus / name}.jsonl"' for name in order)
    text = RECIPE.format(corpus=corpus).replace(f'"{corpus}"', f"[{paths}]")
    run(text, tmp_path / "run")
    found, expected = digests(tmp_path / "run"), digests(reference_run)
    assert found.pop("recipe.resolved.yaml") != expected.pop("recipe.resolved.yaml")  # it names the paths
    assert found == expected


@pytest.mark.parametrize("seed", ["0", "1", "2", "3", "4"])
def test_the_same_bytes_with_any_hash_seed(recipe_path, reference_run, tmp_path, digests, seed):
    command = [
        sys.executable,
        "-m",
        "pipelines",
        "run",
        str(recipe_path),
        "--to",
        str(tmp_path / "run"),
        "--workers",
        "1",
        "-q",
    ]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed})
    assert digests(tmp_path / "run") == digests(reference_run)


def test_a_second_run_does_nothing(recipe_text, tmp_path, digests):
    assert run(recipe_text, tmp_path).worked
    before = digests(tmp_path)
    assert run(recipe_text, tmp_path).worked == ()
    assert digests(tmp_path) == before


def test_a_changed_threshold_runs_only_what_depends_on_it(recipe_text, tmp_path, digests):
    run(recipe_text, tmp_path / "run")
    changed = recipe_text.replace("min: 50", "min: 500")
    assert changed != recipe_text
    worked = run(changed, tmp_path / "run").worked
    assert "collect" not in worked
    assert "clean" not in worked
    assert worked[0] == "decide"
    run(changed, tmp_path / "fresh")
    assert digests(tmp_path / "run") == digests(tmp_path / "fresh")


def test_a_changed_input_is_noticed(recipe_text, corpus, tmp_path):
    copy = tmp_path / "corpus"
    copy.mkdir()
    for path in corpus.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    text = recipe_text.replace(str(corpus), str(copy))
    run(text, tmp_path / "run")
    content = (copy / "a.jsonl").read_bytes()
    (copy / "a.jsonl").write_bytes(content.replace(b"mill", b"hill"))
    os.utime(copy / "a.jsonl", ns=(1, 1))
    assert "collect" in run(text, tmp_path / "run").worked


def test_a_lost_file_is_made_again(recipe_text, tmp_path, digests):
    run(recipe_text, tmp_path)
    before = digests(tmp_path)
    next((tmp_path / "clean").glob("shard-*")).unlink()
    assert run(recipe_text, tmp_path).worked == ("clean",)
    receipt = next((tmp_path / "receipts/decide").glob("*.json"))
    receipt.write_bytes(receipt.read_bytes().replace(b'"counts"', b'"count5"'))
    assert run(recipe_text, tmp_path).worked == ("decide",)
    assert digests(tmp_path) == before


def test_a_flipped_bit_stops_the_unit_that_reads_it(recipe_text, reference_run, tmp_path, digests):
    root = tmp_path / "run"
    shutil.copytree(reference_run, root)
    for _ in range(2):  # the second time in a file that this process has written itself
        shutil.rmtree(root / "receipts/decide")
        scores = min((root / "clean").glob("scores-*"))
        scores.write_bytes(scores.read_bytes()[:-9] + b"!" + scores.read_bytes()[-8:])
        with pytest.raises(IntegrityError, match=f"{scores.name}: found sha256 .* remove it and run the recipe again"):
            run(recipe_text, root)
        scores.unlink()
        assert run(recipe_text, root).worked == ("clean", "decide")
        assert digests(root) == digests(reference_run)
