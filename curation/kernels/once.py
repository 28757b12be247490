"""What makes runs start sooner: helpers are optimised and turned into machine code once, within their kernels.

numba does so for every function by itself and once more in all that call it, and nobody ever runs what becomes of a
helper alone. Here a helper stays as it was lowered until a kernel takes it in; on disk it is kept as bitcode. Flags, of
which every look into numba's tables compares two, tell each other apart by what is set and not by all that could be.
The signature of an operator and the size of a type are asked once in a process; what is kept on disk holds no source.
While kernels compile, Python does not look for cycles among a million objects that stay. Where all kernels are on disk,
nothing is declared that numba would need for compiling, which took two thirds of a second.

These are numba's own classes with some steps left out, which no other numba than the one they were tried with need
have: with every other one, all is compiled as numba does it, which takes longer.
"""

from __future__ import annotations

import gc
from typing import Any, ClassVar

import numba
from numba.core import base, caching, codegen, compiler, event, targetconfig
from numba.core.runtime.nrt import rtsys
from numba.core.types import functions

__all__ = ["compile_once"]

_register: Any = event.register
_Library: Any = codegen.JITCodeLibrary
_Codegen: Any = codegen.JITCPUCodegen
_Cache: Any = caching.Cache
_Flags: Any = targetconfig.TargetConfig
_Function: Any = functions.BaseFunction
_Result: Any = compiler.CompileResult
_Context: Any = base.BaseContext
_TRIED = ("0.68.",)
_OF_HELPERS = "no_cpython_wrapper"


def compile_once() -> None:
    """From now on, in this process."""
    _register("numba:compile", _Listener())
    if numba.__version__.startswith(_TRIED) and _Codegen._library_class is _Library:
        _Codegen._library_class, _Codegen.set_env = _Part, _set_env
        _Flags.__hash__, _Flags.__eq__ = _hash_of_flags, _same_flags
        _Cache.load_overload = _load_overload
        _Function.get_call_type, _Context.get_abi_sizeof = _call_type, _size_of
        _Result._reduce = _reduced


class _Listener(event.Listener):
    """Knows what is being compiled: one function within the other, the innermost last, and whether it is a part."""

    parts: ClassVar[list[bool]] = []
    collects: ClassVar[bool] = True

    def on_start(self, started: Any) -> None:
        if not self.parts:
            _Listener.collects = gc.isenabled()
            gc.disable()
        function = started.data["dispatcher"]
        self.parts.append(_OF_HELPERS in function.targetoptions or function.py_func.__module__.startswith("numba."))

    def on_end(self, ended: Any) -> None:
        self.parts.pop()
        if not self.parts and self.collects:
            gc.enable()


class _Part(_Library):  # type: ignore[misc]
    """The code of one function; of a part, nothing but what other libraries link."""

    def __init__(self, generator: Any, name: str) -> None:
        super().__init__(generator, name)
        self._is_part = bool(_Listener.parts and _Listener.parts[-1])

    def _optimize_final_module(self) -> None:
        if not self._is_part:
            super()._optimize_final_module()

    def _finalize_final_module(self) -> None:
        if self._is_part:
            self._finalize_dynamic_globals()
            self._finalized = True
        else:
            super()._finalize_final_module()

    def serialize_using_object_code(self) -> Any:
        return self.serialize_using_bitcode() if self._is_part else super().serialize_using_object_code()

    @classmethod
    def _unserialize(cls, generator: Any, state: Any) -> Any:
        is_part = state[1] == "bitcode"
        _Listener.parts.append(is_part)
        try:
            return super()._unserialize(generator, state)
        finally:
            _Listener.parts.pop()


_set_env_of_all = _Codegen.set_env


def _set_env(self: Any, name: str, environment: Any) -> None:
    """A part has no place in memory, so no environment there."""
    if self._engine._ee.get_global_value_address(name):
        _set_env_of_all(self, name, environment)


_hashes: dict[Any, int] = {}


def _hash_of_flags(self: Any) -> int:
    """As numba has it: of the names alone, so the same for all of a kind."""
    kind = type(self)
    if kind not in _hashes:
        _hashes[kind] = hash(tuple(sorted(self.options)))
    return _hashes[kind]


def _same_flags(self: Any, other: Any) -> Any:
    if not isinstance(other, _Flags):
        return NotImplemented
    if type(self) is not type(other):
        return bool(self.values() == other.values())
    mine, others, options = self._values, other._values, self.options
    return mine == others or all(
        mine.get(name, options[name].default) == others.get(name, options[name].default) for name in {*mine, *others}
    )


def _load_overload(self: Any, signature: Any, context: Any) -> Any:
    """Without declarations and implementations of everything that numba can compile: what was compiled needs none."""
    rtsys.initialize(context)
    with self._guard_against_spurious_io_errors():
        return self._load_overload(signature, context)


_signature_of_call, _signatures = _Function.get_call_type, dict[Any, Any]()


def _call_type(self: Any, context: Any, args: Any, kws: Any) -> Any:
    """The same operator of the same types is looked for once, not in every function that has it."""
    key = self, context, args, tuple(kws.items())
    if key not in _signatures:
        _signatures[key] = _signature_of_call(self, context, args, kws)
    return _signatures[key]


_size_of_type, _sizes = _Context.get_abi_sizeof, dict[Any, int]()


def _size_of(self: Any, kind: Any) -> int:
    """LLVM is asked by a module of its own each time."""
    key = self, kind
    if key not in _sizes:
        _sizes[key] = _size_of_type(self, kind)
    return _sizes[key]


_reduced_with_annotation = _Result._reduce


def _reduced(self: Any) -> Any:
    """Without the source and the types of every line, which nobody reads."""
    return _reduced_with_annotation(self._replace(type_annotation=""))
