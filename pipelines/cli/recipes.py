"""Commands to start with: new, practice, ops, recipe check, recipe schema, recipe show."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["new", "ops", "practice", "recipe_app"]

recipe_app = typer.Typer(help="Check, show and describe recipes.", no_args_is_help=True)
Recipe = Annotated[str, typer.Argument(help="A recipe in YAML, or the name of one that comes with Gristmill.")]
Set = Annotated[Optional[list[str]], typer.Option("--set", help="Change one value: path=value. May be repeated.")]  # noqa: UP045


def new(
    name: Annotated[str, typer.Argument(help="Recipe to start from.")] = "start",
    to: Annotated[Optional[Path], typer.Option(help="File to write; NAME.yaml by default.")] = None,  # noqa: UP045
    list_: Annotated[bool, typer.Option("--list", help="List the recipes that come with Gristmill.")] = False,
) -> None:
    """Write a recipe to start from."""
    from pipelines.recipe_book import copy_recipe, recipe_titles

    if list_:
        for known, title in recipe_titles():
            typer.echo(f"{known:<14} {title}")
        return
    typer.echo(f"wrote {copy_recipe(name, to)}")


def practice(
    kind: Annotated[str, typer.Argument(help="web (JSON Lines), chinese (JSON Lines) or archive (WARC).")] = "web",
    to: Annotated[Path, typer.Option(help="Folder to write into.")] = Path("data"),
    documents: Annotated[int, typer.Option(min=1, help="How many documents.")] = 1000,
    first: Annotated[int, typer.Option(min=0, help="Number of the first one; go on where another corpus ended.")] = 0,
    seed: Annotated[int, typer.Option(help="Other seeds make other documents.")] = 1,
) -> None:
    """Write a small made-up corpus to practise on: pages in three languages, copies, near copies, junk."""
    from pipelines.practice.write import write_practice

    for path in write_practice(kind, to, documents, first, seed):
        typer.echo(f"wrote {path}, {documents:,} documents")


def ops(
    name: Annotated[Optional[str], typer.Argument(help="Show one in full.")] = None,  # noqa: UP045
) -> None:
    """Operators, sources and groupings, with their parameters and defaults."""
    from pipelines.catalog import describe, describe_all

    typer.echo(describe(name) if name else describe_all())


@recipe_app.command("check")
def check(recipe: Recipe, set_: Set = None) -> None:
    """Validate a recipe without running it, and print its fingerprint."""
    loaded = _load(recipe, set_)
    typer.echo(f"{loaded.name}: valid, fingerprint {loaded.fingerprint()}")


@recipe_app.command("show")
def show(recipe: Recipe, set_: Set = None) -> None:
    """Print a recipe with every default filled in."""
    from curation.recipe_file import dump_recipe

    typer.echo(dump_recipe(_load(recipe, set_)), nl=False)


@recipe_app.command("schema")
def schema() -> None:
    """Print the JSON Schema of recipes, for editors."""
    from curation.files import canonical_json
    from pipelines.catalog import recipe_schema

    typer.echo(canonical_json(recipe_schema()), nl=False)


def _load(recipe: str, overrides: list[str] | None):  # type: ignore[no-untyped-def]
    from curation.recipe_file import load_recipe
    from pipelines.recipe_book import recipe_path

    return load_recipe(recipe_path(recipe), overrides or [])
