from __future__ import annotations

import shutil

import pytest
import torch

from training.model.config import named
from training.model.decoder import Decoder, document_mask

SHAPES = ["tiny", "gpt2-tiny"]


def decoder(size: str, **changes) -> Decoder:
    model = Decoder(named(size, vocab_size=50, context=16, **changes))
    model.initialise(0)
    return model.eval()


@pytest.mark.parametrize("size", SHAPES)
def test_no_token_sees_what_comes_after_it(size: str) -> None:
    model, tokens = decoder(size), torch.arange(10)[None]
    changed = tokens.clone()
    changed[0, 6:] = 3
    torch.testing.assert_close(model.logits(tokens)[0, :6], model.logits(changed)[0, :6])


@pytest.mark.parametrize("size", SHAPES)
def test_masked_documents_do_not_see_each_other(size: str) -> None:
    model, tokens = decoder(size), torch.tensor([[5, 6, 0, 7, 8, 9]])
    changed = torch.tensor([[1, 2, 0, 7, 8, 9]])
    apart = [model.states(each, document_mask(each, 0))[0, 3:] for each in (tokens, changed)]
    joined = [model.states(each)[0, 3:] for each in (tokens, changed)]
    torch.testing.assert_close(*apart)
    assert (joined[0] != joined[1]).any()


def test_a_mask_of_one_document_changes_nothing() -> None:
    model, tokens = decoder("tiny"), torch.tensor([[5, 6, 7, 8, 9, 0]])
    torch.testing.assert_close(model.states(tokens), model.states(tokens, document_mask(tokens, 0)))


@pytest.mark.parametrize("size", SHAPES)
def test_it_starts_without_an_opinion(size: str) -> None:
    tokens = torch.randint(0, 50, (4, 16), generator=torch.Generator().manual_seed(1))
    loss = decoder(size)(tokens[:, :-1], tokens[:, 1:]) / 60
    assert loss.item() == pytest.approx(torch.log(torch.tensor(50.0)).item(), abs=0.1)


def test_the_same_seed_gives_the_same_weights() -> None:
    first, second = decoder("tiny"), decoder("tiny")
    assert all((a == b).all() for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_gpt2_has_as_many_parameters_as_it_should() -> None:
    with torch.device("meta"):
        model = Decoder(named("gpt2", vocab_size=50257, context=1024))
    assert sum(p.numel() for p in model.parameters()) == 124_439_808 + (50304 - 50257) * 768


def test_flops_of_gpt2_are_those_of_the_reference() -> None:
    with torch.device("meta"):
        model = Decoder(named("gpt2", vocab_size=50257, context=1024))
    assert model.flops_per_token(1024) == pytest.approx(855.2e6, rel=1e-3)


def test_dropout_acts_in_training_only() -> None:
    model, tokens = decoder("tiny", dropout=0.5), torch.arange(10)[None]
    torch.testing.assert_close(model.states(tokens), model.states(tokens))
    model.train()
    assert (model.states(tokens) != model.states(tokens)).any()


def test_bf16_stays_near_fp32() -> None:
    tokens = torch.randint(0, 50, (2, 16), generator=torch.Generator().manual_seed(1))
    exact, rough = decoder("tiny"), decoder("tiny")
    rough.compute_dtype = torch.bfloat16
    losses = [model(tokens[:, :-1], tokens[:, 1:]).item() for model in (exact, rough)]
    assert losses[0] == pytest.approx(losses[1], rel=2e-3)


@pytest.mark.skipif(shutil.which("g++") is None, reason="torch.compile on a CPU needs a C++ compiler")
def test_it_compiles_as_one_graph_and_computes_the_same() -> None:
    model, tokens = decoder("tiny"), torch.randint(0, 50, (2, 9), generator=torch.Generator().manual_seed(1))
    found = []
    for each in (model, torch.compile(model, fullgraph=True)):
        loss = each(tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
        found.append((loss.detach(), *torch.autograd.grad(loss, list(model.parameters()))))
    torch.testing.assert_close(found[0], found[1], rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("size", SHAPES)
def test_attention_runs_a_flash_kernel(size: str) -> None:
    from torch.profiler import ProfilerActivity, profile

    model = Decoder(named(size, vocab_size=512, context=1024, heads=3, head_width=32), compute_dtype=torch.bfloat16)
    model.initialise(0)
    model.cuda()
    tokens = torch.randint(0, 512, (4, 1025), device="cuda")
    compiled = torch.compile(model)
    arguments = (tokens[:, :-1].contiguous(), tokens[:, 1:].contiguous())
    compiled(*arguments).backward()
    with profile(activities=[ProfilerActivity.CUDA]) as profiled:
        compiled(*arguments).backward()
        torch.cuda.synchronize()
    names = " ".join(event.key.lower() for event in profiled.key_averages())
    assert "flash" in names or "cudnn" in names
