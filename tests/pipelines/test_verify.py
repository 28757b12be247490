"""`verify` trusts nothing: flipped bits, cut files, missing, extra and swapped shards, a false ledger."""

import random
import shutil

import pyarrow as pa
import pytest

from curation.errors import IntegrityError
from curation.files import checksum
from curation.manifest import MANIFEST, Manifest
from curation.shards import FileRecord, ShardWriter, shard_batches
from pipelines.verify import verify_path


@pytest.fixture
def run(reference_run, tmp_path):
    shutil.copytree(reference_run, tmp_path / "run")
    return tmp_path / "run"


def test_a_whole_run_and_its_dataset_alone_pass(run):
    seen = verify_path(run)
    assert seen.files > 20
    assert len(seen.checks) == 4
    assert verify_path(run / "dataset").rows > 0


def test_a_thousand_flipped_bits_are_all_noticed(run):
    dataset = run / "dataset"
    files = sorted(path for path in dataset.rglob("*") if path.is_file())
    chance = random.Random(1)
    for _ in range(1000):
        path = chance.choice(files)
        content = bytearray(path.read_bytes())
        whole = bytes(content)
        bit = chance.randrange(len(content) * 8)
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        with pytest.raises(IntegrityError):
            verify_path(dataset)
        path.write_bytes(whole)
    verify_path(dataset)


def test_a_flipped_bit_in_any_file_of_a_run_is_noticed(run):
    for path in sorted(run.rglob("*")):
        if path.is_file() and path.relative_to(run).parts[0] not in {
            "logs",
            "run.lock",
            "recipe.resolved.yaml",
        }:
            whole = path.read_bytes()
            path.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
            with pytest.raises(IntegrityError):
                verify_path(run)
            path.write_bytes(whole)


def boundaries(path):
    """Ends of the messages of an Arrow stream."""
    with pa.OSFile(str(path)) as source:
        reader = pa.ipc.open_stream(source)
        ends = [source.tell()]
        for _ in reader:
            ends.append(source.tell())
    return ends


def test_a_file_cut_at_any_batch_boundary_is_noticed(run):
    for path in sorted((run / "dataset").rglob("*.arrow")):
        whole = path.read_bytes()
        for end in boundaries(path)[:-1] or [0]:
            path.write_bytes(whole[:end])
            with pytest.raises(IntegrityError, match=path.name):
                verify_path(run / "dataset", sums=False)
        path.write_bytes(whole)


def test_a_missing_shard_is_noticed(run):
    next((run / "dataset/train").glob("*.arrow")).unlink()
    with pytest.raises(IntegrityError, match="found no file"):
        verify_path(run)


def test_an_extra_shard_is_noticed(run):
    shard = next((run / "dataset/train").glob("*.arrow"))
    shutil.copy(shard, shard.with_name("data-99999-of-00001.arrow"))
    with pytest.raises(IntegrityError, match="no manifest names"):
        verify_path(run)


def test_swapped_shards_are_noticed(run):
    first, second = sorted((run / "dataset/train").glob("*.arrow"))[:2]
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    with pytest.raises(IntegrityError):
        verify_path(run)


def forge(run, change):
    """Change the rows of a ledger shard, and make size, checksum and manifest agree with it."""
    path = sorted((run / "ledger").glob("*.arrow"))[0]
    table = pa.Table.from_batches(list(shard_batches(path)))
    rows = change(table.to_pylist())
    with ShardWriter(run, f"ledger/{path.name}", table.schema) as writer:
        writer.write(pa.RecordBatch.from_pylist(rows, schema=table.schema))
    manifest = Manifest.read(run / "ledger" / MANIFEST)
    files = tuple(writer.record if file.path == writer.record.path else file for file in manifest.files)
    manifest.model_copy(update={"files": files}).sealed().write(run / "ledger" / MANIFEST)


def kept(rows):
    return [number for number, row in enumerate(rows) if row["state"] == "kept"]


def without_a_row(rows):
    return [row for number, row in enumerate(rows) if number != kept(rows)[0]]


def with_a_row_twice(rows):
    return [*rows, rows[kept(rows)[0]]]


def with_another_place(rows):
    first, second = [rows[number] for number in kept(rows) if rows[number]["split"] == "train"][:2]
    first["row"], second["row"] = second["row"], first["row"]
    return rows


def with_a_dropped_row_kept(rows):
    next(row for row in rows if row["state"] == "dropped")["state"] = "kept"
    return rows


def with_a_place_outside(rows):
    rows[kept(rows)[0]]["row"] = 10**6
    return rows


@pytest.mark.parametrize(
    "change", [without_a_row, with_a_row_twice, with_another_place, with_a_dropped_row_kept, with_a_place_outside]
)
def test_a_ledger_that_does_not_add_up_is_noticed(run, change):
    forge(run, change)
    with pytest.raises(IntegrityError):
        verify_path(run)


def test_a_dataset_that_differs_from_the_ledger_is_noticed_though_its_manifest_agrees(run):
    path = sorted((run / "dataset/train").glob("*.arrow"))[0]
    table = pa.Table.from_batches(list(shard_batches(path)))
    name = path.relative_to(run / "dataset").as_posix()
    with ShardWriter(run / "dataset", name, table.schema) as writer:
        writer.write(pa.concat_batches([table.to_batches()[0].slice(1), table.to_batches()[0].slice(0, 1)]))
    manifest = Manifest.read(run / "dataset" / MANIFEST)
    files = tuple(writer.record if file.path == name else file for file in manifest.files)
    manifest.model_copy(update={"files": files}).sealed().write(run / "dataset" / MANIFEST)
    verify_path(run / "dataset")
    shard = Manifest.read(run / "shard" / MANIFEST)
    same = FileRecord(path=f"dataset/{name}", **writer.record.model_dump(exclude={"path"}))
    files = tuple(same if file.path == same.path else file for file in shard.files)
    shard.model_copy(update={"files": files}).sealed().write(run / "shard" / MANIFEST)
    with pytest.raises(IntegrityError, match="other documents than the ledger names"):
        verify_path(run)


def test_a_folder_that_is_neither_is_refused(tmp_path):
    with pytest.raises(Exception, match="neither a run nor a dataset"):
        verify_path(tmp_path)


def test_checksums_are_those_of_the_files(run):
    manifest = Manifest.read(run / "dataset" / MANIFEST)
    assert {file.path: file.sha256 for file in manifest.files} == {
        file.path: checksum(run / "dataset" / file.path) for file in manifest.files
    }
