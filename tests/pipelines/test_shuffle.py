"""A shuffled dataset: the same documents in another order, in shards of as many each, found where the ledger says."""

import shutil
from itertools import chain

import numpy as np
import pytest

from curation.manifest import Manifest
from curation.recipe_file import parse_recipe
from curation.shards import read_shard
from pipelines import placement
from pipelines.runner import Options, run_recipe
from pipelines.verify import verify_path
from tests.conftest import RECIPE


@pytest.fixture(scope="module")
def recipe(corpus):
    return parse_recipe(RECIPE.format(corpus=corpus), overrides=["dataset.shuffle='1'"])


@pytest.fixture(scope="module")
def run(recipe, tmp_path_factory):
    root = tmp_path_factory.mktemp("shuffled")
    run_recipe(recipe, root, Options(workers=1, quiet=True))
    return root


def documents(run, split):
    files = [file for file in Manifest.read(run / "dataset/manifest.json").shards("data-") if split in file.path]
    return [[row["id"] for batch in read_shard(run / "dataset", file) for row in batch.to_pylist()] for file in files]


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_same_documents_once_each_in_another_order(run, reference_run, split):
    before, after = ([*chain(*documents(root, split))] for root in (reference_run, run))
    assert sorted(before) == sorted(after)
    assert before != after
    places = np.array([before.index(each) for each in after])
    assert abs(np.corrcoef(np.arange(len(places)), places)[0, 1]) < 0.3


def test_shards_have_as_many_documents_each(run):
    sizes = [len(shard) for shard in documents(run, "train")]
    assert len(sizes) > 1
    assert max(sizes) - min(sizes) <= 1


def test_every_document_lies_where_the_ledger_says(run):
    assert "ledger: one row for every document, each where it says" in verify_path(run).checks


def test_the_same_bytes_with_any_workers_and_block(recipe, run, tmp_path, digests, monkeypatch):
    run_recipe(recipe, tmp_path / "two", Options(workers=2, batch_size=7, quiet=True))
    assert digests(tmp_path / "two") == digests(run)
    shutil.rmtree(tmp_path / "two")
    monkeypatch.setattr(placement, "_BLOCK_BYTES", 3000)
    run_recipe(recipe, tmp_path / "two", Options(workers=1, quiet=True))
    one, two = (
        {name: d for name, d in digests(root).items() if "dataset/" in name} for root in (run, tmp_path / "two")
    )
    assert {name: d for name, d in one.items() if "data-" in name} == {n: d for n, d in two.items() if "data-" in n}


def test_another_seed_is_another_order_and_only_shards_are_made_anew(recipe, run, tmp_path, corpus):
    root = shutil.copytree(run, tmp_path / "run")
    other = parse_recipe(RECIPE.format(corpus=corpus), overrides=["dataset.shuffle='2'"])
    assert run_recipe(other, root, Options(workers=1, quiet=True)).worked == ("shard", "ledger")
    assert documents(root, "train") != documents(run, "train")
    verify_path(root)
