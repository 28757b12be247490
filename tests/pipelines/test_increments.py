"""A snapshot added to a run gives the same dataset as a build from scratch, and touches only what it must."""

import random

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from curation.files import checksum, whole_file
from curation.manifest import Receipt, Unit
from curation.recipe_file import parse_recipe
from curation.shards import FileRecord, shard_batches
from pipelines.renumbering import renumber
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


def inodes(root, stage):
    """File by the checksum of its content: a renamed file keeps its inode, a rewritten one does not."""
    return {
        checksum(path): path.stat().st_ino for path in (root / stage).rglob("*") if path.suffix in (".arrow", ".npy")
    }


@pytest.mark.parametrize("late", [(6, 7), (0, 1), (2, 5)])
def test_a_snapshot_leaves_what_was_read_cleaned_and_hashed_alone_wherever_it_sorts(files, tmp_path, late, digests):
    names = sorted(files)
    for number, name in enumerate(names):
        if number not in late:
            write_lines(tmp_path / "corpus" / name, files[name])
    run(tmp_path / "corpus", tmp_path / "run")
    stages = ("collect", "clean", "decide", "dedup/exact/keys")
    before = {stage: inodes(tmp_path / "run", stage) for stage in stages}
    for number in late:
        write_lines(tmp_path / "corpus" / names[number], files[names[number]])
    run(tmp_path / "corpus", tmp_path / "run")
    for stage in stages:
        after = inodes(tmp_path / "run", stage)
        assert before[stage].items() <= after.items()
    assert len(inodes(tmp_path / "run", "clean")) == len(before["clean"]) + 8  # two files, two units each
    run(tmp_path / "corpus", tmp_path / "fresh")
    assert digests(tmp_path / "run") == digests(tmp_path / "fresh")


def test_units_trade_places_without_losing_a_file(tmp_path):
    def unit(index, content):
        return Unit(stage="clean", index=index, fingerprint=content, payload={})

    def finish(index, content):
        path = tmp_path / f"clean/shard-{index:05d}.arrow"
        with whole_file(path) as file:
            file.write(content.encode())
        record = FileRecord(path=path.relative_to(tmp_path).as_posix(), bytes=len(content), sha256=checksum(path))
        Receipt(stage="clean", index=index, fingerprint=content, files=(record,)).write(tmp_path)

    for index, content in enumerate(("a", "bb", "ccc")):
        finish(index, content)
    wanted = [unit(0, "bb"), unit(1, "new"), unit(2, "a"), unit(3, "ccc")]
    assert renumber(tmp_path, wanted) == 3
    receipts = [Receipt.read(tmp_path, each) for each in wanted]
    assert [receipt and (tmp_path / receipt.files[0].path).read_text() for receipt in receipts] == [
        "bb",
        None,
        "a",
        "ccc",
    ]
    assert renumber(tmp_path, wanted) == 0


def test_copies_add_up_over_groupings_in_a_row(files, tmp_path):
    for name, lines in files.items():
        write_lines(tmp_path / "corpus" / name, [*lines, lines[0], {"text": lines[1]["text"] + " More."}])
    run(tmp_path / "corpus", tmp_path / "run")
    batches = [batch for path in sorted((tmp_path / "run/ledger").glob("*.arrow")) for batch in shard_batches(path)]
    ledger = pa.Table.from_batches(batches)
    reasons = set(ledger["reason"].to_pylist())
    assert {"duplicate.exact", "duplicate.minhash"} <= reasons
    assert pc.sum(ledger["copies"]).as_py() == ledger.num_rows
