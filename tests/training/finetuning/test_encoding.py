from __future__ import annotations

from pathlib import Path

import pytest

from tests.training.token_shards import ALPHABET, letters_tokenizer
from training.finetuning.encoding import Encoder, collate, targets
from training.finetuning.examples import Example
from training.model.loss import IGNORED


@pytest.fixture
def tokenizer(tmp_path: Path):
    from transformers import AutoTokenizer

    for name, text in letters_tokenizer().items():
        (tmp_path / name).write_text(text)
    return AutoTokenizer.from_pretrained(tmp_path)


def ids(text: str) -> list[int]:
    return [ALPHABET.index(character) for character in text]


def test_a_loss_counts_the_response_and_its_end_only(tokenizer) -> None:
    found = Encoder(tokenizer, "generate", 20, seq2seq=False).encode(Example("1", "ab", "cd"))
    assert found.inputs == [*ids("abcd"), 0]
    assert found.labels == [IGNORED, IGNORED, *ids("cd"), 0]


def test_a_long_prompt_loses_its_beginning_and_never_the_response(tokenizer) -> None:
    found = Encoder(tokenizer, "generate", 6, seq2seq=False).encode(Example("1", "abcdefgh", "xy"))
    assert found.inputs == [*ids("fghxy"), 0]


def test_an_encoder_reads_the_prompt_and_a_decoder_writes_the_response(tokenizer) -> None:
    found = Encoder(tokenizer, "summarise", 20, seq2seq=True).encode(Example("1", "ab", "c"))
    assert (found.inputs, found.labels) == ([*ids("ab"), 0], [*ids("c"), 0])


def test_a_span_is_found_behind_the_question(tokenizer) -> None:
    encoder = Encoder(tokenizer, "extract", 20, seq2seq=False)
    example = Example("1", "q.", "rye", "oats, rye, wheat")
    found = encoder.encode(example)
    assert found.labels == [8, 10]
    assert encoder.span_text(example, 8, 10) == "rye"
    assert encoder.span_text(example, 0, 1) == ""


def test_batches_count_their_targets(tokenizer) -> None:
    encoder = Encoder(tokenizer, "generate", 20, seq2seq=False)
    rows = [encoder.encode(Example("1", "ab", "cd")), encoder.encode(Example("2", "a", "c"))]
    batch = collate(rows, 0)
    assert batch["attention_mask"].tolist() == [[1, 1, 1, 1, 1], [1, 1, 1, 0, 0]]
    assert targets(batch, "generate", seq2seq=False) == 5
