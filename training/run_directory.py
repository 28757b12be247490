"""Where a run keeps what it makes, and the refusal to mix two runs in one place.

recipe.resolved.yaml   every default filled in
identity.json          what decides the weights: recipe, data, tokenizer
checkpoints/           the last ones and the best
log.jsonl  page.html   what happened
model/                 the finished model, for transformers
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from curation.errors import RecipeError, ResourceError
from curation.files import TEMPORARY, digest_of, read_json, whole_file, write_json

__all__ = ["RunDirectory"]


class RunDirectory:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.checkpoints = root / "checkpoints"
        self.log, self.page, self.model = root / "log.jsonl", root / "page.html", root / "model"

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """One run at a time; the lock goes with the process, however it ends."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "lock").open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                do = "wait for it, or choose another folder with --to"
                raise ResourceError(str(self.root), "another run at work here", "a free run directory", do) from None
            for left in (*self.root.glob(f"{TEMPORARY}*"), *self.checkpoints.glob(f"{TEMPORARY}*")):
                shutil.rmtree(left) if left.is_dir() else left.unlink()
            try:
                yield
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                free = shutil.disk_usage(self.root).free
                do = "free space and run the command again; the last checkpoint is whole"
                raise ResourceError(
                    str(self.root), f"a full disk ({free:,} bytes free)", "room to write", do
                ) from error

    def claim(self, recipe: BaseModel, identity: dict[str, Any], resolved: str) -> None:
        """Make the directory this recipe's. Raises RecipeError if it holds a run that would give other weights."""
        path = self.root / "identity.json"
        if path.is_file() and (held := read_json(path)) != identity:
            changed = [key for key in identity if digest_of(held.get(key)) != digest_of(identity[key])]
            found = f"a run with another {', '.join(changed) or 'identity'}"
            do = "choose another folder with --to, or undo the change"
            raise RecipeError(str(self.root), found, f"the run of recipe `{getattr(recipe, 'name', '')}`", do)
        write_json(path, identity)
        with whole_file(self.root / "recipe.resolved.yaml") as file:
            file.write(resolved.encode())
