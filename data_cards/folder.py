"""The small files that make a folder of Arrow shards a dataset for `datasets`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from curation.shards import FileRecord
from data_cards.facts import CardFacts

__all__ = ["dataset_dict", "dataset_info", "dataset_state"]


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
