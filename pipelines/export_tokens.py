"""Token shards in the layouts of other trainers: nanoGPT, Megatron, MosaicML streaming.

Layouts are written from their published readers: nanoGPT's `.bin` is the bare array; Megatron's `.idx` names the
sequences of its `.bin`; an MDS shard is a header of offsets, a description of its columns, and the samples.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from curation.errors import RecipeError, ResourceError, nearest
from curation.files import whole_file
from training.data.plan import open_splits
from training.data.tokens import TokenSplit

__all__ = ["export_tokens"]

Documents = Iterator[tuple[str, npt.NDArray[Any]]]

_MEGATRON_MAGIC, _MEGATRON_TYPES = b"MMIDIDX\x00\x00", {"uint16": 8, "int32": 4}
_MDS_LIMIT = 1 << 26
_NANOGPT_NAMES = {"validation": "val"}


def export_tokens(path: Path, kind: str, to: Path, length: int | None = None) -> dict[str, int]:
    """Every split of a run or dataset in the order and as often as its mixture says; returns tokens by split.

    `length` packs MDS samples of that many tokens and leaves out the rest; without it a sample is a document.
    """
    if kind not in _KINDS:
        raise RecipeError("--format", f"`{kind}`", "a known format", nearest(kind, _KINDS))
    written = {}
    for split in open_splits(path):
        write = _KINDS[kind]
        written[split.name] = write(split, to, length)
    return written


def _nanogpt(split: TokenSplit, to: Path, length: int | None) -> int:
    if split.facts.dtype != "uint16":
        found = f"a vocabulary of {split.tokenizer.vocab_size:,}"
        raise ResourceError("nanogpt", found, "at most 65,536, for its files are uint16", "choose another format")
    with whole_file(to / f"{_NANOGPT_NAMES.get(split.name, split.name)}.bin") as file:
        return sum(_put(file, tokens) for _, tokens in split.documents_in_order())


def _put(file: IO[bytes], tokens: npt.NDArray[Any]) -> int:
    file.write(np.ascontiguousarray(tokens).data)
    return len(tokens)


def _megatron(split: TokenSplit, to: Path, length: int | None) -> int:
    """One sequence a document. Token types are those that Megatron knows: uint16 and int32."""
    dtype = "uint16" if split.facts.dtype == "uint16" else "int32"
    with whole_file(to / f"{split.name}.bin") as file:
        sizes = [_put(file, tokens.astype(dtype)) for _, tokens in split.documents_in_order()]
    lengths = np.array(sizes, np.int32)
    starts = np.concatenate([[0], np.cumsum(lengths[:-1], dtype=np.int64)]) * np.dtype(dtype).itemsize
    with whole_file(to / f"{split.name}.idx") as file:
        file.write(_MEGATRON_MAGIC + struct.pack("<QBQQ", 1, _MEGATRON_TYPES[dtype], len(sizes), len(sizes) + 1))
        for array in (lengths, starts[: len(sizes)].astype(np.int64), np.arange(len(sizes) + 1, dtype=np.int64)):
            file.write(array.tobytes())
    return int(lengths.sum())


def _mds(split: TokenSplit, to: Path, length: int | None) -> int:
    """Columns `id` (of the first document) and `tokens` (bytes of the array; its type stands in the index)."""
    samples = split.documents_in_order() if length is None else _packed(split.documents_in_order(), length)
    columns = {"column_encodings": ["str", "bytes"], "column_names": ["id", "tokens"], "column_sizes": [None, None]}
    config = {**columns, "compression": None, "format": "mds", "hashes": [], "size_limit": _MDS_LIMIT, "version": 2}
    writer = _MdsWriter(to / split.name, config)
    total = 0
    for name, tokens in samples:
        writer.add(name.encode(), tokens.tobytes())
        total += len(tokens)
    writer.finish(split.facts.dtype)
    return total


def _packed(documents: Documents, length: int) -> Documents:
    held: list[npt.NDArray[Any]] = []
    first, size = "", 0
    for name, tokens in documents:
        first = first if size else name
        held, size = [*held, tokens], size + len(tokens)
        if size >= length:
            joined = np.concatenate(held)
            whole = size // length * length
            for start in range(0, whole, length):
                yield first, joined[start : start + length]
                first = name
            held, size = [joined[whole:]], size - whole


class _MdsWriter:
    def __init__(self, folder: Path, config: dict[str, Any]) -> None:
        self._folder, self._config = folder, config
        self._header = json.dumps(config, sort_keys=True).encode()
        self._samples: list[bytes] = []
        self._bytes = 0
        self._shards: list[dict[str, Any]] = []

    def add(self, *values: bytes) -> None:
        sample = np.array([len(value) for value in values], np.uint32).tobytes() + b"".join(values)
        if self._samples and self._bytes + len(sample) + 4 > _MDS_LIMIT:
            self._flush()
        self._samples.append(sample)
        self._bytes += len(sample) + 4

    def finish(self, dtype: str) -> None:
        if self._samples:
            self._flush()
        index = {"shards": self._shards, "version": 2, "token_encoding_type": dtype}
        with whole_file(self._folder / "index.json") as file:
            file.write(json.dumps(index, sort_keys=True).encode())

    def _flush(self) -> None:
        ends = np.cumsum([0, *map(len, self._samples)]) + 4 * (len(self._samples) + 2) + len(self._header)
        data = struct.pack("<I", len(self._samples)) + ends.astype(np.uint32).tobytes() + self._header
        data += b"".join(self._samples)
        name = f"shard.{len(self._shards):05d}.mds"
        with whole_file(self._folder / name) as file:
            file.write(data)
        raw = {"basename": name, "bytes": len(data), "hashes": {}}
        self._shards.append({**self._config, "raw_data": raw, "samples": len(self._samples), "zip_data": None})
        self._samples, self._bytes = [], 0


_KINDS = {"nanogpt": _nanogpt, "megatron": _megatron, "mds": _mds}
