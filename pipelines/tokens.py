"""Token shards for the trainer: the documents of a finished dataset, each ending in the end-of-text token.

tokens/tokenizer/                      the tokenizer, as transformers loads it
tokens/<split>/tokens-00000-of-00002.arrow    one record batch: id, bytes of text, tokens (uint16 or uint32)
tokens/manifest.json                   tokenizer, dtype, counts, and the digest of the dataset they were made from
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.errors import ResourceError
from curation.files import checksum, whole_file
from curation.manifest import MANIFEST, Manifest
from curation.shards import FileRecord, read_shard

__all__ = ["END_OF_TEXT", "fit_tokenizer", "tokenize_dataset", "train_tokenizer"]

END_OF_TEXT = "<|endoftext|>"
_NAMES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def train_tokenizer(dataset: Path, to: Path, vocabulary: int, most_bytes: int) -> int:
    """A byte-level BPE tokenizer fitted on the training split's first `most_bytes` of text; returns its vocabulary."""
    return fit_tokenizer(_first_texts(dataset, most_bytes), to, vocabulary)


def fit_tokenizer(texts: Iterable[list[str]], to: Path, vocabulary: int) -> int:
    """A byte-level BPE tokenizer fitted on texts; returns its vocabulary."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token=END_OF_TEXT, clean_up_tokenization_spaces=False
    )
    fast.save_pretrained(str(to))
    return int(tokenizer.get_vocab_size())


def _first_texts(dataset: Path, most_bytes: int) -> Iterator[list[str]]:
    taken = 0
    for file in Manifest.read(dataset / MANIFEST).files:
        if file.path.endswith(".arrow") and taken < most_bytes:
            for batch in read_shard(dataset, file):
                if taken < most_bytes:
                    taken += pc.sum(pc.binary_length(batch.column("text"))).as_py() or 0
                    yield batch.column("text").to_pylist()


def tokenize_dataset(dataset: Path, tokenizer: Path, to: Path | None = None) -> Manifest:
    """Write token shards beside the dataset, or what has changed of them; the manifest comes last."""
    source = Manifest.read(dataset / MANIFEST)
    root = to or dataset / "tokens"
    facts = {"tokenizer": _facts_of(tokenizer), "dataset": source.digest}
    if _is_finished(root, facts):
        return Manifest.read(root / MANIFEST)
    shutil.rmtree(root, ignore_errors=True)
    kind = pa.uint16() if facts["tokenizer"]["vocab_size"] <= 1 << 16 else pa.uint32()
    files, splits = [], {}
    for split, shards in _by_split(source).items():
        splits[split] = {"documents": 0, "tokens": 0, "bytes": 0}
        for number, shard in enumerate(shards):
            path = f"{split}/tokens-{number:05d}-of-{len(shards):05d}.arrow"
            batch = _encoded(dataset, shard, tokenizer, facts["tokenizer"]["eos_id"], kind)
            files.append(_write(root, path, batch))
            splits[split]["documents"] += batch.num_rows
            splits[split]["tokens"] += len(batch.column("tokens").values)
            splits[split]["bytes"] += pc.sum(batch.column("bytes")).as_py() or 0
    files += _copied(tokenizer, root)
    manifest = Manifest(
        stage="tokens",
        fingerprint=source.digest,
        files=tuple(files),
        counts={"documents": source.counts.get("documents", 0)},
        facts={**facts, "dtype": str(kind), "splits": splits},
    ).sealed()
    manifest.write(root / MANIFEST)
    return manifest


def _is_finished(root: Path, facts: dict[str, Any]) -> bool:
    if not (root / MANIFEST).is_file():
        return False
    known = Manifest.read(root / MANIFEST).facts
    return {name: known.get(name) for name in facts} == facts


def _facts_of(folder: Path) -> dict[str, Any]:
    path = folder / "tokenizer.json"
    if not path.is_file():
        do = "make one with `gristmill tokenizer train`, or name a folder that transformers can load"
        raise ResourceError(str(folder), "no tokenizer.json", "a tokenizer folder", do)
    config = folder / "tokenizer_config.json"
    named = json.loads(config.read_bytes()).get("eos_token") if config.is_file() else None
    end = named["content"] if isinstance(named, dict) else named or END_OF_TEXT
    tokenizer = _load(folder)
    eos_id = tokenizer.token_to_id(end)
    if eos_id is None:
        raise ResourceError(
            str(folder), f"no token `{end}`", "an end-of-text token", "name it in tokenizer_config.json"
        )
    size = tokenizer.get_vocab_size()
    return {"name": folder.name, "sha256": checksum(path), "vocab_size": size, "eos_id": eos_id}


def _load(folder: Path) -> Any:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _by_split(manifest: Manifest) -> dict[str, list[FileRecord]]:
    found: dict[str, list[FileRecord]] = {}
    for file in manifest.files:
        if file.path.endswith(".arrow"):
            found.setdefault(file.path.split("/")[0], []).append(file)
    return found


def _encoded(dataset: Path, shard: FileRecord, folder: Path, eos_id: int, kind: pa.DataType) -> pa.RecordBatch:
    """All documents of a shard as one record batch."""
    tokenizer = _load(folder)
    ids, sizes, tokens, ends = [], [], [np.zeros(0, kind.to_pandas_dtype())], [0]
    for batch in read_shard(dataset, shard):
        ids += batch.column("id").to_pylist()
        sizes.append(pc.binary_length(batch.column("text")).cast(pa.int64()).to_numpy())
        for encoding in tokenizer.encode_batch_fast(batch.column("text").to_pylist(), add_special_tokens=False):
            tokens.append(np.array([*encoding.ids, eos_id], kind.to_pandas_dtype()))
            ends.append(ends[-1] + len(tokens[-1]))
    values = pa.array(np.concatenate(tokens), kind)
    lists = pa.ListArray.from_arrays(pa.array(ends, pa.int32()), values)
    lengths = np.concatenate(sizes) if sizes else np.zeros(0, np.int64)
    return pa.RecordBatch.from_arrays([pa.array(ids, pa.string()), pa.array(lengths), lists], ["id", "bytes", "tokens"])


def _write(root: Path, path: str, batch: pa.RecordBatch) -> FileRecord:
    with whole_file(root / path) as file, pa.ipc.new_stream(file, batch.schema) as writer:
        writer.write_batch(batch)
    size = (root / path).stat().st_size
    return FileRecord(path=path, bytes=size, sha256=checksum(root / path), rows=batch.num_rows, batches=1)


def _copied(tokenizer: Path, root: Path) -> list[FileRecord]:
    records = []
    for name in _NAMES:
        if (tokenizer / name).is_file():
            data = (tokenizer / name).read_bytes()
            with whole_file(root / "tokenizer" / name) as file:
                file.write(data)
            digest = hashlib.sha256(data).hexdigest()
            records.append(FileRecord(path=f"tokenizer/{name}", bytes=len(data), sha256=digest))
    return records
