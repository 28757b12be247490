"""Near duplicates planted across files are found, verified, and decided the same everywhere."""

import os
import random
import shutil
from collections import Counter

import pytest

from curation.recipe_file import parse_recipe
from curation.schema import DOCUMENT
from curation.shards import ShardWriter, shard_batches
from pipelines.engines.opening import EngineChoice
from pipelines.plan import plan_run, print_plan
from pipelines.runner import Options, run_recipe
from tests.conftest import WORDS, write_lines

RECIPE = """
name: near
sources:
  - jsonl: {{name: web, path: "{corpus}", unit_bytes: 60000}}
dedup:
  - minhash: {{threshold: 0.8}}
"""
FILES, ORIGINALS = 4, 60


def page(number):
    """A page of 160 words that shares its vocabulary with every other and hardly a phrase."""
    chance = random.Random(number)
    return [chance.choice(WORDS) + str(chance.randrange(60)) for _ in range(160)]


def edited(words, share, seed):
    chance = random.Random(seed)
    return [chance.choice(WORDS) + "x" if chance.random() < share else word for word in words]


def shingles(text):
    words = text.lower().split()
    return {tuple(words[start : start + 5]) for start in range(len(words) - 4)}


def similarity(one, other):
    one, other = shingles(one), shingles(other)
    return len(one & other) / len(one | other)


@pytest.fixture(scope="module")
def near_corpus(tmp_path_factory):
    """Originals in file 0; copies with 1 to 30 % of the words changed, and templates, spread over all files."""
    folder = tmp_path_factory.mktemp("near")
    pages = [" ".join(page(number)) for number in range(ORIGINALS)]
    for number in range(ORIGINALS):
        for place, share in enumerate((0.002, 0.01, 0.02, 0.1, 0.3)):
            pages.append(" ".join(edited(page(number), share, seed=number * 10 + place)))
    template = " ".join(page(9999)[:60])
    pages += [template + " " + " ".join(page(20000 + number)[:60]) for number in range(40)]
    random.Random(5).shuffle(pages)
    for number in range(FILES):
        write_lines(folder / f"{number}.jsonl", [{"text": text} for text in pages[number::FILES]])
    return folder


def run(corpus, root, **options):
    run_recipe(parse_recipe(RECIPE.format(corpus=corpus)), root, Options(quiet=True, **{"workers": 1, **options}))
    return root


@pytest.fixture(scope="module")
def near_run(near_corpus, tmp_path_factory):
    return run(near_corpus, tmp_path_factory.mktemp("near-run"))


def joined(root):
    """Ledger rows with the text, by id."""
    texts = {
        row["id"]: row["text"]
        for path in sorted((root / "collect").glob("shard-*"))
        for batch in shard_batches(path)
        for row in batch.select(["id", "text"]).to_pylist()
    }
    rows = [
        row for path in sorted((root / "ledger").glob("*.arrow")) for b in shard_batches(path) for row in b.to_pylist()
    ]
    return {row["id"]: {**row, "text": texts[row["id"]]} for row in rows}


def test_every_pair_well_above_the_threshold_is_found(near_run):
    rows = list(joined(near_run).values())
    kept = [row for row in rows if row["state"] == "kept"]
    close = [
        (one["id"], other["id"])
        for number, one in enumerate(kept)
        for other in kept[:number]
        if similarity(one["text"], other["text"]) >= 0.85
    ]
    assert close == []
    assert len(rows) - len(kept) > ORIGINALS


def test_no_document_is_removed_for_a_survivor_it_does_not_resemble(near_run):
    rows = joined(near_run)
    removed = [row for row in rows.values() if row["state"] == "dropped"]
    for row in removed:
        exact = similarity(row["text"], rows[row["survivor"]]["text"])
        assert row["similarity"] == pytest.approx(exact)
        assert exact >= 0.8
        assert rows[row["survivor"]]["state"] == "kept"


def test_pages_that_share_a_template_stay(near_run):
    rows = joined(near_run).values()
    template = " ".join(page(9999)[:60])
    assert [row["state"] for row in rows if row["text"].startswith(template)] == ["kept"] * 40


def test_copies_that_stay_share_a_split(near_run):
    rows = joined(near_run)
    clusters = {}
    for row in rows.values():
        if row["split"]:
            clusters.setdefault(row["cluster"], set()).add(row["split"])
    assert all(len(splits) == 1 for splits in clusters.values())


