from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from curation.errors import ResourceError
from curation.measure.transformer_classifier import TransformerClassifier
from curation.operator import run_operator

pytest.importorskip("torch")
pytest.importorskip("transformers")

TEXTS = ["one two three", None, "", "two " * 500, "three", "one one two", "unheard words", "x" * 1_000_000]


@pytest.fixture(scope="module", params=[1, 2, 3])
def model(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, int]:
    """A tiny classifier with random weights and that many outputs."""
    import torch
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from tokenizers.pre_tokenizers import Whitespace
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = {word: number for number, word in enumerate(["[PAD]", "[UNK]", "one", "two", "three"])}
    tokenizer = Tokenizer(WordLevel(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = Whitespace()
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]")
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=5,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        num_labels=request.param,
        initializer_range=1.0,
        label2id={f"class {n}": n for n in range(request.param)},
        id2label={n: f"class {n}" for n in range(request.param)},
    )
    folder = tmp_path_factory.mktemp("model")
    BertForSequenceClassification(config).save_pretrained(folder)
    fast.save_pretrained(folder)
    return str(folder), request.param


def operator(model: tuple[str, int], **parameters: object) -> TransformerClassifier:
    target = {"target": "class 2"} if model[1] == 3 else {}
    return TransformerClassifier(**{"model": model[0], "max_tokens": 48, **target, **parameters})


def scores(operator: TransformerClassifier, texts: list[str | None]) -> list[float | None]:
    batch = pa.RecordBatch.from_pydict({"text": pa.array(texts, pa.large_string())})
    return run_operator(operator, batch).column(f"transformer_classifier.{operator.label}").to_pylist()


def test_every_document_with_text_gets_a_score(model: tuple[str, int]) -> None:
    found = scores(operator(model, label="quality"), TEXTS)
    assert [score is None for score in found] == [not text for text in TEXTS]
    assert len({score for score in found if score is not None}) > 2
    if model[1] > 1:
        assert all(0 <= score <= 1 for score in found if score is not None)


def test_neighbours_do_not_change_a_score(model: tuple[str, int]) -> None:
    alone = operator(model)
    assert scores(alone, TEXTS) == [scores(alone, [text])[0] for text in TEXTS]


def test_larger_batches_change_scores_by_rounding_only(model: tuple[str, int]) -> None:
    alone, together = (np.array(scores(operator(model, batch_size=size), TEXTS), float) for size in (1, 4))
    np.testing.assert_allclose(alone, together, atol=1e-5)


def test_the_operator_pickles_and_the_fingerprint_covers_the_weights(model: tuple[str, int]) -> None:
    again = pickle.loads(pickle.dumps(operator(model)))
    again.open()
    assert scores(again, TEXTS) == scores(operator(model), TEXTS)
    assert str(Path(model[0]) / "model.safetensors") in again.resources()


def test_an_unknown_class_or_folder_is_an_error_of_resources(model: tuple[str, int], tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="class 0"):
        scores(operator(model, target="no such class"), ["one"])
    with pytest.raises(ResourceError, match="while loading"):
        TransformerClassifier(model=str(tmp_path)).open()


def test_the_module_does_not_import_torch() -> None:
    code = "import sys, curation.measure.transformer_classifier; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
