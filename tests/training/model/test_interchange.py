from __future__ import annotations

from pathlib import Path

import pytest
import torch

from curation.errors import ResourceError
from tests.training.token_shards import ALPHABET, letters_tokenizer
from training.model.config import ModelConfig, named
from training.model.decoder import Decoder
from training.model.interchange import export, from_transformers, to_transformers

CONFIGS = {
    "qwen3": named("tiny", vocab_size=len(ALPHABET), context=48),
    "qwen3 with grouped heads, untied": named(
        "tiny", vocab_size=len(ALPHABET), context=48, heads=4, kv_heads=2, head_width=16, tied=False
    ),
    "gpt2": named("gpt2-tiny", vocab_size=len(ALPHABET), context=48),
}


def noisy(config: ModelConfig) -> Decoder:
    """A model whose every tensor, norms and biases too, has something to say."""
    model = Decoder(config)
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2 + (parameter.ndim == 1))
    return model.eval()


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_transformers_computes_the_same_logits(config: ModelConfig) -> None:
    model = noisy(config)
    theirs = to_transformers(dict(model.named_parameters()), config, 0)
    tokens = torch.randint(0, config.vocab_size, (2, 40), generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        torch.testing.assert_close(theirs(tokens).logits, model.logits(tokens), atol=1e-4, rtol=0)


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_transformers_generates_the_same_greedily(config: ModelConfig) -> None:
    model = noisy(config)
    theirs = to_transformers(dict(model.named_parameters()), config, 0)
    tokens = torch.tensor([[3, 4, 5]])
    given = theirs.generate(tokens, do_sample=False, max_new_tokens=30, eos_token_id=None)
    with torch.no_grad():
        for _ in range(30):
            tokens = torch.cat([tokens, model.logits(tokens)[:, -1:].argmax(-1)], 1)
    assert given.tolist() == tokens.tolist()


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
def test_an_exported_model_comes_back_as_it_was(config: ModelConfig, tmp_path: Path) -> None:
    model = noisy(config)
    export(dict(model.named_parameters()), config, tokenizer(tmp_path), 0, tmp_path / "model")
    weights, same = from_transformers(str(tmp_path / "model"))
    assert same == config
    for name, parameter in model.named_parameters():
        assert torch.equal(weights[name][: len(parameter)][: config.vocab_size], parameter[: config.vocab_size]), name


def test_an_export_runs_in_a_pipeline(tmp_path: Path) -> None:
    from transformers import pipeline

    config = CONFIGS["gpt2"]
    export(dict(noisy(config).named_parameters()), config, tokenizer(tmp_path), 0, tmp_path / "model")
    generate = pipeline("text-generation", model=str(tmp_path / "model"), device="cpu")
    given = generate("the mill", max_new_tokens=12, num_return_sequences=2, do_sample=True)
    assert len(given) == 2
    assert all(each["generated_text"].startswith("the mill") for each in given)


def test_a_model_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="a transformers model"):
        from_transformers(str(tmp_path / "nowhere"))


def tokenizer(root: Path) -> Path:
    folder = root / "tokenizer"
    folder.mkdir()
    for name, text in letters_tokenizer().items():
        (folder / name).write_text(text)
    return folder
