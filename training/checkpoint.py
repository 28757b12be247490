"""Checkpoints that are whole or absent, and say by checksum whether they still are.

    checkpoints/step-00001000/model.safetensors  optimizer.safetensors  state.json

A checkpoint is a folder that is written under a temporary name, synced and renamed. `state.json` holds the step, the
recipe's identity, the hashes of data and tokenizer, the rule of the randomness, and size and sha256 of the files.
Tensors are stored whole and by name, so a run may go on with another number of processes. Randomness needs no saved
state: dropout at a step is seeded by (seed, step, rank), and the loader is a function of the step.
"""

from __future__ import annotations

import errno
import logging
import os
import shutil
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from curation.errors import IntegrityError, ResourceError
from curation.files import TEMPORARY, checksum, write_json
from curation.shards import FileRecord
from training.distributed import Ranks, full_tensor

__all__ = [
    "State",
    "best",
    "checkpoints",
    "latest",
    "load_model",
    "model_tensors",
    "prune",
    "read_state",
    "restore",
    "save",
    "step_seed",
]

logger = logging.getLogger(__name__)

_STATE = "state.json"


class State(BaseModel):
    """What a checkpoint knows besides tensors. `step` is the number of finished steps."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int
    tokens: int
    identity: dict[str, Any]
    data: str
    tokenizer: str
    world: int
    randomness: dict[str, Any]
    versions: dict[str, str]
    model: dict[str, Any] = {}
    metric: float | None = None
    files: tuple[FileRecord, ...] = ()


def step_seed(seed: int, step: int, rank: int) -> int:
    """Seed of all randomness of a step on a process: 63 bits."""
    from training.data.order import key_of

    return key_of("step", seed, step, rank) >> 1


def save(root: Path, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], state: State, ranks: Ranks) -> Path:
    """Write a checkpoint and return its folder. Every process must call it; the first one writes."""
    tensors = {
        "model.safetensors": model_tensors(model),
        "optimizer.safetensors": _optimizer_tensors(model, optimizers),
    }
    folder = root / f"step-{state.step:08d}"
    if ranks.first:
        try:
            _write(folder, tensors, state)
        except (OSError, SafetensorError) as error:
            raise _explained(folder, error) from error
    ranks.wait()
    return folder


def restore(
    folder: Path, state: State, model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], *, sums: bool = True
) -> None:
    """Put a checkpoint's tensors into a model and its optimizers, sharded as they are."""
    for file in state.files:
        file.check(folder, sums=sums)
    load_model(model, load_file(folder / "model.safetensors"))
    _load_optimizers(model, optimizers, load_file(folder / "optimizer.safetensors"))


def checkpoints(root: Path) -> list[Path]:
    """Folders of checkpoints, oldest first."""
    return sorted(path for path in root.glob("step-*") if path.is_dir())


def read_state(folder: Path, *, sums: bool = True) -> State:
    """Raises IntegrityError unless the checkpoint is whole."""
    where = f"checkpoint {folder.name}"
    try:
        state = State.model_validate_json((folder / _STATE).read_bytes())
    except (FileNotFoundError, ValidationError) as error:
        found = f"{type(error).__name__} on {_STATE}"
        raise IntegrityError(where, found, "a whole checkpoint", "remove it; an older one is used") from None
    for file in state.files:
        try:
            file.check(folder, sums=sums)
        except IntegrityError as error:
            found = f"{file.path} with {error.found}"
            raise IntegrityError(where, found, error.expected, "remove it; an older one is used") from None
    return state


def latest(root: Path) -> tuple[Path, State] | None:
    """The newest whole checkpoint. Broken ones are named in a warning; raises if nothing but broken ones is there."""
    folders = checkpoints(root)
    for folder in reversed(folders):
        try:
            return folder, read_state(folder)
        except IntegrityError as error:
            logger.warning("%s", error)
            last = error
    if folders:
        raise last
    return None


def prune(root: Path, keep: int) -> None:
    """Remove all but the last `keep` checkpoints and the one with the least metric."""
    folders = checkpoints(root)
    kept = set(folders[-keep:])
    scored = [(metric, folder) for folder in folders if (metric := _metric(folder)) is not None]
    if scored:
        kept.add(min(scored)[1])
    for folder in folders:
        if folder not in kept:
            shutil.rmtree(folder)


