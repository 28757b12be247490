"""Token shards hold exactly the documents of the dataset, and the trainer reads them."""

import shutil

import pyarrow as pa
import pytest
from typer.testing import CliRunner

from curation.errors import IntegrityError, RecipeError, ResourceError
from curation.manifest import Manifest
from curation.recipe import TokenOptions
from curation.recipe_file import parse_recipe
from curation.shards import shard_batches
from pipelines.cli import app
from pipelines.fit_tokenizer import train_tokenizer
from pipelines.runner import Options, run_recipe
from pipelines.tokens import tokenize_dataset
from pipelines.verify import verify_path
from tests.conftest import RECIPE

pytest.importorskip("tokenizers")
pytest.importorskip("transformers")


@pytest.fixture(scope="module")
def run(reference_run, tmp_path_factory):
    root = tmp_path_factory.mktemp("tokens") / "run"
    shutil.copytree(reference_run, root)
    train_tokenizer(root / "dataset", root.parent / "tokenizer", 400, 1 << 20)
    tokenize_dataset(root / "dataset", chosen(root.parent / "tokenizer"), 1)
    return root


def chosen(folder):
    return TokenOptions(tokenizer=str(folder))


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
    tokenize_dataset(copy / "dataset", chosen(run.parent / "tokenizer"), 1)
    assert digests(copy) == before
    train_tokenizer(copy / "dataset", tmp_path / "other", 300, 1 << 20)
    tokenize_dataset(copy / "dataset", chosen(tmp_path / "other"), 1)
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
        tokenize_dataset(run / "dataset", chosen(tmp_path), 1)


def test_the_commands_say_what_they_made(reference_run, tmp_path):
    copy = shutil.copytree(reference_run / "dataset", tmp_path / "dataset")
    cli = CliRunner()
    folder, options = str(tmp_path / "t"), ["--vocabulary", "300", "--weight", "web=1"]
    made = cli.invoke(app, ["tokenizer", "train", str(copy), "--to", folder, *options])
    assert made.exit_code == 0, made.output
    assert "source    web" in made.output
    said = cli.invoke(app, ["tokenize", str(copy), "--tokenizer", str(tmp_path / "t")])
    assert said.exit_code == 0, said.output
    assert "bytes a token" in said.output


def with_tokens(corpus, tokenizer, more=""):
    return parse_recipe(RECIPE.format(corpus=corpus) + f"tokens: {{tokenizer: '{tokenizer}'{more}}}\n")


def test_as_a_stage_they_are_the_same_at_any_worker_count_and_verified(run, corpus, tmp_path, digests):
    recipe = with_tokens(corpus, run.parent / "tokenizer")
    outcome = run_recipe(recipe, tmp_path / "one", Options(workers=1, quiet=True))
    assert outcome.worked[-1] == "tokens"
    run_recipe(recipe, tmp_path / "two", Options(workers=2, batch_size=7, quiet=True))
    assert digests(tmp_path / "one") == digests(tmp_path / "two")
    assert "tokens: made from this dataset" in verify_path(tmp_path / "one").checks
    shards = [path.relative_to(run) for path in (run / "dataset/tokens").rglob("*.arrow")]
    assert all((tmp_path / "one" / path).read_bytes() == (run / path).read_bytes() for path in shards)
    assert "Bytes a token" in (tmp_path / "one/dataset/README.md").read_text()
    assert not run_recipe(recipe, tmp_path / "one", Options(workers=1, quiet=True)).worked


def test_a_lost_token_shard_is_made_again_and_a_cut_file_of_the_tokenizer_copied(run, corpus, tmp_path, digests):
    recipe = with_tokens(corpus, run.parent / "tokenizer")
    run_recipe(recipe, tmp_path, Options(workers=1, quiet=True))
    before = digests(tmp_path)
    next((tmp_path / "dataset/tokens/train").glob("*.arrow")).unlink()
    assert run_recipe(recipe, tmp_path, Options(workers=1, quiet=True)).worked == ("tokens",)
    assert digests(tmp_path) == before
    config = tmp_path / "dataset/tokens/tokenizer/tokenizer_config.json"
    config.write_bytes(config.read_bytes()[:-1])
    assert not run_recipe(recipe, tmp_path, Options(workers=1, quiet=True)).worked
    assert digests(tmp_path) == before


def test_a_hub_name_needs_its_revision(corpus, tmp_path):
    with pytest.raises(RecipeError, match="revision"):
        run_recipe(with_tokens(corpus, "somebody/something"), tmp_path, Options(workers=1, quiet=True))


@pytest.mark.parametrize("kind", ["bpe", "unigram", "bytes"])
def test_every_kind_of_tokenizer_gives_back_the_text(run, tmp_path, kind):
    from tokenizers import Tokenizer

    size = train_tokenizer(run / "dataset", tmp_path, 400, 1 << 20, kind)
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    text = "The mill — 磨坊 — grinds <|endoftext|>\n"
    tokenizer.encode_special_tokens = True
    assert tokenizer.decode(tokenizer.encode(text).ids) == text
    assert size == (257 if kind == "bytes" else tokenizer.get_vocab_size())


def test_an_unknown_source_of_a_sample_is_named(run, tmp_path):
    with pytest.raises(RecipeError, match="did you mean `web`"):
        train_tokenizer(run / "dataset", tmp_path, 400, 1 << 20, weights={"wed": 1.0})
