from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from training.model import loss
from training.model.loss import IGNORED, summed_cross_entropy, token_losses


@pytest.fixture
def parts(monkeypatch: pytest.MonkeyPatch):
    """States, a head with 6 padding rows, and targets of which some are ignored, in chunks of 5."""
    monkeypatch.setattr(loss, "chunk_rows", lambda device: 5)
    torch.manual_seed(0)
    targets = torch.randint(0, 20, (13,))
    targets[::4] = IGNORED
    return torch.randn(13, 8, requires_grad=True), torch.randn(26, 8, requires_grad=True), targets


def test_loss_and_gradients_are_those_of_the_whole_product(parts) -> None:
    states, head, targets = parts
    expected = functional.cross_entropy(states @ head[:20].T, targets, ignore_index=IGNORED, reduction="sum")
    wanted = torch.autograd.grad(expected * 3, (states, head))
    found = summed_cross_entropy(states, head, targets, 20)
    given = torch.autograd.grad(found * 3, (states, head))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(given, wanted)


def test_padding_rows_are_never_predicted(parts) -> None:
    states, head, targets = parts
    with torch.no_grad():
        head[20:] += 100
        assert token_losses(states, head, targets, 20).max() < 50


def test_losses_of_each_target_add_up(parts) -> None:
    states, head, targets = parts
    with torch.no_grad():
        each = token_losses(states, head, targets, 20)
        torch.testing.assert_close(each.sum(), summed_cross_entropy(states, head, targets, 20))
    assert (each[targets == IGNORED] == 0).all()
