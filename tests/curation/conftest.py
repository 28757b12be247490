"""Settings of the tests of operators and kernels."""

from __future__ import annotations

from hypothesis import settings

# The first example of a test may wait for a kernel to compile.
settings.register_profile("compiled", deadline=None)
settings.load_profile("compiled")
