"""What a run takes of this machine: memory of its processes, room on the disk. Measured, and held to the limits."""

from __future__ import annotations

import os
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from curation.errors import LimitError, ResourceError
from curation.limits import Limits
from pipelines.sizes import show_size

__all__ = ["Resources", "folder_bytes", "free_bytes", "tree_bytes"]

_MEMORY_EVERY = 1.0
# Adding up memory (the system walks all pages) or a directory may cost a hundredth of the time.
_SHARE = 100
_GO_ON = "then run the same command to go on"


class Resources:
    """The most memory that was seen, and checks against limits; `look` is meant to be called a few times a second."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self._root, self._limits = root, limits
        self.peak_bytes = 0
        self._memory_due = self._folder_due = 0.0

    def look(self) -> None:
        """Raises LimitError or ResourceError."""
        self._look_at_disk()
        now = time.monotonic()
        if now >= self._memory_due:
            self._look_at_memory()
            self._memory_due = now + max(_MEMORY_EVERY, _SHARE * (time.monotonic() - now))
        if self._limits.max_disk is not None and now >= self._folder_due:
            self._look_at_folder(self._limits.max_disk)
            self._folder_due = now + _SHARE * (time.monotonic() - now)

    def look_again(self) -> None:
        """The same, whenever the last look was: between stages, so that a limit holds however fast they are."""
        if self._limits.max_memory is not None:
            self._memory_due = 0.0
        self._folder_due = 0.0
        self.look()

    def _look_at_disk(self) -> None:
        free, least = free_bytes(self._root), self._limits.min_free_disk
        if free is not None and free < least:
            expected = f"at least {show_size(least)} (limits.min_free_disk)"
            found = f"{show_size(free)} free on its disk"
            raise ResourceError(f"run {self._root}", found, expected, f"free some space, {_GO_ON}")

    def _look_at_memory(self) -> None:
        used, processes = tree_bytes(os.getpid())
        self.peak_bytes = max(self.peak_bytes, used)
        most = self._limits.max_memory
        if most is not None and used > most:
            found, expected = f"{show_size(used)} of memory in {processes} processes", f"at most {show_size(most)}"
            do = f"use fewer --workers or raise limits.max_memory, {_GO_ON}"
            raise LimitError("limits.max_memory", found, expected, do)

    def _look_at_folder(self, most: int) -> None:
        used = folder_bytes(self._root)
        if used > most:
            do = f"raise limits.max_disk, {_GO_ON}"
            found = f"{show_size(used)} in {self._root}"
            raise LimitError("limits.max_disk", found, f"at most {show_size(most)}", do)


def free_bytes(folder: Path) -> int | None:
    """Room on a folder's disk for this user; None where the file system does not say."""
    told = os.statvfs(folder)
    return told.f_bavail * told.f_frsize if told.f_blocks else None


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder, in which others may be at work."""
    total, folders = 0, [str(folder)]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    if entry.is_dir(follow_symlinks=False):
                        folders.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_size
        except FileNotFoundError:  # removed meanwhile
            continue
    return total


def tree_bytes(process: int) -> tuple[int, int]:
    """Memory that only ending a process and its descendants gives back, and how many processes they are.

    Pages of mapped files are left out: the system takes them back when it needs them.
    """
    below = defaultdict(list)
    for number, parent in _parents():
        below[parent].append(number)
    family, total = [process], 0
    for number in family:
        family += below[number]
        total += _own_bytes(number)
    return total, len(family)


def _parents() -> Iterator[tuple[int, int]]:
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                stat = Path(entry.path, "stat").read_text(errors="replace")
            except OSError:  # ended meanwhile
                continue
            yield int(entry.name), int(stat.rpartition(")")[2].split()[1])


def _own_bytes(process: int) -> int:
    """Shared pages count in proportion, anonymous and swapped ones only."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:  # ended meanwhile
        return 0
    sizes = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines[1:])}
    resident = sizes["Pss_Anon"] + sizes.get("Pss_Shmem", 0) if "Pss_Anon" in sizes else sizes.get("Pss", 0)
    return (resident + sizes.get("SwapPss", 0)) << 10
