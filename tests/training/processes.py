"""Runs a function in processes of its own, as torchrun would, without importing torch again."""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable
from typing import Any


def run_ranks(world: int, function: Callable[..., None], *arguments: Any) -> None:
    """Call the function in `world` forked processes with torchrun's environment; fails if one of them does."""
    codes = exit_codes(world, function, *arguments)
    assert codes == [0] * world, f"exit codes {codes}"


def exit_codes(world: int, function: Callable[..., None], *arguments: Any) -> list[int | None]:
    fork = multiprocessing.get_context("fork")
    port = _free_port()
    processes = [fork.Process(target=_call, args=(rank, world, port, function, arguments)) for rank in range(world)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(120)
    return [process.exitcode for process in processes]


def _call(rank: int, world: int, port: int, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world))
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    function(*arguments)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
