"""Every measure of a trained model, in order, as plain numbers by name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from training.ablation.measures.canaries import exposure, plan_canaries
from training.ablation.measures.downstream import downstream
from training.ablation.measures.memory import copy_rates, extraction, origins_of
from training.ablation.measures.probes import cloze, copy_score, minimal_pairs
from training.ablation.measures.scoring import Scorer
from training.ablation.measures.text import distances, divergences
from training.ablation.measures.writing import Pen, cut, openings, texts_of
from training.ablation.results import CopiedSpan, SampleText
from training.ablation.study import Study
from training.data.order import key_of
from training.data.tokens import TokenSplit
from training.generation.origins import Origins
from training.model.decoder import Decoder

__all__ = ["VERSION", "Detectors", "Subject", "measure"]

# Rises whenever a number changes for the same model, so that finished runs are measured again.
VERSION = 1

# Rates of what must not be written, from (prompts, continuations): language drift, personal data, markup.
Detectors = Callable[[Sequence[str], Sequence[str]], dict[str, float]]


@dataclass(frozen=True)
class Subject:
    """A trained decoder with what it is measured by: the arm it was trained on, and clean held-out text."""

    decoder: Decoder
    tokenizer: Any
    eos_id: int
    device: torch.device
    train: TokenSplit
    held_out: TokenSplit


def measure(
    subject: Subject, study: Study, detectors: Detectors | None
) -> tuple[dict[str, float], tuple[SampleText, ...]]:
    """Metrics beside held-out likelihood, and the samples to show."""
    context, plan = subject.decoder.config.context, study.measures
    subject.decoder.eval()
    scorer = Scorer(subject.decoder, subject.tokenizer, subject.eos_id, context, subject.device)
    found: dict[str, float] = {}
    if study.canaries is not None:
        found |= exposure(scorer, plan_canaries(study.canaries))
    if plan.probes:
        found |= minimal_pairs(scorer, plan.probes)
        found |= cloze(scorer, _texts(subject, plan.probes, 64), plan.probes)
        found |= copy_score(scorer, subject.decoder.config.vocab_size, plan.probes)
    if plan.downstream:
        texts, folder = _texts(subject, 300, 32), subject.train.tokenizer_folder
        device = subject.device.type
        found |= downstream(subject.decoder, folder, subject.eos_id, texts, plan.downstream, device)
    pen = Pen(subject.decoder, subject.eos_id, subject.device) if plan.samples or plan.extraction else None
    if pen is not None and plan.extraction:
        found |= extraction(pen, subject.train, subject.held_out, plan.extraction, context, study.name)
    if pen is None or not plan.samples:
        return found, ()
    written, samples = _writing(pen, subject, study, detectors)
    return found | written, samples


def _texts(subject: Subject, count: int, length: int) -> list[str]:
    return texts_of(subject.tokenizer, openings(subject.held_out, count, length, "cloze").tolist())


def _writing(
    pen: Pen, subject: Subject, study: Study, detectors: Detectors | None
) -> tuple[dict[str, float], tuple[SampleText, ...]]:
    """Ancestral samples for everything, greedy ones for repetition, both beside what people wrote."""
    plan = study.measures
    rows = openings(subject.held_out, plan.samples, plan.prompt_tokens + plan.sample_tokens, study.name)
    if len(rows) < 2:
        return {}, ()
    prompts, seed = rows[:, : plan.prompt_tokens], key_of("samples", study.name) >> 1
    human = cut(rows[:, plan.prompt_tokens :], subject.eos_id)
    ancestral = cut(pen.write(prompts, plan.sample_tokens, temperature=1, seed=seed), subject.eos_id)
    greedy = cut(pen.write(prompts, plan.sample_tokens, temperature=0, seed=seed), subject.eos_id)
    texts, human_texts = texts_of(subject.tokenizer, ancestral), texts_of(subject.tokenizer, human)
    origins = origins_of(ancestral, subject.train)
    found = distances(ancestral, human) | divergences(ancestral, human, texts, human_texts)
    found["seq_rep_4_greedy_distance"] = distances(greedy, human)["seq_rep_4_distance"]
    found |= copy_rates(origins, ancestral)
    prompt_texts = texts_of(subject.tokenizer, prompts.tolist())
    if detectors is not None:
        found |= detectors(prompt_texts, texts)
    shown = zip(prompt_texts, ancestral, texts, origins, strict=True)
    samples = [_sample(subject, number, seed, *each) for number, each in enumerate(shown) if number < plan.shown]
    return found, tuple(samples)


def _sample(
    subject: Subject, number: int, seed: int, prompt: str, tokens: Sequence[int], text: str, origin: Origins
) -> SampleText:
    ends = np.cumsum([len(piece) for piece in texts_of(subject.tokenizer, [[token] for token in tokens])])
    starts = np.concatenate([[0], ends]) + len(prompt)
    spans = tuple(
        CopiedSpan(
            start=int(starts[span.start]),
            end=min(int(starts[span.start + span.length]), len(prompt) + len(text)),
            document=span.document,
        )
        for span in origin.spans
    )
    return SampleText(number=number, prompt=prompt, text=prompt + text, seed=seed, spans=spans)
