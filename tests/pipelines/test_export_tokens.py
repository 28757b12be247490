"""Other trainers' layouts, read back by readers written here from those layouts alone."""

import json
import struct

import numpy as np
import pytest
from typer.testing import CliRunner

from curation.errors import RecipeError, ResourceError
from pipelines import export_tokens as module
from pipelines.cli import app
from pipelines.export_tokens import export_tokens
from tests.training.token_shards import write_tokens
from training.data.plan import open_planned

DOCUMENTS = [[(5, [1, 2, 3, 0]), (1, [4, 0])], [(9, [5, 6, 7, 8, 9, 0])]]
STREAM = [1, 2, 3, 0, 4, 0, 5, 6, 7, 8, 9, 0]


@pytest.fixture
def folder(tmp_path):
    return write_tokens(tmp_path / "in" / "tokens", {"train": DOCUMENTS, "validation": DOCUMENTS[1:]}, vocab_size=100)


@pytest.fixture
def wide(tmp_path):
    return write_tokens(tmp_path / "wide" / "tokens", {"train": DOCUMENTS}, vocab_size=100_000, dtype="uint32")


def test_nanogpt(folder, tmp_path):
    assert export_tokens(folder, "nanogpt", tmp_path / "out") == {"train": 12, "validation": 6}
    assert np.fromfile(tmp_path / "out/train.bin", np.uint16).tolist() == STREAM
    assert np.fromfile(tmp_path / "out/val.bin", np.uint16).tolist() == STREAM[6:]


def test_nanogpt_holds_no_larger_vocabulary(wide, tmp_path):
    with pytest.raises(ResourceError, match="100,000"):
        export_tokens(wide, "nanogpt", tmp_path / "out")


@pytest.mark.parametrize(("fixture", "dtype"), [("folder", np.uint16), ("wide", np.int32)])
def test_megatron(fixture, dtype, request, tmp_path):
    export_tokens(request.getfixturevalue(fixture), "megatron", tmp_path)
    index = (tmp_path / "train.idx").read_bytes()
    assert index[:9] == b"MMIDIDX\0\0"
    version, code, sequences, documents = struct.unpack_from("<QBQQ", index, 9)
    assert (version, {8: np.uint16, 4: np.int32}[code], sequences, documents) == (1, dtype, 3, 4)
    lengths = np.frombuffer(index, np.int32, 3, 34)
    starts = np.frombuffer(index, np.int64, 3, 34 + 12)
    assert np.frombuffer(index, np.int64, 4, 34 + 12 + 24).tolist() == [0, 1, 2, 3]
    assert len(index) == 34 + 12 + 24 + 32
    data = (tmp_path / "train.bin").read_bytes()
    read = [np.frombuffer(data, dtype, n, s).tolist() for n, s in zip(lengths, starts, strict=True)]
    assert read == [STREAM[:4], STREAM[4:6], STREAM[6:]]


def mds_samples(folder):
    """Reads what index.json names: a count, offsets, a description of columns, then samples."""
    index = json.loads((folder / "index.json").read_text())
    assert index["version"] == 2
    for shard in index["shards"]:
        data = (folder / shard["raw_data"]["basename"]).read_bytes()
        assert (len(data), shard["format"], shard["compression"]) == (shard["raw_data"]["bytes"], "mds", None)
        (count,) = struct.unpack_from("<I", data)
        ends = np.frombuffer(data, np.uint32, count + 1, 4).tolist()
        assert (count, ends[-1]) == (shard["samples"], len(data))
        for start in ends[:-1]:
            sizes = np.frombuffer(data, np.uint32, 2, start).tolist()
            name = data[start + 8 : start + 8 + sizes[0]].decode()
            tokens = data[start + 8 + sizes[0] : start + 8 + sum(sizes)]
            yield name, np.frombuffer(tokens, index["token_encoding_type"]).tolist()


def test_mds(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_MDS_LIMIT", 120)
    export_tokens(folder, "mds", tmp_path)
    ids = [name for name, _ in open_planned(folder, "train").documents_in_order()]
    read = list(mds_samples(tmp_path / "train"))
    assert read == list(zip(ids, [STREAM[:4], STREAM[4:6], STREAM[6:]], strict=True))
    assert len(list((tmp_path / "train").glob("*.mds"))) == 2


def test_mds_packs_samples_of_one_length(folder, tmp_path):
    export_tokens(folder, "mds", tmp_path, length=5)
    ids = [name for name, _ in open_planned(folder, "train").documents_in_order()]
    assert list(mds_samples(tmp_path / "train")) == [(ids[0], STREAM[:5]), (ids[1], STREAM[5:10])]


@pytest.mark.parametrize("kind", ["nanogpt", "megatron", "mds"])
def test_the_same_bytes_each_time(folder, tmp_path, kind, digests):
    for name in ("one", "two"):
        export_tokens(folder, kind, tmp_path / name)
    assert digests(tmp_path / "one") == digests(tmp_path / "two") != {}


def test_an_unknown_format_names_the_nearest(folder, tmp_path):
    with pytest.raises(RecipeError, match="did you mean `megatron`"):
        export_tokens(folder, "megatorn", tmp_path)


def test_the_commands(folder, tmp_path):
    def said(*words):
        outcome = CliRunner().invoke(app, [str(word) for word in words])
        assert outcome.exit_code == 0, outcome.output
        return outcome.output

    assert "12 tokens" in said("export-tokens", folder, "--format", "nanogpt", "--to", tmp_path / "out")
    here = said("where", folder, "--shard", 1, "--position", 2)
    assert "row 0, tokens 0 to 6" in here
    assert here == said("where", folder, "--position", 8) == said("where", folder, "--id", here.split()[0])
