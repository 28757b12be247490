"""Someone who looks after a block of work in the driver now and then, and can end it as Ctrl-C would."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from curation.errors import GristmillError, ResourceError

__all__ = ["Watch"]


class Watch:
    """Calls `look` every so many seconds while the block runs. An error that it raises ends the block and comes out.

    Only the main thread can be interrupted: elsewhere `look` is called once, when the block has ended.
    """

    def __init__(self, look: Callable[[], None], every: float) -> None:
        self._look, self._every = look, every
        self._ended = threading.Event()
        self._found: GristmillError | None = None
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        main = threading.main_thread()
        if threading.current_thread() is main:
            self._before = signal.signal(signal.SIGUSR1, _interrupt)
            self._thread = threading.Thread(target=self._watch, args=(main.ident,), daemon=True)
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        interrupted = self._end()
        if self._found is not None and (kind is None or issubclass(kind, KeyboardInterrupt)):
            raise self._found from None
        if kind is None:
            self._look()
            if interrupted:
                raise KeyboardInterrupt

    def _end(self) -> bool:
        """Whether an interruption came too late for the block."""
        if self._thread is None:
            return False
        self._ended.set()
        late = False
        try:
            self._thread.join()
            time.sleep(0)
        except KeyboardInterrupt:
            late = True
        signal.signal(signal.SIGUSR1, self._before)
        return late

    def _watch(self, main: int) -> None:
        while not self._ended.wait(self._every):
            try:
                self._look()
            except OSError as error:
                self._found = ResourceError.of(error)
            except GristmillError as error:
                self._found = error
            if self._found is not None:
                signal.pthread_kill(main, signal.SIGUSR1)
                return


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
