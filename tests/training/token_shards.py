"""Token shards for tests, written as the tokenise stage writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from curation.files import checksum
from curation.manifest import Manifest
from curation.schema import document_id
from curation.shards import FileRecord
from curation.tokens.shard import token_batch

Document = tuple[int, Sequence[int]]  # UTF-8 bytes, tokens with the end mark


def write_tokens(
    root: Path,
    splits: dict[str, list[list[Document]]],
    *,
    vocab_size: int,
    eos_id: int = 0,
    dtype: str = "uint16",
    tokenizer: dict[str, str] | None = None,
) -> Path:
    """A tokens folder: for every split its shards, for every shard its documents."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "tokenizer").mkdir(exist_ok=True)
    for name, text in (tokenizer or {"tokenizer.json": "{}"}).items():
        (root / "tokenizer" / name).write_text(text)
    records = [
        _write_shard(root, f"{split}/tokens-{number:05d}-of-{len(shards):05d}.arrow", documents, dtype)
        for split, shards in splits.items()
        for number, documents in enumerate(shards)
    ]
    facts = {
        "tokenizer": {
            "name": "test",
            "sha256": checksum(root / "tokenizer" / "tokenizer.json"),
            "vocab_size": vocab_size,
            "eos_id": eos_id,
        },
        "dtype": dtype,
        "splits": {split: _counts([d for shard in shards for d in shard]) for split, shards in splits.items()},
        "dataset": "0" * 64,
    }
    Manifest(stage="tokens", fingerprint="0" * 64, files=tuple(records), counts={}, facts=facts).sealed().write(
        root / "manifest.json"
    )
    return root


def _counts(documents: list[Document]) -> dict[str, int]:
    return {
        "documents": len(documents),
        "tokens": sum(len(tokens) for _, tokens in documents),
        "bytes": sum(size for size, _ in documents),
    }


def _write_shard(root: Path, path: str, documents: list[Document], dtype: str) -> FileRecord:
    ids = pa.array([document_id(path, str(row)) for row in range(len(documents))])
    sizes = pa.array([size for size, _ in documents], pa.int64())
    offsets = np.cumsum([0, *(len(tokens) for _, tokens in documents)])
    flat = np.concatenate([np.asarray(tokens, dtype) for _, tokens in documents])
    batch = token_batch(ids, pa.array(["test"] * len(ids)), sizes, flat, offsets, "0" * 64)
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    with pa.OSFile(str(root / path), "wb") as file, pa.ipc.new_stream(file, batch.schema) as stream:
        stream.write_batch(batch)
    data = (root / path).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    return FileRecord(path=path, bytes=len(data), sha256=digest, rows=len(documents), batches=1)


ALPHABET = "\0 abcdefghijklmnopqrstuvwxyz.,"


def letters_tokenizer() -> dict[str, str]:
    """A tokenizer folder with one token a character; id 0 ends a document."""
    vocabulary = {character if character != "\0" else "<end>": number for number, character in enumerate(ALPHABET)}
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<end>"}
    end = {
        "id": 0,
        "content": "<end>",
        "single_word": False,
        "lstrip": False,
        "rstrip": False,
        "normalized": False,
        "special": True,
    }
    description = {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [end],
        "normalizer": None,
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": "."}, "behavior": "Isolated", "invert": False},
        "post_processor": None,
        "decoder": {"type": "Fuse"},
        "model": model,
    }
    settings = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": "<end>",
        "pad_token": "<end>",
        "bos_token": "<end>",
        "clean_up_tokenization_spaces": False,
    }
    return {"tokenizer.json": json.dumps(description), "tokenizer_config.json": json.dumps(settings)}


def encode(text: str) -> Document:
    return len(text.encode()), [*(ALPHABET.index(character) for character in text), 0]


def stories(count: int, seed: int) -> list[str]:
    """Small made-up sentences with structure to learn: agreement, fixed phrases, endings."""
    random = np.random.default_rng(seed)
    who = ["the miller", "a farmer", "the old cook", "her brother", "the traveller"]
    does = ["carries", "grinds", "weighs", "sells", "counts"]
    what = ["golden wheat", "dark rye", "oats and barley", "a sack of flour", "seven loaves"]
    where = ["by the river", "in the early morning", "at the market", "behind the mill", "before winter comes"]
    texts = []
    for _ in range(count):
        picks = [[random.choice(words) for words in (who, does, what, where)] for _ in range(random.integers(2, 6))]
        texts.append(" ".join(" ".join(map(str, pick)) + "." for pick in picks))
    return texts


def write_stories(root: Path, *, shards: int = 2, train: int = 300, validation: int = 40) -> Path:
    """A tokens folder of made-up stories, one token a character."""
    documents = [encode(text) for text in stories(train, 1)]
    per = -(-len(documents) // shards)
    splits = {
        "train": [documents[start : start + per] for start in range(0, len(documents), per)],
        "validation": [[encode(text) for text in stories(validation, 2)]],
    }
    return write_tokens(root, splits, vocab_size=len(ALPHABET), tokenizer=letters_tokenizer())
