"""All commands in one table of contents, and the one place where errors become a line and an exit code."""

from __future__ import annotations

import logging
import os
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli import (
    engines,
    fetch,
    inspect_run,
    models,
    publish,
    published,
    recipes,
    run,
    studies,
    takedown,
    tokens,
)
from training import commands

if TYPE_CHECKING:
    from curation.errors import GristmillError

__all__ = ["app", "main"]

app = typer.Typer(
    name="gristmill",
    help="Curate text corpora into training-ready Arrow shards, with an account of every document.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"gristmill {version('gristmill')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    pass  # each option acts by itself


app.command("demo")(run.demo)
app.command("new")(recipes.new)
app.command("practice")(recipes.practice)
app.command("fetch")(fetch.fetch)
app.command("run", context_settings={"allow_extra_args": True})(run.run)
app.command("plan")(run.plan)
app.command("status")(inspect_run.status)
app.command("verify")(inspect_run.verify)
app.command("explain")(inspect_run.explain)
app.command("what-if")(inspect_run.what_if)
app.command("compare-dialects")(inspect_run.compare_dialects)
app.command("audit")(inspect_run.audit)
app.command("duplicates")(inspect_run.duplicates)
app.command("diff")(published.diff)
app.command("card")(published.card)
app.command("forget")(takedown.forget)
app.command("export")(publish.export)
app.command("push")(publish.push)
app.command("ops")(recipes.ops)
app.command("tokenize")(models.tokenize)
app.command("export-tokens")(tokens.export_tokens)
app.command("where")(tokens.where)
app.command("train")(commands.train)
app.command("finetune")(commands.finetune)
app.command("generate")(commands.generate)
app.command("evaluate")(commands.evaluate)
app.command("rate")(commands.rate)
app.command("ablate")(studies.ablate)
app.add_typer(recipes.recipe_app, name="recipe")
app.add_typer(engines.engine_app, name="engine")
app.add_typer(models.tokenizer_app, name="tokenizer")
app.add_typer(models.classifier_app, name="classifier")
app.add_typer(models.language_model_app, name="language-model")


def main() -> None:
    """Entry point of the console script."""
    from curation.errors import GristmillError, ResourceError

    _set_up_logging()
    try:
        app()
    except GristmillError as error:
        _stop(error)
    except KeyboardInterrupt:
        sys.stderr.write("gristmill: interrupted; run the same command to go on\n")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of a pipe left; say nothing, and keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except OSError as error:
        _stop(ResourceError.of(error))


def _stop(error: GristmillError) -> None:
    sys.stderr.write(f"gristmill: {error}\n")
    raise SystemExit(error.exit_code) from None


def _set_up_logging() -> None:
    """Warnings to stderr. Set up before Beam is imported, which otherwise installs a handler of its own."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger().addFilter(lambda record: "apitools" not in record.getMessage())
    # Beam logs the traceback of every error that it passes on; what is no GristmillError still shows its own.
    logging.getLogger("apache_beam.runners.common").setLevel(logging.CRITICAL)
    # It misses a driver for MongoDB at every start; nothing here talks to one.
    logging.getLogger("apache_beam.io.mongodbio").setLevel(logging.ERROR)
    for handler in logging.getLogger().handlers:
        handler.addFilter(lambda record: "apitools" not in record.getMessage())
