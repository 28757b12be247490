"""Runs a function in processes of its own, as torchrun would, without importing torch again for each.

They are forked from a server that has imported the trainer and done nothing else: a fork of the tests' own process
would inherit locks of threads that torch.compile and others have started there, and may hang.
"""

from __future__ import annotations

import multiprocessing
import os
import socket
from collections.abc import Callable
from typing import Any

_PATIENCE_S = 120
# What a process would import in its first seconds otherwise; DDP wants dynamo, an export the models of transformers.
_PRELOADED = [
    "training.pretrain",
    "training.finetuning.finetune",
    "torch.distributed.fsdp",
    "torch._dynamo",
    "transformers.models.qwen3.modeling_qwen3",
    "transformers.models.gpt2.modeling_gpt2",
]


def run_ranks(world: int, function: Callable[..., None], *arguments: Any) -> None:
    """Call the function in `world` processes with torchrun's environment; fails if one of them does."""
    codes = exit_codes(world, function, *arguments)
    assert codes == [0] * world, f"exit codes {codes}"


def exit_codes(world: int, function: Callable[..., None], *arguments: Any) -> list[int | None]:
    """Exit code of each process, negative for a signal. The function and its arguments must pickle."""
    server = multiprocessing.get_context("forkserver")
    server.set_forkserver_preload(_PRELOADED)
    port = _free_port()
    processes = [server.Process(target=_call, args=(rank, world, port, function, arguments)) for rank in range(world)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(_PATIENCE_S)
        if process.exitcode is None:
            process.kill()
            process.join()
    return [process.exitcode for process in processes]


def _call(rank: int, world: int, port: int, function: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    import torch

    torch.set_num_threads(1)
    os.environ.update(RANK=str(rank), LOCAL_RANK=str(rank), WORLD_SIZE=str(world))
    os.environ.update(MASTER_ADDR="127.0.0.1", MASTER_PORT=str(port))
    function(*arguments)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