def best(root: Path) -> Path | None:
    """The checkpoint with the least metric."""
    scored = [(metric, folder) for folder in checkpoints(root) if (metric := _metric(folder)) is not None]
    return min(scored)[1] if scored else None


def model_tensors(model: nn.Module) -> dict[str, Tensor]:
    """Whole trained parameters by name, on the CPU; with adapters, the adapters alone. Every process must call it."""
    named = dict(model.named_parameters())
    trained = {name: p for name, p in named.items() if p.requires_grad}
    return {name: _whole(p) for name, p in (trained or named).items()}


def load_model(model: nn.Module, tensors: dict[str, Tensor]) -> None:
    for name, parameter in model.named_parameters():
        if name in tensors:
            _copy_into(parameter.data, tensors[name])


def _whole(tensor: Tensor) -> Tensor:
    return full_tensor(tensor.detach()).cpu().contiguous()


def _optimizer_tensors(model: nn.Module, optimizers: Sequence[torch.optim.Optimizer]) -> dict[str, Tensor]:
    names = {id(p): name for name, p in model.named_parameters()}
    tensors = {}
    for number, optimizer in enumerate(optimizers):
        for parameter, values in optimizer.state.items():
            for key, value in values.items():
                tensors[f"{number}/{key}/{names[id(parameter)]}"] = _whole(torch.as_tensor(value))
    return tensors


def _load_optimizers(model: nn.Module, optimizers: Sequence[torch.optim.Optimizer], tensors: dict[str, Tensor]) -> None:
    parameters = dict(model.named_parameters())
    for place, tensor in tensors.items():
        number, key, name = place.split("/", 2)
        parameter = parameters[name]
        state = optimizers[int(number)].state[parameter]
        if tensor.ndim == 0:
            # AdamW's fused kernel wants its step count beside the weights.
            state[key] = tensor.to(parameter.device)
        else:
            state[key] = torch.zeros_like(parameter.data)
            _copy_into(state[key], tensor)


def _copy_into(target: Tensor, whole: Tensor) -> None:
    from torch.distributed.tensor import DTensor, distribute_tensor

    if isinstance(target, DTensor):
        whole = whole.to(target.to_local().device, target.dtype)
        # Every process has read the file, so none needs to be told.
        target.copy_(distribute_tensor(whole, target.device_mesh, target.placements, src_data_rank=None))
    else:
        target.copy_(whole)


def _write(folder: Path, tensors: dict[str, dict[str, Tensor]], state: State) -> None:
    temporary = folder.with_name(f"{TEMPORARY}{folder.name}-{uuid.uuid4().hex[:12]}")
    temporary.mkdir(parents=True)
    try:
        for name, content in tensors.items():
            save_file(content, temporary / name)
            _sync(temporary / name)
        records = tuple(_record(temporary, name) for name in tensors)
        write_json(temporary / _STATE, state.model_copy(update={"files": records}).model_dump(mode="json"))
        shutil.rmtree(folder, ignore_errors=True)
        temporary.rename(folder)
        _sync(folder.parent)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _record(folder: Path, name: str) -> FileRecord:
    return FileRecord(path=name, bytes=(folder / name).stat().st_size, sha256=checksum(folder / name))


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _metric(folder: Path) -> float | None:
    try:
        return State.model_validate_json((folder / _STATE).read_bytes()).metric
    except (FileNotFoundError, ValidationError):
        return None


def _explained(folder: Path, error: Exception) -> ResourceError:
    """A full disk by its own name; safetensors tells it only in words."""
    where, do = f"checkpoint {folder.name}", "and run the command again; the last checkpoint is whole"
    if getattr(error, "errno", None) == errno.ENOSPC or f"os error {errno.ENOSPC}" in str(error):
        free = shutil.disk_usage(folder.parent).free
        return ResourceError(where, f"a full disk ({free:,} bytes free)", "room to write it", f"free space {do}")
    return ResourceError(where, str(error), "a folder that can be written", f"mend it {do}")
