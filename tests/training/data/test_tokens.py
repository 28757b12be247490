from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from curation.errors import IntegrityError, RecipeError
from curation.schema import document_id
from tests.training.token_shards import write_tokens
from training.data.tokens import open_split


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shards = [[(5, [1, 2, 0]), (3, [3, 0])], [(7, [4, 5, 6, 7, 0])]]
    return write_tokens(tmp_path / "dataset" / "tokens", {"train": shards}, vocab_size=10)


def test_a_split_reads_as_one_stream_through_its_shards(folder: Path) -> None:
    split = open_split(folder, "train")
    assert (split.tokens, split.documents, split.bytes) == (10, 3, 15)
    assert split.read(np.array([0, 3]), 7).tolist() == [[1, 2, 0, 3, 0, 4, 5], [3, 0, 4, 5, 6, 7, 0]]


def test_it_is_found_from_the_dataset_and_from_the_run(folder: Path) -> None:
    assert open_split(folder.parent, "train").fingerprint == open_split(folder.parent.parent, "train").fingerprint


def test_tokens_are_mapped_and_not_copied(folder: Path) -> None:
    tokens = open_split(folder, "train").shards[0].tokens
    assert not tokens.flags.owndata
    assert not tokens.flags.writeable


@pytest.mark.parametrize(("position", "row", "span"), [(0, 0, (0, 3)), (4, 1, (3, 5)), (5, 0, (5, 10))])
def test_a_position_knows_its_document(folder: Path, position: int, row: int, span: tuple[int, int]) -> None:
    shard = "train/tokens-00001-of-00002.arrow" if position >= 5 else "train/tokens-00000-of-00002.arrow"
    assert open_split(folder, "train").document_at(position) == (document_id(shard, str(row)), *span)


def test_a_missing_shard_is_refused(folder: Path) -> None:
    (folder / "train/tokens-00001-of-00002.arrow").unlink()
    with pytest.raises(IntegrityError, match="no file"):
        open_split(folder, "train")


def test_a_shard_cut_short_is_refused(folder: Path) -> None:
    path = folder / "train/tokens-00000-of-00002.arrow"
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(IntegrityError, match=r"tokens-00000.*bytes"):
        open_split(folder, "train")


def test_a_flipped_bit_is_found_when_sums_are_asked_for(folder: Path) -> None:
    path = folder / "train/tokens-00001-of-00002.arrow"
    data = bytearray(path.read_bytes())
    data[-40] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError, match="sha256"):
        open_split(folder, "train", sums=True)


def test_a_manifest_of_other_shards_is_refused(folder: Path, tmp_path: Path) -> None:
    other = write_tokens(tmp_path / "other", {"train": [[(5, [1, 2, 3, 0])]]}, vocab_size=10)
    shutil.copy(other / "manifest.json", folder / "manifest.json")
    with pytest.raises(IntegrityError, match="no file"):
        open_split(folder, "train")


def test_another_tokenizer_in_the_folder_is_refused(folder: Path) -> None:
    (folder / "tokenizer" / "tokenizer.json").write_text('{"other": 1}')
    with pytest.raises(IntegrityError, match="tokenizer"):
        open_split(folder, "train")


def test_a_token_beyond_the_vocabulary_is_refused(tmp_path: Path) -> None:
    folder = write_tokens(tmp_path / "tokens", {"train": [[(5, [1, 12, 0])]]}, vocab_size=10)
    with pytest.raises(IntegrityError, match="token 12"):
        open_split(folder, "train").read(np.array([0]), 3)


def test_an_unknown_split_names_the_nearest(folder: Path) -> None:
    with pytest.raises(RecipeError, match="did you mean `train`"):
        open_split(folder, "trian")
