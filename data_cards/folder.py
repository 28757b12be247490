"""The small files beside the shards: what makes a folder a dataset for `datasets`, and every form of the card."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.files import digest_of
from curation.shards import FileRecord
from data_cards.card import PAGES, render_page
from data_cards.croissant import croissant
from data_cards.facts import CardFacts
from data_cards.lineage import lineage

__all__ = ["dataset_texts"]


def dataset_texts(facts: CardFacts, shards: Sequence[FileRecord], schema: pa.Schema) -> dict[str, str]:
    """All of them by path. `shards` are those of the text, with paths relative to the folder."""
    by_split: dict[str, list[FileRecord]] = {}
    for shard in shards:
        by_split.setdefault(shard.path.split("/")[0], []).append(shard)
    suffix = next((shard.path.rpartition(".")[2] for shard in shards), "arrow")
    content = digest_of([shard.sha256 for shard in shards])
    texts = {
        "dataset_dict.json": dataset_dict(by_split),
        "croissant.json": croissant(facts, shards, schema),
        "lineage.jsonl": lineage(facts, content, schema),
        **{page: render_page(page, facts, suffix, content) for page in PAGES},
    }
    for split, files in by_split.items():
        texts[f"{split}/state.json"] = dataset_state(split, files)
        texts[f"{split}/dataset_info.json"] = dataset_info(schema, facts)
    return texts


def dataset_dict(splits: Mapping[str, Sequence[FileRecord]]) -> str:
    return _json({"splits": list(splits)})


def dataset_state(split: str, shards: Sequence[FileRecord]) -> str:
    """All seven keys that `load_from_disk` needs; the fingerprint is made from the shards' checksums."""
    digest = hashlib.sha256("".join(shard.sha256 for shard in shards).encode()).hexdigest()
    state = {
        "_data_files": [{"filename": shard.path.rpartition("/")[2]} for shard in shards],
        "_fingerprint": digest[:16],
        "_format_columns": None,
        "_format_kwargs": {},
        "_format_type": None,
        "_output_all_columns": False,
        "_split": split,
    }
    return _json(state)


def dataset_info(schema: pa.Schema, facts: CardFacts) -> str:
    features = {field.name: {"dtype": str(field.type), "_type": "Value"} for field in schema}
    return _json(
        {
            "citation": facts.human["citation"],
            "description": facts.human["description"],
            "features": features,
            "homepage": facts.human["homepage"],
            "license": facts.human["license"],
        }
    )


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
