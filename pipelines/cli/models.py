"""Commands that train the models which operators score with: classifier train, language-model train."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["classifier_app", "language_model_app", "tokenize", "tokenizer_app"]

classifier_app = typer.Typer(help="Train a quality classifier on your own examples.", no_args_is_help=True)
language_model_app = typer.Typer(help="Train an n-gram language model for perplexity.", no_args_is_help=True)
tokenizer_app = typer.Typer(help="Train a tokenizer on a dataset.", no_args_is_help=True)
Field = Annotated[str, typer.Option(help="Field or column that holds the text.")]


@classifier_app.command("train")
def train_classifier(
    positive: Annotated[str, typer.Option(help="Documents as they should be: a file, folder or glob.")],
    negative: Annotated[str, typer.Option(help="Documents as they come.")],
    to: Annotated[Path, typer.Option(help="File to write.")],
    text: Field = "text",
    bits: Annotated[int, typer.Option(min=8, max=26, help="The model has 2**bits weights.")] = 20,
    epochs: Annotated[int, typer.Option(min=1)] = 5,
    seed: int = 0,
) -> None:
    """Hashed n-gram linear classifier, the way of DCLM; its score is an attribute for rules."""
    from pipelines.models import train_classifier as train

    for line in train(positive, negative, to, text, bits, epochs, seed):
        typer.echo(line)


@language_model_app.command("train")
def train_language_model(
    documents: Annotated[str, typer.Option(help="Documents to learn from: a file, folder or glob.")],
    to: Annotated[Path, typer.Option(help="File to write.")],
    text: Field = "text",
    order: Annotated[int, typer.Option(min=1, max=3)] = 3,
    sample: Annotated[Optional[str], typer.Option(help="Documents to take cut-offs from.")] = None,  # noqa: UP045
) -> None:
    """Modified Kneser-Ney model; perplexity is an attribute for rules (CCNet's head, middle and tail)."""
    from pipelines.models import train_language_model as train

    for line in train(documents, to, text, order, sample):
        typer.echo(line)


@tokenizer_app.command("train")
def train_tokenizer(
    dataset: Annotated[Path, typer.Argument(help="A dataset folder.")],
    to: Annotated[Path, typer.Option(help="Folder to write.")],
    vocabulary: Annotated[int, typer.Option(min=300, help="Tokens, the 256 bytes included.")] = 8192,
    kind: Annotated[str, typer.Option(help="bpe, unigram or bytes; all work on bytes.")] = "bpe",
    sample: Annotated[str, typer.Option(help="Text to fit on, spread over the dataset.")] = "200MB",
    weight: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(help="Share of a source in the sample: NAME=2. May be repeated; others are left out."),
    ] = None,
) -> None:
    """Fit a tokenizer on a weighted sample of a dataset, and say how many bytes its tokens stand for."""
    from pipelines.fit_tokenizer import measure_rates
    from pipelines.fit_tokenizer import train_tokenizer as train
    from pipelines.sizes import parse_numbers, parse_size

    if kind not in ("bpe", "unigram", "bytes"):
        raise typer.BadParameter("one of bpe, unigram, bytes", param_hint="--kind")
    size = parse_size(sample, "--sample")
    weights = parse_numbers(weight, "--weight") if weight else None
    typer.echo(f"wrote {to}, {train(dataset, to, vocabulary, size, kind, weights):,} tokens")
    for what, rates in measure_rates(dataset, to, min(size, 20_000_000)).items():
        for name, text, tokens in rates:
            typer.echo(f"{what:<9} {name:<20} {text / max(1, tokens):.2f} bytes a token")


def tokenize(
    dataset: Annotated[Path, typer.Argument(help="A dataset folder.")],
    tokenizer: Annotated[str, typer.Option(help="A folder with tokenizer.json, or a name on the hub.")],
    revision: Annotated[Optional[str], typer.Option(help="Commit of a tokenizer on the hub.")] = None,  # noqa: UP045
    special_tokens: Annotated[bool, typer.Option(help="Give special tokens in the text their ids.")] = False,
    workers: Annotated[Optional[int], typer.Option(min=1)] = None,  # noqa: UP045
) -> None:
    """Turn a finished dataset into token shards for training, beside its text."""
    from curation.recipe import TokenOptions
    from pipelines.tokens import tokenize_dataset

    kind = "ids" if special_tokens else "text"
    options = TokenOptions(tokenizer=tokenizer, revision=revision, special_tokens=kind)
    manifest = tokenize_dataset(dataset, options, workers, quiet=False)
    for split, facts in manifest.facts["splits"].items():
        per_token = facts["bytes"] / max(1, facts["tokens"])
        typer.echo(
            f"{split:<12} {facts['documents']:,} documents, {facts['tokens']:,} tokens, {per_token:.2f} bytes a token"
        )
    typer.echo(f"tokens  {dataset / 'tokens'}")
