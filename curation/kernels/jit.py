"""How kernels are compiled: once, without the GIL, and kept on disk beside the source.

`kernel` is for functions that are called from Python and may allocate. `helper` is for the small functions they call
for every word or character: without numba's reference counting, which would otherwise spend two atomic operations for
each array argument of each call and make a tokeniser three times slower. A helper must not create arrays. `inlined` is
a helper that is never called, only copied in: where LLVM's own judgement leaves a call in a loop over tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

__all__ = ["helper", "inlined", "kernel"]

_njit: Any = njit  # numba's annotations leave out `_nrt`
kernel: Callable[..., Any] = _njit(cache=True, nogil=True)
helper: Callable[..., Any] = _njit(cache=True, nogil=True, _nrt=False)
inlined: Callable[..., Any] = _njit(cache=True, nogil=True, _nrt=False, forceinline=True)
