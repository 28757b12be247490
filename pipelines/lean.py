"""What a process of ours does without, to start sooner and run lighter."""

from __future__ import annotations

import atexit
import ctypes
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.abc import MetaPathFinder

__all__ = ["slim_process", "without"]

# Parameters of mallopt(3), and bytes: arrays of a batch come from memory that the process keeps, instead of being
# mapped, faulted in page by page, and given back a thousand times.
_MALLOPT = {-3: 32 << 20, -1: 256 << 20, -2: 16 << 20}  # M_MMAP_THRESHOLD, M_TRIM_THRESHOLD, M_TOP_PAD

# When Python looks for cycles: importing makes a million objects, which all stay.
_COLLECT = (10_000, 50, 100)


@contextmanager
def without(*names: str) -> Iterator[None]:
    """Modules that are not imported yet, and those within, look as if they were not installed while the block runs."""
    absent = _Absent(names)
    sys.meta_path.insert(0, absent)
    try:
        yield
    finally:
        sys.meta_path.remove(absent)


class _Absent(MetaPathFinder):
    def __init__(self, names: tuple[str, ...]) -> None:
        self._names = names

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if any(f"{name}.".startswith(f"{absent}.") for absent in self._names):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def slim_process() -> None:
    """For processes that are ours alone, the command line's and the pool's: no pandas, no threads that wait for linear
    algebra, memory that stays, and less looking for cycles, which took a twelfth of a short run.

    At the end nothing is taken apart, which took a second. pyarrow imports pandas, a quarter of a second and 50 MB,
    when it makes its first array, and asks only once.
    """
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before numpy is imported
    import pyarrow as pa

    gc.set_threshold(*_COLLECT)
    atexit.register(gc.freeze)
    sys.modules.setdefault("IPython", None)  # type: ignore[arg-type]  # Beam asks whether it runs in a notebook

    with without("pandas"):
        pa.array([0])
    if sys.platform == "linux":
        mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # not in every C library
        for parameter, size in _MALLOPT.items() if mallopt else ():
            mallopt(parameter, size)
