"""Beam's workers in this process say goodbye to a job server with tracebacks; those alone are kept off the terminal."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator

__all__ = ["is_goodbye", "quiet_goodbyes"]

_GOODBYE = "Multiplexer hanging up"
_LOGGER = "apache_beam.runners.worker.data_plane"


@contextlib.contextmanager
def quiet_goodbyes() -> Iterator[None]:
    """The job server ends the connection when a job is done; a thread that still listens takes it for a failure."""
    before, logger = threading.excepthook, logging.getLogger(_LOGGER)

    def hook(arguments: threading.ExceptHookArgs) -> None:
        if not is_goodbye(arguments.exc_value):
            before(arguments)

    threading.excepthook = hook
    logger.addFilter(_keep)
    try:
        yield
    finally:
        logger.removeFilter(_keep)
        threading.excepthook = before


def _keep(record: logging.LogRecord) -> bool:
    return not (record.exc_info and is_goodbye(record.exc_info[1]))


def is_goodbye(error: BaseException | None) -> bool:
    """Whether it says no more than that the job server has hung up."""
    return _GOODBYE in str(error)
