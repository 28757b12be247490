"""A run's files between its scratch directory and a store: what a receipt names first, then it, manifests last.

So an object that says "finished" is there only when all that it speaks of is, wherever the process was killed.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from curation.errors import IntegrityError
from curation.files import TEMPORARY
from curation.manifest import MANIFEST, Manifest, Receipt
from pipelines.status import STAGES
from pipelines.stores.lease import LOCK
from pipelines.stores.objects import Objects

__all__ = ["Mirror"]

# Times, the lock of the scratch directory, and the lock of the store are nobody else's.
_OWN = ("logs", "run.lock", LOCK)
_RECIPE, _END = "recipe.resolved.yaml", f"dataset/{MANIFEST}"
# Where objects that the run has not left are removed, as they are on a disk.
_FOLDERS = (*STAGES, "receipts", "quarantine", "dataset")


class Mirror:
    """`there` are objects that are known to be what the scratch directory holds: receipts and manifests by content."""

    def __init__(self, objects: Objects, root: Path) -> None:
        self._objects, self._root = objects, root
        self._sizes = {name: size for name, size in objects.sizes().items() if not name.startswith(f"{LOCK}/")}
        self._said: dict[str, bytes] = {}
        self._same: set[str] = set()

    def pull(self) -> int:
        """Bring what is finished in the store and lacking here; returns how many files were fetched."""
        fetched = 0
        for name in sorted(name for name in self._sizes if name.startswith("receipts/")):
            fetched += self._pull_receipt(name)
        for name in sorted(name for name in self._sizes if name.endswith(MANIFEST) and name != _END):
            self._said[name] = self._objects.read(name) or b""
            if not (self._root / name).exists():
                self._objects.download(name, self._root / name)
                fetched += 1
        for name in sorted(name for name in self._sizes if name.startswith(("answers/", "forgotten/"))):
            fetched += self._pull_file(name)
        return fetched

    def _pull_receipt(self, name: str) -> int:
        """A receipt that is other than the one here stays where it is: the stage will say which unit it wants."""
        data = self._objects.read(name) or b""
        try:
            receipt = Receipt.parse(data)
        except ValueError:
            return 0
        path = self._root / name
        if any(self._sizes.get(file.path) != file.bytes for file in receipt.files):
            return 0
        self._said[name] = data
        if path.exists() and path.read_bytes() != data:
            return 0
        fetched = sum(self._pull_file(file.path) for file in receipt.files)
        self._same.update(file.path for file in receipt.files)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._objects.download(name, path)
        return fetched + 1

    def _pull_file(self, name: str) -> int:
        path = self._root / name
        if path.is_file() and path.stat().st_size == self._sizes[name]:
            return 0
        self._objects.download(name, path)
        return 1

    def push_finished(self) -> None:
        """Units that have finished since the last time, then stages. Meant to be called while the run is at work."""
        if (self._root / _RECIPE).is_file():
            self._push(self._root / _RECIPE)
        for path in sorted((self._root / "receipts").rglob("*.json")):
            if not path.name.startswith(TEMPORARY):
                self._push_receipt(path)
        for path in sorted(self._root.rglob(MANIFEST)):
            if not self._name(path).startswith("dataset/") and self._speaks_of_same(path):
                self._push(path)

    def push_all(self) -> None:
        """The finished run: all that is left, and the dataset's manifest after everything else."""
        self.push_finished()
        paths = {self._name(path): path for path in self._files()}
        for name in sorted(paths.keys() - {_END}):
            if name not in self._same and name not in self._said:
                self._push(paths[name])
        for name in self._sizes.keys() - paths.keys():
            if name.split("/")[0] in _FOLDERS:
                self._objects.remove(name)
        self._push(paths[_END])

    def _files(self) -> Iterable[Path]:
        for path in self._root.rglob("*"):
            if path.is_file() and self._name(path).split("/")[0] not in _OWN and not path.name.startswith(TEMPORARY):
                yield path

    def _push_receipt(self, path: Path) -> None:
        name = self._name(path)
        try:
            data = path.read_bytes()
            if self._said.get(name) == data:
                return
            receipt = Receipt.parse(data)
            # First what spoke of other files, so that nothing in the store is ever untrue.
            self._take_back(f"{receipt.stage}/{MANIFEST}")
            self._take_back(name)
            for file in receipt.files:
                self._objects.upload(self._root / file.path, file.path)
                self._same.add(file.path)
        except (FileNotFoundError, ValueError):  # made again meanwhile
            return
        self._write(name, data)

    def _speaks_of_same(self, path: Path) -> bool:
        try:
            manifest = Manifest.read(path)
        except IntegrityError:
            return False
        return all(file.path in self._same for file in manifest.files)

    def _push(self, path: Path) -> None:
        data = path.read_bytes() if path.stat().st_size < 1 << 20 or path.name == MANIFEST else None
        name = self._name(path)
        if data is None:
            self._take_back(_END)
            self._objects.upload(path, name)
        elif self._said.get(name) != data and not self._is_there(name, data):
            self._write(name, data)
        else:
            self._said[name] = data

    def _is_there(self, name: str, data: bytes) -> bool:
        return self._sizes.get(name) == len(data) and self._objects.read(name) == data

    def _write(self, name: str, data: bytes) -> None:
        if name != _END:
            self._take_back(_END)
        self._objects.write(name, data)
        self._said[name] = data

    def _take_back(self, name: str) -> None:
        """Remove a word of the store that is about to be untrue."""
        self._said.pop(name, None)
        if self._sizes.pop(name, None) is not None:
            self._objects.remove(name)

    def _name(self, path: Path) -> str:
        return path.relative_to(self._root).as_posix()
