"""Helpers become machine code within their kernels only; what is kept on disk serves the next process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from numba.core.compiler import Flags

from curation.kernels import once

SET = st.dictionaries(st.sampled_from(["nrt", "boundscheck", "release_gil", "forceinline"]), st.booleans())

KERNELS = """
import gc, json, sys
import numpy as np
from numba.core import event
from curation.kernels.jit import helper, kernel

compiled = []
class Listener(event.Listener):
    def on_start(self, started): compiled.append((started.data["dispatcher"].py_func.__name__, gc.isenabled()))
    def on_end(self, ended): pass
event.register("numba:compile", Listener())

@helper
def square(number):
    return number * number

@kernel
def squares(numbers, out):
    for k in range(len(numbers)):
        out[k] = square(numbers[k])

@kernel
def cubes(numbers, out):
    for k in range(len(numbers)):
        out[k] = numbers[k] * square(numbers[k])

found = np.zeros(3, np.int64)
globals()[sys.argv[1]](np.arange(3), found)
code = [each.library.get_pointer_to_function(each.fndesc.llvm_func_name) > 0 for each in square.overloads.values()]
if len(sys.argv) > 2:
    globals()[sys.argv[2]](np.arange(3), found)
print(json.dumps([found.tolist(), compiled, code, gc.isenabled(), "numba.np.linalg" in sys.modules]))
"""


def run(folder: Path, *functions: str) -> tuple[list[int], list[tuple[str, bool]], list[bool], bool, bool]:
    path = folder / "some_kernels.py"
    if not path.exists():
        path.write_text(KERNELS)
    command = [sys.executable, "-c", "import some_kernels", *functions]
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": f"{folder}:{Path.cwd()}"}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    answers, compiled, machine_code, collects, declared = json.loads(ended.stdout)
    return answers, [tuple(each) for each in compiled], machine_code, collects, declared


def test_helpers_have_no_machine_code_and_serve_later_kernels_from_disk(tmp_path: Path) -> None:
    # "squares" compiles both, and nothing looks for cycles meanwhile; it does again afterwards.
    assert run(tmp_path, "squares") == ([0, 1, 4], [("squares", False), ("square", False)], [False], True, True)
    assert run(tmp_path, "squares") == ([0, 1, 4], [], [], True, False)  # the kernel is whole
    assert run(tmp_path, "cubes") == ([0, 1, 8], [("cubes", False)], [False], True, True)


def test_what_numba_needs_for_compiling_is_declared_when_something_is_compiled(tmp_path: Path) -> None:
    run(tmp_path, "squares")
    assert run(tmp_path, "squares", "cubes") == ([0, 1, 8], [("cubes", False)], [], True, True)


@given(SET, SET)
def test_flags_are_equal_when_all_their_values_are(one: dict[str, bool], other: dict[str, bool]) -> None:
    flags = [Flags(), Flags()]
    for flag, chosen in zip(flags, (one, other), strict=True):
        for name, value in chosen.items():
            setattr(flag, name, value)
    assert once._same_flags(*flags) == (flags[0].values() == flags[1].values())
    assert once._hash_of_flags(flags[0]) == once._hash_of_flags(flags[1])
    assert once._same_flags(flags[0], None) is NotImplemented
