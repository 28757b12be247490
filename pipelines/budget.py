"""What a budget of memory and disk means for a run: how many workers, how large batches and steps; is there room."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from curation.errors import LimitError, ResourceError
from curation.limits import Limits
from pipelines.resources import folder_bytes, free_bytes
from pipelines.sizes import show_size

if TYPE_CHECKING:
    from pipelines.estimate import Estimate
    from pipelines.runner import Options

__all__ = ["check_estimate", "memory_of", "within_memory"]

# Anonymous memory of a driver with Beam, and of a worker with its operators' tables: set high, so that a budget holds
# for heavy recipes as well. A light one on 20,000 documents took 179 MiB in all with one worker at work.
DRIVER_BYTES, WORKER_BYTES = 220 << 20, 360 << 20
# Less than this in flight would make waves of a global step without end.
_LEAST_KEYS = 64 << 20
# Keys of a document on the worker that sorts their range, and of as many as fill a range.
_KEY_BYTES, _RANGE_BYTES = 200, 128 << 20
# Operators hold about this many times the text of a batch: its columns, tokens, hashes, and what they rewrite.
_COPIES = 12
_LEAST_BATCH = 1 << 20


def memory_of(workers: int, documents: int) -> int:
    """About what a run with so many workers takes, and documents whose keys are compared."""
    return DRIVER_BYTES + workers * WORKER_BYTES + min(documents * _KEY_BYTES, workers * _RANGE_BYTES)


def within_memory(options: Options, limits: Limits) -> Options:
    """Fewer workers, fewer keys in flight and smaller batches, so that a local run fits; nothing of it changes a byte.

    Raises LimitError where not even one worker fits.
    """
    most = limits.max_memory
    if most is None or not options.is_local:
        return options
    least = DRIVER_BYTES + WORKER_BYTES + _LEAST_KEYS
    if most < least:
        do = "raise it, or use a machine with more memory"
        raise LimitError("limits.max_memory", show_size(most), f"at least {show_size(least)} for one worker", do)
    workers = min(options.workers, (most - DRIVER_BYTES - _LEAST_KEYS) // WORKER_BYTES)
    keys = min(options.memory_bytes, most - DRIVER_BYTES - workers * WORKER_BYTES)
    batch = min(options.batch_bytes, max(_LEAST_BATCH, most // (workers * 4 * _COPIES)))
    return dataclasses.replace(options, workers=workers, memory_bytes=keys, batch_bytes=batch)


def check_estimate(root: Path, estimate: Estimate, limits: Limits) -> None:
    """Raise LimitError or ResourceError where a run that has just begun would not get to its end."""
    do = "make room, choose another directory, or go on with --no-estimate"
    there = folder_bytes(root)
    expected = f"about {show_size(estimate.disk_bytes)} that the run would take, by a sample"
    if limits.max_disk is not None and estimate.disk_bytes > limits.max_disk:
        found = f"a limit of {show_size(limits.max_disk)}"
        raise LimitError("limits.max_disk", found, expected, "raise it, or go on with --no-estimate")
    free = free_bytes(root)
    if free is not None and estimate.disk_bytes - there > free - limits.min_free_disk:
        raise ResourceError(f"run {root}", f"{show_size(free)} free on its disk", expected, do)
