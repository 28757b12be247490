"""Which tokenizer: found by path or hub name, known by its checksum, copied beside the tokens it makes."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.errors import RecipeError, ResourceError
from curation.files import checksum, whole_file
from curation.recipe import TokenOptions
from curation.shards import FileRecord

__all__ = ["END_OF_TEXT", "ChosenTokenizer", "choose_tokenizer"]

END_OF_TEXT = "<|endoftext|>"
_NAMES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
_HUB_NAME = re.compile(r"[\w.-]+(/[\w.-]+)?")


@dataclass(frozen=True)
class ChosenTokenizer:
    """`facts` are name, sha256, vocab_size and eos_id, as manifests hold them."""

    folder: Path
    facts: dict[str, Any]
    special_tokens: bool

    def payload(self, folder: str) -> dict[str, Any]:
        """What a unit is told; `folder` is where it finds the copy."""
        chosen = {name: self.facts[name] for name in ("sha256", "eos_id")}
        return {**chosen, "folder": folder, "special_tokens": self.special_tokens}

    def copy(self, to: Path) -> None:
        """Its files into a folder; those that are there already stay as they are."""
        for name, data in self._files():
            if (to / name).is_file() and (to / name).read_bytes() == data:
                continue
            with whole_file(to / name) as file:
                file.write(data)

    def records(self, folder: str) -> tuple[FileRecord, ...]:
        """The copied files as a manifest names them."""
        return tuple(
            FileRecord(path=f"{folder}/{name}", bytes=len(data), sha256=hashlib.sha256(data).hexdigest())
            for name, data in self._files()
        )

    def _files(self) -> list[tuple[str, bytes]]:
        return [(name, (self.folder / name).read_bytes()) for name in _NAMES if (self.folder / name).is_file()]


def choose_tokenizer(options: TokenOptions) -> ChosenTokenizer:
    """Raises RecipeError for a hub name without a revision, ResourceError for what cannot be found or loaded."""
    folder = Path(options.tokenizer)
    if not folder.is_dir():
        folder = _from_hub(options)
    return ChosenTokenizer(folder, _facts_of(folder, options), options.special_tokens == "ids")


def _from_hub(options: TokenOptions) -> Path:
    name = options.tokenizer
    if not _HUB_NAME.fullmatch(name) or name.startswith("."):
        do = "make one with `gristmill tokenizer train`, or name a folder that transformers can load"
        raise ResourceError(f"tokenizer {name}", "no such folder", "a folder with tokenizer.json", do)
    if options.revision is None:
        raise RecipeError("tokens.revision", "nothing", f"a commit of `{name}` on the hub", "pin it, or name a folder")
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, revision=options.revision, allow_patterns=list(_NAMES)))
    except (ImportError, OSError, ValueError) as error:
        found = f"{type(error).__name__} while looking it up on the hub"
        do = "check the name and the revision, or fetch it to a folder first"
        raise ResourceError(f"tokenizer {name}", found, "a folder or a name on the hub", do) from error


def _facts_of(folder: Path, options: TokenOptions) -> dict[str, Any]:
    path = folder / "tokenizer.json"
    if not path.is_file():
        do = "make one with `gristmill tokenizer train`, or save another kind with AutoTokenizer's save_pretrained"
        raise ResourceError(str(folder), "no tokenizer.json", "a tokenizer folder", do)
    tokenizer = _load(path)
    end = options.end_of_text or _end_of(folder)
    eos_id = tokenizer.token_to_id(end)
    if eos_id is None:
        do = "name it in tokenizer_config.json, or in the recipe as tokens.end_of_text"
        raise ResourceError(str(folder), f"no token `{end}`", "an end-of-text token", do)
    size = 1 + max(tokenizer.get_vocab(with_added_tokens=True).values())
    return {"name": Path(options.tokenizer).name, "sha256": checksum(path), "vocab_size": size, "eos_id": eos_id}


def _end_of(folder: Path) -> str:
    config = folder / "tokenizer_config.json"
    named = json.loads(config.read_bytes()).get("eos_token") if config.is_file() else None
    return str(named["content"] if isinstance(named, dict) else named or END_OF_TEXT)


def _load(path: Path) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise ResourceError(
            "tokens", "no package `tokenizers`", "the extra `train`", 'pip install "gristmill[train]"'
        ) from error
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise ResourceError(str(path), "a file that tokenizers cannot read", "a tokenizer", "save it anew") from error
