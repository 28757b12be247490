from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from curation.errors import IntegrityError, RecipeError
from tests.training.token_shards import write_tokens
from training.data.loader import Loader, Mixed
from training.data.tokens import TokenSplit, open_split


def counted_split(root: Path, tokens: int, **options) -> TokenSplit:
    """A split whose token at position p is p."""
    documents = [(8, list(range(start, min(start + 7, tokens)))) for start in range(0, tokens, 7)]
    shards = [documents[:3], documents[3:]]
    folder = write_tokens(root, {"train": shards}, vocab_size=tokens, **options)
    return open_split(folder, "train")


@pytest.fixture
def split(tmp_path: Path) -> TokenSplit:
    return counted_split(tmp_path / "tokens", 201)


def loader(*parts: Mixed, batch: int = 4, seed: int = 0) -> Loader:
    return Loader(parts, length=10, batch=batch, seed=seed)


def test_an_epoch_holds_every_window_once(split: TokenSplit) -> None:
    one = loader(Mixed(split))
    rows = np.concatenate([one.batch(step).tokens for step in range(5)])
    assert sorted(rows[:, 0].tolist()) == list(range(0, 200, 10))
    assert (np.diff(rows, axis=1) == 1).all()


def test_epochs_are_shuffled_apart(split: TokenSplit) -> None:
    one = loader(Mixed(split))
    first, second = (np.concatenate([one.batch(step).windows for step in steps]) for steps in (range(5), range(5, 10)))
    assert sorted(first) == sorted(second)
    assert first.tolist() != second.tolist()


def test_a_batch_is_a_function_of_the_step_alone(split: TokenSplit) -> None:
    forward = [loader(Mixed(split)).batch(step).tokens for step in range(8)]
    again = loader(Mixed(split))
    assert all((again.batch(step).tokens == forward[step]).all() for step in (7, 2, 5))


@pytest.mark.parametrize("world", [2, 3, 4])
def test_ranks_together_read_what_one_reads(split: TokenSplit, world: int) -> None:
    one = loader(Mixed(split), batch=6)
    together = np.concatenate([one.batch(3, rank, world).windows for rank in range(world)])
    assert sorted(together.tolist()) == sorted(one.batch(3).windows.tolist())


def test_nothing_is_lost_or_repeated_when_the_world_grows(split: TokenSplit) -> None:
    one = loader(Mixed(split))
    worlds = [1, 2, 2, 4, 4]
    seen = [one.batch(step, rank, world).windows for step, world in enumerate(worlds) for rank in range(world)]
    assert Counter(np.concatenate(seen).tolist()) == Counter(range(20))


def test_seeds_and_data_change_the_fingerprint_and_the_order(split: TokenSplit) -> None:
    first, second = loader(Mixed(split)), loader(Mixed(split), seed=1)
    assert first.fingerprint != second.fingerprint
    assert first.batch(0).windows.tolist() != second.batch(0).windows.tolist()


def test_a_mixture_holds_its_weights(tmp_path: Path) -> None:
    small, large = counted_split(tmp_path / "a", 201), counted_split(tmp_path / "b", 2001)
    mixed = loader(Mixed(small, 3.0), Mixed(large, 1.0), batch=8)
    for step in range(50):
        assert np.bincount(mixed.batch(step).sources, minlength=2).tolist() == [6, 2]


def test_a_mixture_reads_each_source_in_whole_epochs(tmp_path: Path) -> None:
    small, large = counted_split(tmp_path / "a", 201), counted_split(tmp_path / "b", 2001)
    mixed = loader(Mixed(small, 1.0), Mixed(large, 1.0), batch=8)
    batches = [mixed.batch(step) for step in range(10)]
    windows = np.concatenate([batch.windows[batch.sources == 0] for batch in batches])
    assert Counter(windows.tolist()) == Counter(list(range(20)) * 2)
    assert mixed.epochs(10) == [2.0, 0.2]


def test_without_weights_sources_count_by_tokens(tmp_path: Path) -> None:
    small, large = counted_split(tmp_path / "a", 201), counted_split(tmp_path / "b", 603)
    assert loader(Mixed(small), Mixed(large)).weights == [0.25, 0.75]


def test_too_much_repetition_is_refused(split: TokenSplit) -> None:
    limited = loader(Mixed(split, max_epochs=2))
    limited.check_epochs(10)
    with pytest.raises(RecipeError, match=r"2\.20 epochs"):
        limited.check_epochs(11)


def test_sources_of_different_tokenizers_are_refused(split: TokenSplit, tmp_path: Path) -> None:
    other = counted_split(tmp_path / "other", 201, tokenizer={"tokenizer.json": '{"a": 1}'})
    with pytest.raises(IntegrityError, match=r"data\[1\].*tokenizer"):
        loader(Mixed(split), Mixed(other))


def test_data_shorter_than_a_window_are_refused(split: TokenSplit) -> None:
    with pytest.raises(RecipeError, match="201 tokens"):
        Loader([Mixed(split)], length=300, batch=1, seed=0)
