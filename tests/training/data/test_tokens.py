from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import IntegrityError, RecipeError
from curation.schema import document_id
from curation.tokens import shard as shard_layout
from tests.training.token_shards import write_tokens
from training.data.tokens import locate, open_split


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


def test_a_document_is_found_by_its_id(folder: Path) -> None:
    split = open_split(folder, "train")
    for shard in split.shards:
        for row in range(len(shard.bytes)):
            place = split.find(shard.document(row)[0])
            assert place is not None
            assert (place.shard, place.row) == (shard.path, row)
            assert shard.tokens[place.start : place.end].tolist() == shard.document(row)[1].tolist()
    assert split.find("0" * 32) is None


def test_a_place_beyond_the_shard_is_refused(folder: Path) -> None:
    for place in ({"shard": 7, "position": 0}, {"shard": 0, "position": 5}, {"position": 10}, {"id": "0" * 32}):
        with pytest.raises(RecipeError):
            locate(folder, "train", **place)
    with pytest.raises(RecipeError, match="expected 0 to 9;"):
        locate(folder, "train", position=10)


@given(st.lists(st.integers(1, 40), min_size=1, max_size=60))
def test_the_table_of_blocks_leads_to_the_row(lengths: list[int]) -> None:
    offsets = np.cumsum([0, *lengths])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shard_layout, "BLOCK_BITS", 4)
        ids = pa.array([document_id("a", str(row)) for row in range(len(lengths))])
        sizes = pa.array(lengths, pa.int64())
        batch = shard_layout.token_batch(ids, ids, sizes, np.zeros(offsets[-1], np.uint16), offsets, "")
        table = shard_layout.rows_at(batch.schema)
        found = [shard_layout.row_at(at, table, offsets) for at in range(offsets[-1])]
    assert found == np.repeat(np.arange(len(lengths)), lengths).tolist()
