"""How fast a device could be: the data sheet's peak, and a matrix product measured on the spot.

Three well-known trainers printed a wrong share of the peak because a constant stood in the code. So the peak comes from
a table with sources, a device that is not in it has none, and the measured product stands beside it.
"""

from __future__ import annotations

import time

import torch

__all__ = ["PEAKS", "device_name", "matrix_roof", "peak_flops"]

# Dense bf16 tensor-core FLOP/s without sparsity. Sources: NVIDIA data sheets of H200 (2024), H100 (2023), A100 (2021),
# L40S (2023), L4 (2023), DGX B200 (2024, half of the sparse figure); AMD data sheets of MI300X (2023) and
# MI250X (2021).
# The longest matching name wins.
PEAKS: dict[str, float] = {
    "H200": 989.5e12,
    "H100 PCIe": 756e12,
    "H100 NVL": 835e12,
    "H100": 989.5e12,
    "A100": 312e12,
    "L40S": 362e12,
    "L4": 121e12,
    "B200": 2250e12,
    "MI300X": 1307e12,
    "MI250X": 383e12,
}


def device_name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def peak_flops(name: str) -> float | None:
    """The data sheet's bf16 peak of a device by its name, None when the table does not have it."""
    matching = [known for known in PEAKS if known.lower() in name.lower().replace("-", " ").replace("_", " ")]
    return PEAKS[max(matching, key=len)] if matching else None


def matrix_roof(device: torch.device, repeats: int = 20) -> float:
    """FLOP/s of a plain matrix product on random data: bf16 and 8192 wide on a GPU, fp32 and 512 wide on a CPU."""
    width, dtype = (8192, torch.bfloat16) if device.type == "cuda" else (512, torch.float32)
    generator = torch.Generator(device).manual_seed(0)
    left, right = (torch.randn(width, width, device=device, dtype=dtype, generator=generator) for _ in range(2))
    out = left @ right
    _settle(device)
    start = time.perf_counter()
    for _ in range(repeats):
        torch.mm(left, right, out=out)
    _settle(device)
    return repeats * 2 * width**3 / (time.perf_counter() - start)


def _settle(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
