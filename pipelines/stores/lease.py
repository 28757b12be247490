"""One process at a time works on a run in a store: an object that only one can create, and that its holder renews."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from curation.errors import ResourceError
from pipelines.stores.objects import Objects
from pipelines.watch import Watch

__all__ = ["LOCK", "held"]

LOCK = "lock"
_RENEW, _STALE = 30.0, 300.0


@contextlib.contextmanager
def held(objects: Objects) -> Iterator[None]:
    """Hold the run while the block runs. Raises ResourceError naming the holder, also when another took it over.

    A holder that was killed on this machine, or has not renewed its object for five minutes, is followed by the next
    number: of two who want to follow, the store lets one create it.
    """
    mine = {"pid": os.getpid(), "host": socket.gethostname(), "key": secrets.token_hex(8)}
    number = _taken(objects, mine)
    lease = _Lease(objects, number, mine)
    try:
        with Watch(lease.look, 1.0):
            yield
    finally:
        lease.release()


def _taken(objects: Objects, mine: dict[str, Any]) -> int:
    for _ in range(3):
        last = max(_numbers(objects), default=0)
        holder = _holder(objects, last) if last else None
        if holder is not None and _lives(holder):
            raise _busy(objects, holder)
        if objects.create(_name(last + 1), _packed(mine)):
            return last + 1
    raise _busy(objects, {})


def _busy(objects: Objects, holder: dict[str, Any]) -> ResourceError:
    who = f"process {holder['pid']} on {holder['host']}" if holder else "by another process"
    do = f"wait for it, or choose another address; one that died elsewhere is followed after {_STALE / 60:.0f} minutes"
    return ResourceError(objects.address, f"a run in progress ({who})", "a free run", do)


def _numbers(objects: Objects) -> list[int]:
    return [int(name.removesuffix(".json")) for name in objects.names(LOCK) if name.removesuffix(".json").isdigit()]


def _holder(objects: Objects, number: int) -> dict[str, Any] | None:
    data = objects.read(_name(number))
    try:
        return dict(json.loads(data)) if data else None
    except ValueError:
        return None


def _lives(holder: dict[str, Any]) -> bool:
    if holder["host"] == socket.gethostname() and not Path(f"/proc/{holder['pid']}").exists():
        return False
    return bool(time.time() - holder["seen"] < _STALE)


def _name(number: int) -> str:
    return f"{LOCK}/{number:06d}.json"


def _packed(mine: dict[str, Any]) -> bytes:
    return json.dumps({**mine, "seen": round(time.time())}).encode()


class _Lease:
    def __init__(self, objects: Objects, number: int, mine: dict[str, Any]) -> None:
        self._objects, self._number, self._mine = objects, number, mine
        self._due = 0.0

    def look(self) -> None:
        """Renew it now and then. Raises ResourceError where somebody has followed."""
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + _RENEW
        numbers = _numbers(self._objects)
        if max(numbers, default=self._number) > self._number:
            raise _busy(self._objects, _holder(self._objects, max(numbers)) or {})
        self._objects.write(_name(self._number), _packed(self._mine))
        for number in numbers:
            if number < self._number:
                self._objects.remove(_name(number))

    def release(self) -> None:
        with contextlib.suppress(ResourceError):  # it goes stale by itself; what went wrong has been said
            self._objects.remove(_name(self._number))
