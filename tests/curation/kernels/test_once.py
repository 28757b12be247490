"""Helpers become machine code within their kernels only; what is kept on disk serves the next process."""

from __future__ import annotations

import json
import operator
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llvmlite import ir
from numba.core import types
from numba.core.compiler import Flags
from numba.core.errors import TypingError
from numba.core.registry import cpu_target

from curation.kernels import jit, once

assert jit.kernel  # who imports it compiles once

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


PAIRS = st.tuples(*[st.sampled_from([types.int64, types.uint8, types.float64, types.boolean, types.literal(3)])] * 2)


@given(st.sampled_from([operator.add, operator.lt, operator.and_, operator.truediv, operator.rshift]), PAIRS)
def test_a_call_has_the_signature_that_numba_gives_it(of: Any, arguments: tuple[Any, Any]) -> None:
    context = cpu_target.typing_context
    context.refresh()
    function = context.resolve_value_type(of)
    try:
        expected = once._signature_of_call(function, context, arguments, {})
    except TypingError:
        with pytest.raises(TypingError):
            function.get_call_type(context, arguments, {})
        return
    assert function.get_call_type(context, arguments, {}) == expected


@pytest.mark.parametrize(
    "kind", [ir.IntType(1), ir.IntType(64), ir.DoubleType(), ir.LiteralStructType([ir.IntType(8)] * 3)]
)
def test_a_type_has_the_size_that_llvm_gives_it(kind: ir.Type) -> None:
    context = cpu_target.target_context
    assert context.get_abi_sizeof(kind) == kind.get_abi_size(context.target_data)


def test_what_was_answered_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    signatures, sizes = dict[Any, Any](), dict[Any, int]()
    monkeypatch.setattr(once, "_signatures", signatures)
    monkeypatch.setattr(once, "_sizes", sizes)
    context, number, target = cpu_target.typing_context, ir.IntType(64), cpu_target.target_context
    context.refresh()
    function = context.resolve_value_type(operator.add)
    first = function.get_call_type(context, (types.int64, types.int64), {}), target.get_abi_sizeof(number)
    assert (list(signatures.values()), list(sizes.values())) == ([first[0]], [first[1]])
    monkeypatch.setattr(once, "_signature_of_call", None)
    monkeypatch.setattr(once, "_size_of_type", None)
    assert first == (function.get_call_type(context, (types.int64, types.int64), {}), target.get_abi_sizeof(number))


def test_what_is_kept_on_disk_holds_no_source(tmp_path: Path) -> None:
    run(tmp_path, "squares")
    kept = list(tmp_path.rglob("*.nbc"))
    assert kept
    assert not [path for path in kept if b"out[k] = square" in path.read_bytes() or b"--- LINE" in path.read_bytes()]


@given(SET, SET)
def test_flags_are_equal_when_all_their_values_are(one: dict[str, bool], other: dict[str, bool]) -> None:
    flags = [Flags(), Flags()]
    for flag, chosen in zip(flags, (one, other), strict=True):
        for name, value in chosen.items():
            setattr(flag, name, value)
    assert once._same_flags(*flags) == (flags[0].values() == flags[1].values())
    assert once._hash_of_flags(flags[0]) == once._hash_of_flags(flags[1])
    assert once._same_flags(flags[0], None) is NotImplemented
