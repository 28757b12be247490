"""The run directory: where everything of a run lies, and the lock that lets one process at a time work in it."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import socket
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from curation.errors import ResourceError
from curation.files import sweep, write_json
from curation.manifest import MANIFEST, Manifest

__all__ = ["RunDirectory"]

_PATIENCE, _MOMENT = 100, 0.01


@dataclass(frozen=True)
class RunDirectory:
    root: Path

    @property
    def dataset(self) -> Path:
        return self.root / "dataset"

    @property
    def recipe(self) -> Path:
        return self.root / "recipe.resolved.yaml"

    def manifest_path(self, stage: str) -> Path:
        return self.root / stage / MANIFEST

    def manifest(self, stage: str) -> Manifest:
        return Manifest.read(self.manifest_path(stage))

    def has_manifest(self, stage: str) -> bool:
        return self.manifest_path(stage).is_file()

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the run for this process, and clear what a killed one left. Raises ResourceError naming the holder."""
        self.root.mkdir(parents=True, exist_ok=True)
        with (self.root / "run.lock").open("a+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                do = "wait for it, or choose another run directory"
                found = f"a run in progress ({_holder(file)})"
                raise ResourceError(str(self.root), found, "a free run", do) from None
            file.truncate(0)
            file.write(json.dumps({"pid": os.getpid(), "host": socket.gethostname()}))
            file.flush()
            sweep(self.root)
            yield
            file.truncate(0)

    def keep_only(self, stages: Collection[str]) -> None:
        """Remove steps of groupings that the recipe no longer has, or no longer needs."""
        for base in (self.root, self.root / "receipts"):
            for folder in sorted((base / "dedup").glob("*/*")):
                if folder.relative_to(base).as_posix() not in stages:
                    shutil.rmtree(folder)
            for folder in (base / "dedup").glob("*"):
                if not any(folder.iterdir()):
                    folder.rmdir()

    def remember_inputs(self, cache: dict[str, list[Any]]) -> None:
        write_json(self.root / "logs" / "inputs.json", cache)

    def remembered_inputs(self) -> dict[str, list[Any]]:
        """Checksums of input files already read: path -> [bytes, mtime, sha256]. Lost or broken means read again."""
        try:
            return dict(json.loads((self.root / "logs" / "inputs.json").read_bytes()))
        except (FileNotFoundError, ValueError):
            return {}


def _holder(file: IO[str]) -> str:
    """Who holds the lock. He has it a moment before he has written his name."""
    for _ in range(_PATIENCE):
        file.seek(0)
        try:
            holder = json.loads(file.read())
            if _may_live(holder["pid"], holder["host"]):
                return f"process {holder['pid']} on {holder['host']}"
        except (ValueError, KeyError):
            pass
        time.sleep(_MOMENT)
    return "by an unknown process"


def _may_live(process: int, host: str) -> bool:
    """False for one that was killed on this machine, whose name still stands there."""
    return host != socket.gethostname() or Path(f"/proc/{process}").exists()
