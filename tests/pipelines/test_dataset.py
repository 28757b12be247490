"""What users take away opens with `datasets`, and maps its shards instead of copying them."""

from pathlib import Path

import datasets
import pyarrow as pa
import pytest

from curation.manifest import Manifest
from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe


@pytest.fixture(autouse=True)
def _offline(monkeypatch, tmp_path):
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    datasets.disable_progress_bars()


def expected(run):
    facts = Manifest.read(run / "dataset/manifest.json").facts
    return {split["name"]: split["documents"] for split in facts["splits"]}


def test_load_from_disk_opens_it(reference_run):
    loaded = datasets.load_from_disk(str(reference_run / "dataset"))
    assert {split: len(rows) for split, rows in loaded.items()} == expected(reference_run)


def test_load_dataset_opens_it_with_and_without_streaming(reference_run, tmp_path):
    path = str(reference_run / "dataset")
    loaded = datasets.load_dataset(path, cache_dir=str(tmp_path))
    assert {split: len(rows) for split, rows in loaded.items()} == expected(reference_run)
    streamed = datasets.load_dataset(path, streaming=True, cache_dir=str(tmp_path))
    assert {split: sum(1 for _ in rows) for split, rows in streamed.items()} == expected(reference_run)


def test_load_dataset_never_takes_one_folder_for_another_of_its_name(reference_run, recipe_text, tmp_path):
    other = parse_recipe(recipe_text.replace("train: 0.8, test: 0.2", "train: 0.5, test: 0.5"))
    run_recipe(other, tmp_path / "run", Options(workers=1, quiet=True))
    for run in (reference_run, tmp_path / "run"):
        loaded = datasets.load_dataset(str(run / "dataset"), cache_dir=str(tmp_path / "cache"))
        assert {split: len(rows) for split, rows in loaded.items()} == expected(run)


def test_load_from_disk_maps_the_shards_without_copying(reference_run):
    before = pa.total_allocated_bytes()
    rows = datasets.load_from_disk(str(reference_run / "dataset"))["train"]
    assert pa.total_allocated_bytes() == before
    addresses = [chunk.buffers()[2].address for chunk in rows.data.column("text").chunks]
    assert addresses
    mapped = mappings("data-")
    assert all(any(start <= address < end for start, end in mapped) for address in addresses)


def mappings(name):
    """Address ranges of this process that map files of a name."""
    lines = [line.split() for line in Path("/proc/self/maps").read_text().splitlines()]
    return [tuple(int(part, 16) for part in line[0].split("-")) for line in lines if len(line) > 5 and name in line[5]]


def test_a_map_over_the_dataset_does_not_break_it(reference_run, tmp_path):
    import shutil

    root = shutil.copytree(reference_run / "dataset", tmp_path / "dataset")
    datasets.load_from_disk(str(root))["train"].filter(lambda row: len(row["text"]) > 100)
    loaded = datasets.load_dataset(str(root), cache_dir=str(tmp_path / "again"))
    assert {split: len(rows) for split, rows in loaded.items()} == expected(reference_run)
