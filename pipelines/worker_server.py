"""Loaded first by the process that workers are forked from."""

from __future__ import annotations

import atexit
import gc
import sys
from types import TracebackType

__all__: list[str] = []


def _say(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    """A worker that begins while its driver ends finds that the locks they share are gone: a missing file without a
    name, and no news. Errors of the work itself go to the driver, not here.
    """
    if not isinstance(error, FileNotFoundError) or error.filename is not None:
        sys.__excepthook__(kind, error, trace)


sys.excepthook = _say
atexit.register(gc.freeze)  # as slim_process has it
