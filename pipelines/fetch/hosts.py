"""Turns of hosts: one request to a host at a time, never sooner after the last one than it wants."""

from __future__ import annotations

import heapq
import threading
import time
from collections import deque
from collections.abc import Iterable

from pipelines.fetch.addresses import Refused
from pipelines.fetch.exchange import origin_of
from pipelines.fetch.targets import Target

__all__ = ["Hosts", "Pace", "host_of"]


class Pace:
    """When each host was last asked, by whoever asked it: for a page, its rules, or because another host led there."""

    def __init__(self) -> None:
        self._last: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str, delay: float) -> None:
        """Return when `delay` seconds have passed since the host was asked before; then it counts as asked."""
        with self._lock:
            now = time.monotonic()
            turn = self._last[host] = max(now, self._last.get(host, now - delay) + delay)
        time.sleep(turn - now)


class Hosts:
    """Queues of addresses by host. `take` waits for a host whose turn it is, `done` says when the next one is."""

    def __init__(self, targets: Iterable[Target]) -> None:
        self._queues: dict[str, deque[Target]] = {}
        self._ready: list[tuple[float, str]] = []
        self._busy = 0
        self._changed = threading.Condition()
        self._stopped = False
        for target in targets:
            self._queues.setdefault(host_of(target.url), deque()).append(target)
        self._ready = [(0.0, host) for host in sorted(self._queues)]

    def take(self) -> tuple[str, Target] | None:
        """(host, target), or None when everything is done."""
        with self._changed:
            while (self._ready or self._busy) and not self._stopped:
                wait = self._ready[0][0] - time.monotonic() if self._ready else None
                if wait is not None and wait <= 0:
                    host = heapq.heappop(self._ready)[1]
                    self._busy += 1
                    return host, self._queues[host].popleft()
                self._changed.wait(wait)
            return None

    def done(self, host: str, delay: float, again: Target | None = None) -> None:
        """Give a host back; `again` is a target that has to be asked for once more."""
        with self._changed:
            self._busy -= 1
            if again is not None:
                self._queues[host].appendleft(again)
            if self._queues[host]:
                heapq.heappush(self._ready, (time.monotonic() + delay, host))
            self._changed.notify_all()

    def stop(self) -> None:
        """Nobody gets another address."""
        with self._changed:
            self._stopped = True
            self._changed.notify_all()


def host_of(url: str) -> str:
    """The name of a host, whatever the port and scheme it is asked by; empty for what is no address of the web."""
    try:
        return origin_of(url)[1].hostname or ""
    except Refused:
        return ""
