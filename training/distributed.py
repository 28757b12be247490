"""One process or many, under torchrun: who am I, sums over all, and wrapping the model."""

from __future__ import annotations

import contextlib
import gc
import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.distributed as dist
from torch import Tensor, nn

__all__ = ["Ranks", "full_tensor", "join", "shard_again", "wrap"]


@dataclass(frozen=True)
class Ranks:
    """This process among all of them, and the device it computes on."""

    rank: int
    world: int
    device: torch.device

    @property
    def first(self) -> bool:
        return self.rank == 0

    def sum(self, value: Tensor) -> Tensor:
        """The sum over all processes, the same everywhere."""
        if self.world > 1:
            dist.all_reduce(value)
        return value

    def wait(self) -> None:
        if self.world > 1:
            dist.barrier()

    def agree(self, value: Any) -> Any:
        """What the first process holds."""
        if self.world == 1:
            return value
        box = [value]
        dist.broadcast_object_list(box, src=0, device=self.device)
        return box[0]


@contextlib.contextmanager
def join(device: Literal["auto", "cpu", "cuda"] = "auto") -> Iterator[Ranks]:
    """Take the place that torchrun's environment names; alone without it.

    Whatever was wrapped inside the block must be let go of before it ends: gloo's destructor may wait for ever on
    processes that have left, and a wrapped model keeps the process group alive.
    """
    world, rank = int(os.environ.get("WORLD_SIZE", "1")), int(os.environ.get("RANK", "0"))
    kind = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    place = torch.device(kind, int(os.environ.get("LOCAL_RANK", "0"))) if kind == "cuda" else torch.device("cpu")
    if kind == "cuda":
        torch.cuda.set_device(place)
    mine = world > 1 and not dist.is_initialized()
    if mine:
        dist.init_process_group("nccl" if kind == "cuda" else "gloo", rank=rank, world_size=world)
    try:
        yield Ranks(rank, world, place)
    except BaseException as error:
        # The frames of the traceback hold the model.
        traceback.clear_frames(error.__traceback__)
        raise
    finally:
        if mine:
            gc.collect()
            dist.destroy_process_group()


def wrap(model: nn.Module, ranks: Ranks, parallel: Literal["ddp", "fsdp"], compute: torch.dtype) -> nn.Module:
    """The model to call. DDP copies it to every process; FSDP2 shards its weights, worth it above a billion or two."""
    if ranks.world == 1:
        return model
    if parallel == "ddp":
        devices = [ranks.device.index] if ranks.device.type == "cuda" else None
        return nn.parallel.DistributedDataParallel(model, device_ids=devices, gradient_as_bucket_view=True)
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import MixedPrecisionPolicy, fully_shard

    mesh = init_device_mesh(ranks.device.type, (ranks.world,))
    policy = MixedPrecisionPolicy(param_dtype=compute, reduce_dtype=torch.float32)
    for block in model.blocks:  # type: ignore[union-attr]
        fully_shard(block, mesh=mesh, mp_policy=policy)  # type: ignore[arg-type]
    return fully_shard(model, mesh=mesh, mp_policy=policy)


def shard_again(model: nn.Module) -> None:
    """Shard weights that a forward pass without a backward pass has left whole; nothing to do without FSDP2."""
    from torch.distributed.fsdp import FSDPModule

    for module in model.modules():
        if isinstance(module, FSDPModule):
            module.reshard()


def full_tensor(tensor: Tensor) -> Tensor:
    """All of a sharded tensor. Every process must call it, in the same order."""
    from torch.distributed.tensor import DTensor

    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor
