"""All runs of a study: in one process on a GPU, in one process a core on CPUs. Finished runs are left alone."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import torch

from curation.errors import ResourceError
from curation.files import write_json
from training.ablation.measures.suite import Detectors
from training.ablation.study import Study
from training.ablation.workbench import POOLED, RunKey, Workbench

__all__ = ["choose_learning_rates", "run_all"]

_bench: Workbench | None = None


def choose_learning_rates(
    root: Path,
    study: Study,
    *,
    device: str = "auto",
    workers: int | None = None,
    quiet: bool = False,
    detectors: Detectors | None = None,
) -> tuple[float, ...]:
    """Those of the study; otherwise the best of the sweep on an equal mix of all arms, and a third of it."""
    tried: dict[str, float] = {}
    lrs = study.lrs
    if not lrs:
        keys = [RunKey(POOLED, lr, study.seeds[0]) for lr in study.sweep]
        _run(root, study, keys, device, workers, quiet, detectors)
        tried = {f"{key.lr:g}": _bits(root, key) for key in keys}
        best = min(keys, key=lambda key: _bits(root, key)).lr
        lrs = (best, best / 3)
    write_json(root / "learning_rates.json", {"lrs": list(lrs), "tried": tried})
    return lrs


def run_all(
    root: Path,
    study: Study,
    lrs: Sequence[float],
    *,
    device: str = "auto",
    workers: int | None = None,
    quiet: bool = False,
    detectors: Detectors | None = None,
) -> None:
    """Every arm at every learning rate with every seed. Seeds come first, so that a study cut short is balanced."""
    pairs = [(lr, seed) for seed in study.seeds for lr in lrs if seed in study.seeds_at(lr, tuple(lrs))]
    keys = [RunKey(arm.name, lr, seed) for lr, seed in pairs for arm in study.arms]
    _run(root, study, keys, device, workers, quiet, detectors)


def _run(
    root: Path,
    study: Study,
    keys: Sequence[RunKey],
    device: str,
    workers: int | None,
    quiet: bool,
    detectors: Detectors | None,
) -> None:
    kind = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
    count = 1 if kind == "cuda" else min(workers or len(os.sched_getaffinity(0)), len(keys))
    work = _in_process if count == 1 else _in_processes
    for done, key in enumerate(work(root, study, keys, kind, count, detectors), 1):
        if not quiet:
            _say(done, len(keys), key)


def _in_process(
    root: Path, study: Study, keys: Sequence[RunKey], kind: str, count: int, detectors: Detectors | None
) -> Iterator[RunKey]:
    if _bench is None or (_bench.root, _bench.study, _bench.detectors) != (root, study, detectors):
        _open(root, study, kind, detectors)
    yield from map(_one, keys)


def _in_processes(
    root: Path, study: Study, keys: Sequence[RunKey], kind: str, count: int, detectors: Detectors | None
) -> Iterable[RunKey]:
    # A forked child inherits torch's threads in an unusable state.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(count, context, _begin, (os.getpid(), root, study, kind, detectors)) as pool:
        futures = [pool.submit(_one, key) for key in keys]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool:
            do = "use fewer --workers and run it again: finished runs are kept"
            raise ResourceError("runs", "a worker that died (out of memory?)", "workers that live", do) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(driver: int, root: Path, study: Study, kind: str, detectors: Detectors | None) -> None:
    """In a worker: leave when the driver is gone, also when it was killed."""

    def watch() -> None:
        while os.getppid() == driver:
            time.sleep(1)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
    _open(root, study, kind, detectors)


def _open(root: Path, study: Study, kind: str, detectors: Detectors | None) -> None:
    global _bench
    _bench = Workbench(root, study, kind, detectors)


def _one(key: RunKey) -> RunKey:
    assert _bench is not None
    if not _bench.finished(key):
        _bench.run(key)
    return key


def _bits(root: Path, key: RunKey) -> float:
    from training.ablation.results import RESULT, run_folder

    found: dict[str, Any] = json.loads((run_folder(root, key.arm, key.lr, key.seed) / RESULT).read_bytes())
    return float(found["metrics"]["bpb"])


def _say(done: int, total: int, key: RunKey) -> None:
    if sys.stderr.isatty():
        end = "\n" if done == total else ""
        sys.stderr.write(f"\rruns {done}/{total}  {key.arm} lr {key.lr:g} seed {key.seed}\x1b[K{end}")
    else:
        entry = {"stage": "runs", "done": done, "units": total, "arm": key.arm, "lr": key.lr, "seed": key.seed}
        sys.stderr.write(json.dumps(entry) + "\n")
    sys.stderr.flush()
