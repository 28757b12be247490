"""Commands about models: train, finetune, generate, evaluate, rate. Each imports what it needs when it is called."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["evaluate", "finetune", "generate", "rate", "train"]

Recipe = Annotated[Path, typer.Argument(help="A recipe in YAML.")]
Directory = Annotated[Optional[Path], typer.Option("--to", help="Run directory; runs/NAME by default.")]  # noqa: UP045
Set = Annotated[Optional[list[str]], typer.Option("--set", help="Change one value: path=value. May be repeated.")]  # noqa: UP045
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")]
Model = Annotated[str, typer.Argument(help="A run directory, a folder of transformers, or a name on the hub.")]
Device = Annotated[str, typer.Option(help="auto, cpu or cuda.")]


def train(recipe: Recipe, to: Directory = None, set_: Set = None, quiet: Quiet = False) -> None:
    """Pretrain a model on token shards, or what is left to do of it.

    On several GPUs: torchrun --nproc-per-node 8 --no-python gristmill train RECIPE
    """
    from training.pretrain import pretrain
    from training.recipe import TrainRecipe
    from training.recipe_file import load_recipe

    _calm_transformers()
    loaded = load_recipe(TrainRecipe, recipe, set_ or [])
    outcome = pretrain(loaded, to or Path("runs") / loaded.name, quiet=quiet)
    if outcome.first:
        held = "" if outcome.bits_per_byte is None else f", held-out {outcome.bits_per_byte:.4f} bits per byte"
        typer.echo(f"{outcome.root}: {outcome.steps} steps, loss {outcome.loss:.4f}{held}")
        typer.echo(f"model: {outcome.root / 'model'}   curves: {outcome.root / 'page.html'}")


def finetune(recipe: Recipe, to: Directory = None, set_: Set = None, quiet: Quiet = False) -> None:
    """Fine-tune a model on one or several tasks, or what is left to do of it."""
    from training.finetuning.finetune import finetune as run
    from training.finetuning.recipe import FinetuneRecipe
    from training.finetuning.table import score_table
    from training.recipe_file import load_recipe

    _calm_transformers()
    loaded = load_recipe(FinetuneRecipe, recipe, set_ or [])
    root = to or Path("runs") / loaded.name
    scores = run(loaded, root, quiet=quiet)
    if scores:
        typer.echo(score_table(scores))
        typer.echo(f"model: {root / 'model'}   curves: {root / 'page.html'}")


def generate(
    model: Model,
    prompt: Annotated[Optional[list[str]], typer.Option("--prompt", "-p", help="May be repeated.")] = None,  # noqa: UP045
    prompts: Annotated[Optional[Path], typer.Option(help="A file with a prompt a line, or .jsonl.")] = None,  # noqa: UP045
    max_new_tokens: Annotated[Optional[int], typer.Option(help="Tokens to write; 50 by default.")] = None,  # noqa: UP045
    max_length: Annotated[Optional[int], typer.Option(help="Tokens with the prompt's, as in transformers.")] = None,  # noqa: UP045
    num_return_sequences: Annotated[int, typer.Option("--num-return-sequences", "-n", help="Samples a prompt.")] = 1,
    temperature: Annotated[float, typer.Option(help="0 is greedy.")] = 1.0,
    top_k: Annotated[Optional[int], typer.Option(help="Of the k likeliest tokens.")] = None,  # noqa: UP045
    top_p: Annotated[Optional[float], typer.Option(help="Of the likeliest tokens with this much together.")] = None,  # noqa: UP045
    repetition_penalty: Annotated[Optional[float], typer.Option(help="Above 1 repeats less.")] = None,  # noqa: UP045
    seed: Annotated[int, typer.Option(help="Same prompt and seed, same text.")] = 0,
    origins: Annotated[bool, typer.Option(help="Look for the text in the training data.")] = True,
    data: Annotated[Optional[list[Path]], typer.Option(help="Where to look; the run's own data by default.")] = None,  # noqa: UP045
    min_span: Annotated[int, typer.Option(help="Tokens of the shortest span to show.")] = 10,
    json_: Annotated[bool, typer.Option("--json", help="One JSON object a sample.")] = False,
    against: Annotated[Optional[str], typer.Option(help="A second model, for a blind rating sheet.")] = None,  # noqa: UP045
    sheet: Annotated[Path, typer.Option(help="Where the rating sheet goes; its key beside it.")] = Path("rating.csv"),
    device: Device = "auto",
) -> None:
    """Write text, and show the training documents nearest to it and any span copied word for word."""
    import json

    from training.generation.generate import Writer, gather_prompts, sampling_of
    from training.generation.report import lines, records, training_splits

    _calm_transformers()
    sampling = sampling_of(
        max_new_tokens=max_new_tokens,
        max_length=max_length,
        num_return_sequences=num_return_sequences,
        temperature=temperature,
        top_k=top_k,
        top_p=top_p,
        repetition_penalty=repetition_penalty,
        seed=seed,
    )
    asked = gather_prompts(prompt or [], prompts)
    writer = Writer(model, device)
    samples = list(writer.write(asked, sampling))
    if against is not None:
        _write_sheet(sheet, model, against, samples, list(Writer(against, device).write(asked, sampling)), seed)
        return
    for record in records(writer, samples, training_splits(model, data) if origins else [], min_span):
        typer.echo(json.dumps(record, ensure_ascii=False) if json_ else "\n".join(lines(record)))


def evaluate(
    model: Model,
    dataset: Annotated[Optional[Path], typer.Argument(help="A dataset with tokens of the model's tokenizer.")] = None,  # noqa: UP045
    split: Annotated[str, typer.Option(help="Which split.")] = "validation",
    length: Annotated[Optional[int], typer.Option(help="Tokens in a window.")] = None,  # noqa: UP045
    limit: Annotated[Optional[int], typer.Option(help="Tokens to score at most, or items of a task.")] = None,  # noqa: UP045
    documents: Annotated[Optional[Path], typer.Option(help="Write the bits of every document here, as CSV.")] = None,  # noqa: UP045
    task: Annotated[Optional[list[str]], typer.Option(help="A task of lm-evaluation-harness, or its YAML.")] = None,  # noqa: UP045
    json_: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    device: Device = "auto",
) -> None:
    """Held-out bits per byte of a model, and scores of lm-evaluation-harness."""
    import json

    from training.evaluate_model import evaluate_model

    _calm_transformers()
    found = evaluate_model(model, dataset, split, length, limit, documents, task or [], device)
    if json_:
        typer.echo(json.dumps(found))
        return
    scores = {f"{name} {key}": value for name, task in found.pop("tasks", {}).items() for key, value in task.items()}
    typer.echo("\n".join(f"{key}: {value}" for key, value in {**found, **scores}.items()))


def rate(
    sheet: Annotated[Path, typer.Argument(help="A rating sheet that was filled in.")],
    key: Annotated[Optional[Path], typer.Option(help="Its key; SHEET.key.json by default.")] = None,  # noqa: UP045
) -> None:
    """Count a blind rating sheet: wins of each model, ties, and the sign test."""
    from training.generation.rating import key_beside
    from training.generation.rating import rate as count

    found = count(sheet, key or key_beside(sheet))
    wins = ", ".join(f"{model}: {number}" for model, number in found.wins.items())
    typer.echo(f"{wins}, same: {found.ties}; two-sided sign test p = {found.p:.3g}")


def _write_sheet(sheet: Path, model: str, against: str, ours: list, theirs: list, seed: int) -> None:  # type: ignore[type-arg]
    from training.generation.rating import key_beside, write_sheet

    write_sheet(sheet, key_beside(sheet), (model, against), list(zip(ours, theirs, strict=True)), seed)
    typer.echo(f"wrote {sheet} for the raters and {key_beside(sheet)} for `gristmill rate`")


def _calm_transformers() -> None:
    """No progress bars of its own, no advice."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()
