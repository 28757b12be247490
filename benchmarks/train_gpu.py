"""Training speed on one GPU: our loop and model, and transformers' GPT2LMHeadModel in the same loop.

    python -m benchmarks.train_gpu                       GPT-2 124M, 1,024 tokens, bf16, beside transformers
    python -m benchmarks.train_gpu --sizes 7m 14m 34m    the sizes of the study
    python -m benchmarks.train_gpu --loader-only         what the loader alone gives on one core

Whole steps are timed: loader, copy to the device, forward, backward, clipping, optimizer. The figure is the median of
single steps after warm-up; share of the peak (MFU) and of a measured matrix product stand beside it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.measure import machine
from tests.training.token_shards import write_tokens
from training.data.loader import Loader
from training.distributed import Ranks
from training.model.config import ModelConfig, named
from training.model.decoder import Decoder
from training.pretrain import open_loader
from training.recipe import TrainRecipe
from training.trainer import Trainer
from training.watch.devices import device_name, matrix_roof, peak_flops

VOCABULARY = 50257
TOKENS = 40_000_000


class Gpt2OfTransformers(nn.Module):
    """GPT2LMHeadModel with the loss as transformers computes it: all logits in fp32. Takes bf16 by autocast."""

    def __init__(self, config: ModelConfig) -> None:
        from transformers import GPT2Config, GPT2LMHeadModel

        super().__init__()
        self.gpt2 = GPT2LMHeadModel(
            GPT2Config(
                vocab_size=config.rows,
                n_positions=config.context,
                n_embd=config.width,
                n_layer=config.layers,
                n_head=config.heads,
                resid_pdrop=0.0,
                embd_pdrop=0.0,
                attn_pdrop=0.0,
                use_cache=False,
            )
        )

    def forward(self, tokens: Tensor, targets: Tensor, mask: Tensor | None = None, *, each: bool = False) -> Tensor:
        with torch.autocast(tokens.device.type, torch.bfloat16):
            logits = self.gpt2(tokens).logits
        return functional.cross_entropy(logits.float().flatten(0, 1), targets.flatten(), reduction="sum")


def main() -> None:
    asked = _arguments()
    with tempfile.TemporaryDirectory() as folder:
        shards = _shards(Path(folder) / "tokens", asked.tokens)
        results: dict[str, Any] = {"loader": _loader_speed(shards, asked)}
        if not asked.loader_only:
            results.update(_device_facts())
            results["runs"] = _runs(shards, asked, results["matrix_roof_tflops"])
    results = {"machine": machine(), "python": platform.python_version(), "torch": torch.__version__, **results}
    print(json.dumps(results, indent=2))
    if asked.out is not None:
        asked.out.parent.mkdir(parents=True, exist_ok=True)
        asked.out.write_text(json.dumps(results, indent=2) + "\n")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["gpt2"])
    parser.add_argument("--context", type=int, default=1024)
    parser.add_argument("--batch", type=int, default=64, help="windows in a step")
    parser.add_argument("--micro-batch", type=int)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--warm-up", type=int, default=20)
    parser.add_argument("--muon", action="store_true")
    parser.add_argument("--no-peer", action="store_true")
    parser.add_argument("--tokens", type=int, default=TOKENS)
    parser.add_argument("--loader-only", action="store_true")
    parser.add_argument("--out", type=Path)
    return parser.parse_args()


def _shards(folder: Path, tokens: int) -> Path:
    """Random tokens in eight shards, in documents of a thousand tokens."""
    random = np.random.default_rng(0)
    each = max(1, tokens // 8000)
    shards = [[(4000, random.integers(1, VOCABULARY, 1000)) for _ in range(each)] for _ in range(8)]
    return write_tokens(folder, {"train": shards}, vocab_size=VOCABULARY)


def _recipe(shards: Path, size: str, asked: argparse.Namespace) -> TrainRecipe:
    optimizer = {"muon": {}} if asked.muon else {}
    return TrainRecipe.model_validate(
        {
            "name": "benchmark",
            "data": [{"path": str(shards), "max_epochs": None}],
            "model": {"size": size},
            "context": asked.context,
            "batch": asked.batch,
            "steps": asked.steps + asked.warm_up,
            "optimizer": optimizer,
            "machine": {"micro_batch": asked.micro_batch},
        }
    )


def _loader_speed(shards: Path, asked: argparse.Namespace) -> dict[str, Any]:
    """Tokens per CPU second of one core, in batches of the step's size: median and all of five rounds."""
    loader = open_loader(_recipe(shards, "gpt2", asked))
    loader.batch(0)
    steps = max(20, 20_000_000 // (asked.batch * asked.context))
    rates = sorted(_loader_rate(loader, steps) for _ in range(5))
    return {"million_tokens_per_cpu_second": rates[2], "rounds": rates, "load": round(os.getloadavg()[0], 1)}


def _loader_rate(loader: Loader, steps: int) -> float:
    start = time.process_time()
    for step in range(steps):
        loader.batch(step)
    return round(steps * loader.batch_windows * loader.length / (time.process_time() - start) / 1e6, 1)


def _device_facts() -> dict[str, Any]:
    device = torch.device("cuda")
    roof, peak = matrix_roof(device, repeats=50), peak_flops(device_name(device))
    query = ["nvidia-smi", "--query-gpu=power.limit,clocks.max.sm,driver_version", "--format=csv,noheader"]
    return {
        "device": device_name(device),
        "peak_tflops": None if peak is None else peak / 1e12,
        "matrix_roof_tflops": round(roof / 1e12, 1),
        "limits": subprocess.run(query, capture_output=True, text=True, check=False).stdout.strip(),
    }


def _runs(shards: Path, asked: argparse.Namespace, roof_tflops: float) -> list[dict[str, Any]]:
    runs = []
    for size in asked.sizes:
        recipe = _recipe(shards, size, asked)
        config = named(size, vocab_size=VOCABULARY, context=asked.context)
        runs.append(_timed(recipe, config, None, roof_tflops, asked))
        if config.shape == "gpt2" and not asked.no_peer:
            runs.append(_timed(recipe, config, Gpt2OfTransformers(config), roof_tflops, asked))
    return runs


def _timed(
    recipe: TrainRecipe, config: ModelConfig, peer: nn.Module | None, roof_tflops: float, asked: argparse.Namespace
) -> dict[str, Any]:
    torch.cuda.empty_cache()
    torch.cuda.reset_peak_memory_stats()
    device = torch.device("cuda")
    trainer = Trainer(recipe, config, Ranks(0, 1, device), peer)
    began = time.perf_counter()
    seconds = _step_seconds(trainer, open_loader(recipe), asked)
    with torch.device("meta"):
        flops = Decoder(config).flops_per_token(asked.context)
    rate = recipe.tokens_per_step / statistics.median(seconds)
    peak = peak_flops(device_name(device))
    return {
        "model": f"{recipe.model.size} of {'Gristmill' if peer is None else 'transformers'}",
        "optimizer": "muon" if asked.muon and peer is None else "adamw",
        "tokens_per_second": round(rate),
        "tflops": round(rate * flops / 1e12, 1),
        "mfu": None if peak is None else round(rate * flops / peak, 4),
        "of_matrix_roof": round(rate * flops / 1e12 / roof_tflops, 4),
        "peak_memory_gb": round(torch.cuda.max_memory_allocated() / 1e9, 2),
        "steps": len(seconds),
        "slowest_over_median": round(max(seconds) / statistics.median(seconds), 2),
        "whole_run_s": round(time.perf_counter() - began, 1),
    }


def _step_seconds(trainer: Trainer, loader: Loader, asked: argparse.Namespace) -> list[float]:
    """Time between the ends of successive steps, measured on the device so that the host may run ahead."""
    ends = []
    for step in range(asked.warm_up + asked.steps):
        trainer.step(loader, step)
        if step >= asked.warm_up - 1:
            event = torch.cuda.Event(enable_timing=True)
            event.record()
            ends.append(event)
    torch.cuda.synchronize()
    return [first.elapsed_time(second) / 1000 for first, second in itertools.pairwise(ends)]


if __name__ == "__main__":
    main()
