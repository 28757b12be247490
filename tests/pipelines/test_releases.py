"""A run compared with earlier releases gives nothing out again, as a build of all together would."""

import random

import numpy as np
import pytest

from curation.errors import GristmillError, IntegrityError, RecipeError, ResourceError
from curation.recipe_file import parse_recipe
from curation.shards import shard_batches
from pipelines.duplicates import clusters, texts_of
from pipelines.runner import Options, run_recipe
from pipelines.verify import verify_path
from tests.conftest import document, write_lines

RECIPE = """
name: release
sources: [SOURCES]
dedup:
  - exact: {on: normalized, keep: preferred_source, prefer: [old, new]}
  - minhash: {threshold: THRESHOLD, keep: preferred_source, prefer: [old, new]}
previous: [PREVIOUS]
"""


def build(root, sources, previous=(), threshold=0.7):
    listed = ", ".join(f'{{jsonl: {{name: {name}, path: "{path}", unit_bytes: 9000}}}}' for name, path in sources)
    text = RECIPE.replace("SOURCES", listed).replace("PREVIOUS", ", ".join(f'"{path}"' for path in previous))
    recipe = parse_recipe(text.replace("THRESHOLD", str(threshold)))
    run_recipe(recipe, root, Options(quiet=True, workers=1))
    return root


def rows(root, source):
    """What became of the documents of a source, by key."""
    batches = [batch for path in sorted((root / "ledger").glob("*.arrow")) for batch in shard_batches(path)]
    fields = ("state", "reason", "survivor", "similarity", "cluster", "split", "copies")
    found = [row for batch in batches for row in batch.to_pylist() if row["source"] == source]
    return {row["key"]: {name: row[name] for name in fields} for row in found}


def corpus(folder, seed):
    """Two snapshots: the new one repeats documents of the old one, whole and changed, and repeats itself."""
    chance = random.Random(seed)
    old = [document(number, sentences=8) for number in chance.sample(range(200), 60)]
    new = [document(number, sentences=8) for number in chance.sample(range(200), 60)]
    new += [text + " And a last word." for text in chance.sample(old, 15)] + [text.upper() for text in new[:10]]
    old += [text + " And one more." for text in old[:10]]
    for name, texts in (("old", old), ("new", new)):
        chance.shuffle(texts)
        for part in range(2):
            write_lines(folder / name / f"{part}.jsonl", [{"text": text} for text in texts[part::2]])
    return ("old", folder / "old"), ("new", folder / "new")


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("release")
    old, new = corpus(folder, 1)
    return folder, old, new, build(folder / "first", [old])


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_snapshot_against_a_release_equals_a_build_of_both_that_prefers_the_release(tmp_path, seed):
    old, new = corpus(tmp_path, seed)
    first = build(tmp_path / "first", [old])
    second = build(tmp_path / "second", [new], previous=[first])
    whole = build(tmp_path / "whole", [old, new])
    found, expected = rows(second, "new"), rows(whole, "new")
    fates = ("state", "reason", "survivor", "similarity", "copies")
    assert {key: [row[name] for name in fates] for key, row in found.items()} == {
        key: [row[name] for name in fates] for key, row in expected.items()
    }
    assert {row["reason"] for row in found.values()} == {None, "duplicate.exact", "duplicate.minhash"}
    assert verify_path(second).files > 0


def test_nothing_of_the_release_comes_again(released, tmp_path):
    _, old, _, first = released
    again = build(tmp_path / "again", [old], previous=[first])
    fates = rows(again, "old")
    assert {row["state"] for row in fates.values()} == {"dropped"}
    kept = {key for key, row in rows(first, "old").items() if row["state"] == "kept"}
    assert all(row["similarity"] == 1.0 for key, row in fates.items() if key in kept)


def test_a_copy_gets_the_cluster_and_so_the_split_of_the_release(released, tmp_path):
    _, _, new, first = released
    second = build(tmp_path / "second", [new], previous=[first])
    before = {row["cluster"] for row in rows(first, "old").values()}
    removed = [row for row in rows(second, "new").values() if row["survivor"]]
    survivors = {name: row["cluster"] for name, row in _by_id(first).items()}
    out = [row for row in removed if row["survivor"] in survivors]
    assert out
    assert all(row["cluster"] in before for row in out)


def _by_id(root):
    batches = [batch for path in sorted((root / "ledger").glob("*.arrow")) for batch in shard_batches(path)]
    return {row["id"]: row for batch in batches for row in batch.to_pylist()}


def test_differences_are_shown_against_the_texts_of_the_release(released, tmp_path):
    _, _, new, first = released
    second = build(tmp_path / "second", [new], previous=[first])
    wanted = {cluster.survivor for cluster in clusters(second)}
    assert set(texts_of(second, wanted)) == wanted
    assert wanted & set(_by_id(first))


def test_lines_of_a_release_are_taken_out_of_new_documents(tmp_path):
    footer = "This very line stands at the foot of every page of the old site."
    write_lines(tmp_path / "old/a.jsonl", [{"text": f"{document(1)}\n{footer}"}])
    write_lines(tmp_path / "new/b.jsonl", [{"text": f"{document(2)}\n{footer}\nShort own line."}])
    text = "name: lines\nsources: [{jsonl: {name: SOURCE, path: PATH}}]\ndedup: [{lines: {min_characters: 20}}]\n"

    def run(name, previous):
        recipe = text.replace("SOURCE", name).replace("PATH", f'"{tmp_path / name}"') + f"previous: [{previous}]\n"
        run_recipe(parse_recipe(recipe), tmp_path / f"run-{name}", Options(quiet=True, workers=1))
        (shard,) = (tmp_path / f"run-{name}/dataset").glob("*/data-*.arrow")
        (batch,) = shard_batches(shard)
        return batch.column("text").to_pylist()

    assert footer in run("old", "")[0]
    assert run("new", f'"{tmp_path / "run-old"}"') == [f"{document(2)}\nShort own line."]


def test_what_cannot_be_compared_is_refused(released, tmp_path):
    _, _, new, first = released
    with pytest.raises(ResourceError, match="no finished run"):
        build(tmp_path / "a", [new], previous=[tmp_path / "nowhere"])
    with pytest.raises(RecipeError, match=r"`threshold` 0\.7 there and 0\.8 here"):
        build(tmp_path / "b", [new], previous=[first], threshold=0.8)
    second = build(tmp_path / "second", [new], previous=[first])
    with pytest.raises(RecipeError, match="to `previous`"):
        build(tmp_path / "c", [new], previous=[second])


@pytest.mark.parametrize("name", ["dedup/exact/keys/keys-00000.npy", "dedup/minhash/bands/bands-00001.npy"])
def test_a_damaged_release_is_refused(tmp_path, name):
    old, new = corpus(tmp_path, 1)
    first = build(tmp_path / "first", [old])
    table = np.load(first / name)
    np.save(first / name, table[::-1])
    with pytest.raises(IntegrityError, match="sha256") as error:
        build(tmp_path / "second", [new], previous=[first])
    assert isinstance(error.value, GristmillError)