def test_a_survivor_stands_for_itself_and_all_that_were_removed_for_it(near_run):
    rows = joined(near_run).values()
    removed = Counter(row["survivor"] for row in rows if row["survivor"])
    assert {row["id"]: row["copies"] for row in rows if row["state"] == "kept"} == {
        row["id"]: 1 + removed[row["id"]] for row in rows if row["state"] == "kept"
    }
    assert all(row["copies"] is None for row in rows if row["state"] == "dropped")


@pytest.mark.parametrize("options", [{"workers": 2}, {"workers": 8}, {"memory_bytes": 1}, {"batch_size": 7}])
def test_the_same_bytes_with_any_workers_memory_and_batches(near_corpus, near_run, tmp_path, digests, options):
    assert digests(run(near_corpus, tmp_path, **options)) == digests(near_run)


def test_components_of_many_ranges_settle_by_stars_in_a_few_rounds(near_corpus, near_run, tmp_path, monkeypatch):
    from pipelines import grouped

    monkeypatch.setattr(grouped, "ROWS_PER_RANGE", 20)
    run(near_corpus, tmp_path)
    rounds = sorted(path.name for path in (tmp_path / "dedup/minhash").glob("stars-*"))
    assert 2 <= len(rounds) <= 12
    assert len(list((tmp_path / "dedup/minhash" / rounds[-1]).glob("*.npy"))) > 5
    assert joined(tmp_path) == joined(near_run)
    monkeypatch.undo()
    run(near_corpus, tmp_path)
    assert not list((tmp_path / "dedup/minhash").glob("stars-*"))  # nothing stays of steps that are not needed


def test_many_key_ranges_give_the_same_duplicates(near_corpus, near_run, tmp_path, monkeypatch):
    from pipelines import grouped

    monkeypatch.setattr(grouped, "ROWS_PER_RANGE", 300)
    run(near_corpus, tmp_path)
    assert len(list((tmp_path / "dedup/minhash/pairs").glob("*.npy"))) > 10
    assert joined(tmp_path) == joined(near_run)


def test_files_under_other_paths_listed_in_any_order_give_the_same_bytes(near_corpus, near_run, tmp_path, digests):
    names = sorted(path.name for path in near_corpus.iterdir())
    for name in names[::-1]:
        shutil.copy(near_corpus / name, tmp_path / name)
    paths = ", ".join(f'"{tmp_path / name}"' for name in (names[2], names[0], names[3], names[1]))
    text = RECIPE.replace('path: "{corpus}"', "path: [" + paths + "]").replace("{{", "{").replace("}}", "}")
    run_recipe(parse_recipe(text), tmp_path / "run", Options(quiet=True, workers=1))
    found, expected = digests(tmp_path / "run"), digests(near_run)
    assert {name: found[name] for name in expected if name != "recipe.resolved.yaml"} == {
        name: digest for name, digest in expected.items() if name != "recipe.resolved.yaml"
    }


def test_the_plan_shows_the_curve(near_corpus, tmp_path, capsys):
    print_plan(plan_run(parse_recipe(RECIPE.format(corpus=near_corpus)), tmp_path / "run", workers=1, sample=5))
    assert "minhash, threshold 0.8" in (shown := capsys.readouterr().out)
    assert "0.80: 97.7%  0.85: 99.8%" in shown


def test_shards_of_documents_that_nothing_is_done_to_are_those_collected(
    near_corpus, near_run, tmp_path, digests, monkeypatch
):
    for shard in (near_run / "clean").glob("shard-*"):
        (collected,) = (near_run / "collect").glob(f"{shard.stem}-*")
        assert shard.samefile(collected)
        with ShardWriter(tmp_path, shard.name, DOCUMENT) as writer:  # the bytes that a writer leaves
            for batch in shard_batches(shard):
                writer.write(batch)
        assert (tmp_path / shard.name).read_bytes() == shard.read_bytes()
    monkeypatch.setattr(os, "link", no_links)
    assert digests(run(near_corpus, tmp_path / "copied")) == digests(near_run)


def no_links(*paths):
    raise OSError("no second names here")


@pytest.mark.timeout(300)
def test_a_portable_runner_gives_the_same_bytes(near_corpus, near_run, tmp_path, digests):
    options = ("--job_endpoint=embed",)
    run(near_corpus, tmp_path, engine=EngineChoice("portable", options))
    assert digests(tmp_path) == digests(near_run)
