"""Ctrl-C and TERM: both end a run in the same way, with one line and an exit code of their own."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

__all__ = ["INTERRUPTED", "TERMINATED", "one_line_when_interrupted"]

# 128 and the number of the signal, as shells have it.
INTERRUPTED, TERMINATED = 128 + signal.SIGINT, 128 + signal.SIGTERM


@contextmanager
def one_line_when_interrupted() -> Iterator[None]:
    """Exits with 130 after Ctrl-C and with 143 after TERM; what was finished until then stays."""
    code = INTERRUPTED

    def terminate(number: int, frame: FrameType | None) -> None:
        nonlocal code
        code = TERMINATED
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, terminate)
    try:
        yield
    except KeyboardInterrupt:
        word = "interrupted" if code == INTERRUPTED else "terminated"
        sys.stderr.write(f"gristmill: {word}; run the same command to go on\n")
        raise SystemExit(int(code)) from None
    finally:
        signal.signal(signal.SIGTERM, before)
