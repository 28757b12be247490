"""Token shards hold exactly the documents of the dataset, and the trainer reads them."""

import shutil

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from curation.errors import IntegrityError, ResourceError
from curation.manifest import Manifest
from curation.shards import shard_batches
from pipelines.cli import app
from pipelines.tokens import tokenize_dataset, train_tokenizer
from pipelines.verify import verify_path

pytest.importorskip("tokenizers")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def run(reference_run, tmp_path_factory):
    root = tmp_path_factory.mktemp("tokens") / "run"
    shutil.copytree(reference_run, root)
    train_tokenizer(root / "dataset", root.parent / "tokenizer", 400, 1 << 20)
    tokenize_dataset(root / "dataset", root.parent / "tokenizer")
    return root


def documents(run, split):
    paths = sorted((run / "dataset" / split).glob("*.arrow"))
    return [row for path in paths for batch in shard_batches(path) for row in batch.select(["id", "text"]).to_pylist()]


@pytest.mark.parametrize("split", ["train", "test"])
def test_the_tokens_decode_to_exactly_the_documents(run, split):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(run / "dataset/tokens/tokenizer/tokenizer.json"))
    eos = Manifest.read(run / "dataset/tokens/manifest.json").facts["tokenizer"]["eos_id"]
    decoded = []
    for path in sorted((run / "dataset/tokens" / split).glob("*.arrow")):
        (batch,) = pa.ipc.open_stream(path.read_bytes())
        for row in batch.to_pylist():
            assert row["tokens"][-1] == eos
            assert row["tokens"].count(eos) == 1
            text = tokenizer.decode(row["tokens"][:-1])
            assert row["bytes"] == len(text.encode())
            decoded.append({"id": row["id"], "text": text})
    assert decoded == documents(run, split)


def test_the_trainer_opens_them(run):
    from training.data.tokens import open_split

    split = open_split(run, "train")
    assert split.documents == len(documents(run, "train"))


def test_doing_it_twice_changes_nothing_and_another_tokenizer_everything(run, tmp_path, digests):
    copy = shutil.copytree(run, tmp_path / "run")
    before = digests(copy)
    tokenize_dataset(copy / "dataset", run.parent / "tokenizer")
    assert digests(copy) == before
    train_tokenizer(copy / "dataset", tmp_path / "other", 300, 1 << 20)
    tokenize_dataset(copy / "dataset", tmp_path / "other")
    assert digests(copy) != before
    verify_path(copy)


def test_verify_covers_them_and_refuses_those_of_another_dataset(run, tmp_path):
    assert "tokens: made from this dataset" in verify_path(run).checks
    copy = shutil.copytree(run, tmp_path / "run")
    path = next((copy / "dataset/tokens/train").glob("*.arrow"))
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(IntegrityError):
        verify_path(copy)
    shutil.copy(run / "dataset/tokens/train" / path.name, path)
    manifest = Manifest.read(copy / "dataset/tokens/manifest.json")
    other = manifest.model_copy(update={"facts": {**manifest.facts, "dataset": "another"}}).sealed()
    other.write(copy / "dataset/tokens/manifest.json")
    with pytest.raises(IntegrityError, match="tokens of another dataset"):
        verify_path(copy)


def test_a_folder_without_a_tokenizer_is_named(run, tmp_path):
    with pytest.raises(ResourceError, match=r"no tokenizer\.json"):
        tokenize_dataset(run / "dataset", tmp_path)


def test_the_commands_say_what_they_made(reference_run, tmp_path):
    copy = shutil.copytree(reference_run / "dataset", tmp_path / "dataset")
    cli = CliRunner()
    made = cli.invoke(app, ["tokenizer", "train", str(copy), "--to", str(tmp_path / "t"), "--vocabulary", "300"])
    assert made.exit_code == 0, made.output
    said = cli.invoke(app, ["tokenize", str(copy), "--tokenizer", str(tmp_path / "t")])
    assert said.exit_code == 0, said.output
    assert "bytes a token" in said.output
