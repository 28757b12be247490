"""What a study will do and how long that may take, from a few steps of its model on made-up tokens."""

from __future__ import annotations

import time
from collections.abc import Iterator

from training.ablation.study import Study

__all__ = ["planned"]

_MEASURING = 0.6  # of the time of training, at the size of the demo


def planned(study: Study, workers: int, device: str) -> Iterator[str]:
    """Lines for people: the question and its hash, the arms, the runs, the time."""
    lrs = len(study.lrs) or 2
    runs = len(study.arms) * (len(study.seeds) + (lrs - 1) * len(study.seeds[: study.other_seeds]))
    sweep = 0 if study.lrs else len(study.sweep)
    yield f"study   {study.name}, {study.digest[:12]}"
    if study.question:
        yield f"asks    {study.question}"
    yield f"arms    {', '.join(arm.name for arm in study.arms)}"
    seeds = (
        "exploratory: fewer than 3 seeds support no verdict" if len(study.seeds) < 3 else f"{len(study.seeds)} seeds"
    )
    yield f"runs    {runs} of {study.budget.tokens:,} tokens: {len(study.arms)} arms, {lrs} learning rates, {seeds}"
    tokens = (runs + sweep) * study.budget.tokens
    rate, processes = _tokens_per_second(study, device), 1 if _kind(device) == "cuda" else workers
    minutes = tokens * (1 + _MEASURING) / rate / processes / 60
    yield f"time    about {minutes:.1f} min for the runs, {processes} at a time on a free {_kind(device)}"


def _kind(device: str) -> str:
    import torch

    return device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"


def _tokens_per_second(study: Study, device: str, steps: int = 3) -> float:
    """Of forward and backward, by one thread's own time on a CPU; the first step is not counted."""
    import torch

    from training.model.config import named
    from training.model.decoder import Decoder

    learner, kind, threads = study.learner, _kind(device), torch.get_num_threads()
    shape = named(learner.size, vocab_size=learner.vocabulary, context=learner.context, **learner.changes)
    model = Decoder(shape)
    model.initialise(0)
    model.to(kind)
    tokens = torch.randint(0, learner.vocabulary, (learner.batch, learner.context), device=kind)
    clock = time.perf_counter if kind == "cuda" else time.process_time
    torch.set_num_threads(1)
    try:
        model(tokens, tokens).backward()
        began = clock()
        for _ in range(steps):
            loss = model(tokens, tokens)
            loss.backward()
        loss.item()  # waits for a GPU
        return steps * tokens.numel() / (clock() - began)
    finally:
        torch.set_num_threads(threads)
