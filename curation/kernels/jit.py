"""How kernels are compiled: once, without the GIL, and kept on disk beside the source.

`kernel` is for functions that are called from Python and may allocate. `helper` is for the small functions they call
for every word or character: without numba's reference counting, which would otherwise spend two atomic operations for
each array argument of each call and make a tokeniser three times slower. A helper must not create arrays, and cannot be
called from Python. `inlined` is a helper that is never called, only copied in: where LLVM's own judgement leaves a call
in a loop over tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba import njit

from curation.kernels.once import compile_once

__all__ = ["helper", "inlined", "kernel"]

compile_once()

_njit: Any = njit  # numba's annotations leave out `_nrt` and the two wrappers
# Wrappers to call a function from Python and from C take a fifth of the time that compiling takes.
_from_kernels_only = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
kernel: Callable[..., Any] = _njit(cache=True, nogil=True, no_cfunc_wrapper=True)
helper: Callable[..., Any] = _njit(cache=True, nogil=True, _nrt=False, **_from_kernels_only)
inlined: Callable[..., Any] = _njit(cache=True, nogil=True, _nrt=False, forceinline=True, **_from_kernels_only)
