from __future__ import annotations

import itertools
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from curation.errors import RecipeError
from tests.training.processes import run_ranks
from tests.training.token_shards import write_tokens
from training.data.tokens import TokenSplit, open_split
from training.distributed import Ranks, join
from training.evaluation import held_out

ALONE = Ranks(0, 1, torch.device("cpu"))


@pytest.fixture
def split(tmp_path: Path) -> TokenSplit:
    documents = [(10, [1, 2, 3, 0]), (4, [4, 0]), (20, [5, 6, 7, 8, 9, 1, 0])]
    return open_split(
        write_tokens(tmp_path / "tokens", {"test": [documents[:2], documents[2:]]}, vocab_size=10), "test"
    )


def own_value(tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """As if each target cost its own number in nats."""
    return targets.float() * (targets >= 0)


@pytest.mark.parametrize("length", [2, 3, 5, 50])
@pytest.mark.parametrize("windows", [1, 4])
def test_each_token_is_charged_to_its_document_once(split: TokenSplit, length: int, windows: int) -> None:
    found = held_out(own_value, split, length=length, windows=windows, ranks=ALONE)
    assert found.nats.tolist() == [6, 4, 36]
    assert found.tokens.tolist() == [4, 2, 7]
    assert found.bits_per_byte == pytest.approx(46 / math.log(2) / 34)


def test_targets_follow_their_inputs_from_an_end_mark_on(split: TokenSplit) -> None:
    pairs = []

    def watch(tokens: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        pairs.extend((a, b) for a, b in zip(tokens.ravel().tolist(), targets.ravel().tolist(), strict=True) if b >= 0)
        return own_value(tokens, targets)

    held_out(watch, split, length=3, windows=2, ranks=ALONE)
    stream = [0, 1, 2, 3, 0, 4, 0, 5, 6, 7, 8, 9, 1, 0]
    assert pairs == list(itertools.pairwise(stream))


def test_a_limit_takes_whole_documents(split: TokenSplit) -> None:
    assert held_out(own_value, split, length=4, windows=1, ranks=ALONE, limit=8).nats.tolist() == [6, 4]


def test_a_limit_below_a_document_is_refused(split: TokenSplit) -> None:
    with pytest.raises(RecipeError, match="no whole document"):
        held_out(own_value, split, length=4, windows=1, ranks=ALONE, limit=2)


def test_processes_share_the_work_and_agree(split: TokenSplit, tmp_path: Path) -> None:
    run_ranks(2, save_nats, split, tmp_path)
    assert [np.load(tmp_path / f"{rank}.npy").tolist() for rank in range(2)] == [[6, 4, 36]] * 2


def save_nats(split: TokenSplit, to: Path) -> None:
    with join("cpu") as ranks:
        np.save(to / f"{ranks.rank}.npy", held_out(own_value, split, length=3, windows=1, ranks=ranks).nats)
