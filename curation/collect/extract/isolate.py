"""Extraction in a child process that is killed, and replaced, when a page takes too long or too much memory."""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

import curation
from curation.collect.extract.child import DONE, LENGTH, NO_MEMORY, REFUSED
from curation.errors import DataError

__all__ = ["extract_apart"]

_children = threading.local()
# Wall time is only a net under the CPU limit: a child that sleeps, or a machine that has no time for it.
_WALL = 15
_START_SECONDS = 60
_PIPE_BYTES = 1 << 20


def extract_apart(extractor: str, html: bytes, cpu_seconds: float, memory_bytes: int) -> str:
    """The child's answer to a page (UTF-8) or file. Raises DataError when it was too much; the reason says for what."""
    limits = (os.getpid(), cpu_seconds, memory_bytes)
    child = getattr(_children, "child", None)
    if child is None or child.limits != limits or not child.alive():
        if child is not None:
            child.close()
        child = _children.child = _Child(limits)
    return child.extract(extractor, html)


class _Child:
    """One child of this thread."""

    def __init__(self, limits: tuple[int, float, int]) -> None:
        self.limits = limits
        self._cpu_seconds, self._warm = limits[1], False
        command = [sys.executable, "-m", "curation.collect.extract.child", str(limits[1]), str(limits[2])]
        root = str(Path(curation.__file__).parent.parent)
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )

        _widen(self._process.stdin)
        _widen(self._process.stdout)

    def alive(self) -> bool:
        return self._process.poll() is None

    def extract(self, extractor: str, html: bytes) -> str:
        wall = self._cpu_seconds * _WALL + (0 if self._warm else _START_SECONDS)
        request = extractor.encode() + b"\0" + html
        answer = self._exchange(LENGTH.pack(len(request)) + request, time.monotonic() + wall)
        self._warm = True
        if answer is None:
            raise self._why_it_ended()
        if answer.startswith(DONE):
            return answer[1:].decode()
        if answer.startswith(NO_MEMORY):
            raise DataError("parser_out_of_memory", f"more than {self.limits[2]} bytes of memory")
        if answer.startswith(REFUSED):
            raise DataError(*answer[1:].decode().split(" ", 1))
        raise DataError("parser_failed", answer[1:].decode())

    def _exchange(self, request: bytes, deadline: float) -> bytes | None:
        """The answer, or None if the child ended or did not answer in time."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            # The child reads a request whole before it does anything, so writing cannot wait for reading.
            self._process.stdin.write(request)
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        pipe, answer, wanted = self._process.stdout.fileno(), b"", LENGTH.size
        parts: list[bytes] = []
        while len(answer) < wanted:
            ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
            part = os.read(pipe, 1 << 20) if ready else b""
            if not part:
                return None
            parts.append(part)
            held = sum(map(len, parts))
            if held >= wanted:
                answer = b"".join(parts)
                wanted = LENGTH.size + LENGTH.unpack_from(answer)[0]
        return answer[LENGTH.size :]

    def _why_it_ended(self) -> DataError:
        try:
            code = self._process.wait(0.5)
        except subprocess.TimeoutExpired:
            code = None
        self.close()
        if code is None or code == -signal.SIGPROF:
            return DataError("parser_time_limit", f"more than {self._cpu_seconds} seconds")
        return DataError("parser_crashed", f"the parser's process ended with {code}")

    def close(self) -> None:
        self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        self._process.wait()


def _widen(pipe: IO[bytes] | None) -> None:
    """Room for a whole page in the pipe, where the system allows it: fewer turns between the two processes."""
    if pipe is not None and hasattr(fcntl, "F_SETPIPE_SZ"):
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
