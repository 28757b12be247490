"""Commands that look at a run and leave its data alone: audit, status, verify, explain, what-if, duplicates …"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

__all__ = ["audit", "compare_dialects", "duplicates", "explain", "status", "verify", "what_if"]

Run = Annotated[Path, typer.Argument(help="A run directory, its address, or a dataset folder taken out of one.")]
RunOnly = Annotated[Path, typer.Argument(help="A run directory.")]
Json = Annotated[bool, typer.Option("--json", help="Print everything as JSON.")]


def status(run: Run) -> None:
    """How far a run has come, stage by stage."""
    from pipelines.status import print_status
    from pipelines.stores.kept import at_hand

    with at_hand(run, texts=False) as root:
        print_status(root)


def verify(
    run: Run,
    quick: Annotated[bool, typer.Option("--quick", help="Sizes and counts only, no checksums.")] = False,
) -> None:
    """Check every file of a run or dataset against its manifest, and the ledger against the dataset."""
    from pipelines.stores.kept import at_hand
    from pipelines.verify import print_report, verify_path

    with at_hand(run, texts=True) as root:
        print_report(verify_path(root, sums=not quick))


def audit(
    run: RunOnly,
    against: Annotated[Optional[Path], typer.Option(help="Another release of it, to be shown beside.")] = None,  # noqa: UP045
    report: Annotated[bool, typer.Option("--report", help="Write the report and serve nothing.")] = False,
    port: Annotated[int, typer.Option(min=0, max=65535, help="On this machine only; 0 takes a free one.")] = 0,
) -> None:
    """Look at a run: a report, and live pages to search, filter, read, label and compare."""
    from pipelines.audit import ensure_report, serve_audit

    typer.echo(f"report   {ensure_report(run)}")
    if not report:
        serve_audit(run, against, port, lambda address: typer.echo(f"open     {address}\nCtrl-C ends it"))


def duplicates(
    run: Annotated[Path, typer.Argument(help="A run directory.")],
    id: Annotated[Optional[str], typer.Option("--id", help="Only clusters with this document.")] = None,  # noqa: UP045
    most: Annotated[int, typer.Option(min=1, help="Clusters to show, largest first.")] = 10,
    plain: Annotated[bool, typer.Option("--plain", help="Without the texts' differences.")] = False,
    table: Annotated[Optional[Path], typer.Option(help="Write the duplicate table here (.csv, .parquet).")] = None,  # noqa: UP045
    measure: Annotated[int, typer.Option(min=0, help="Compare this many removed documents anew; 0 for none.")] = 0,
    json: Json = False,
) -> None:
    """Duplicate clusters with their differences, and how good the removal was (in audit/duplicate_quality.json)."""
    from dataclasses import asdict

    from curation.files import canonical_json
    from pipelines.duplicate_quality import measure_run, print_quality
    from pipelines.duplicates import clusters, print_clusters, write_table

    found = clusters(run, id)
    if not json:
        print_clusters(run, found, most, differences=not plain)
    if table is not None:
        typer.echo(f"wrote {write_table(run, table):,} rows to {table}", err=json)
    quality = measure_run(run, measure) if measure else None
    if json:
        answer = {"clusters": [asdict(cluster) for cluster in found[:most]], "quality": quality}
        typer.echo(canonical_json(answer), nl=False)
    elif quality:
        print_quality(quality)


def explain(
    run: RunOnly,
    id: Annotated[str, typer.Argument(help="A document's id, its URL, or its key in the source.")],
) -> None:
    """Why a document is in the dataset, or why not: every score, every rule, every edit, and where it went."""
    from pipelines.explain import print_explanation

    print_explanation(run, id)


def what_if(
    run: RunOnly,
    set_: Annotated[list[str], typer.Option("--set", help="Limit to try: rules.REASON.max=value. May be repeated.")],
    json: Json = False,
) -> None:
    """Try other limits on a finished run: what would be kept, and which rules would decide otherwise."""
    from dataclasses import asdict

    from curation.files import canonical_json
    from pipelines.what_if import print_what_if
    from pipelines.what_if import what_if as decide_again

    answer = decide_again(run, set_)
    if json:
        typer.echo(canonical_json(asdict(answer)), nl=False)
    else:
        print_what_if(answer)


def compare_dialects(
    run: RunOnly,
    rule_set: Annotated[str, typer.Argument(help="A published rule set: gopher_quality, gopher_repetition, c4 …")],
    sample: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(min=1, help="Documents to measure, evenly spread; all by default."),
    ] = None,
    json: Json = False,
) -> None:
    """Measure a run's documents by every dialect of a rule set, and show where their verdicts differ."""
    from dataclasses import asdict

    from curation.files import canonical_json
    from pipelines.compare_dialects import compare_dialects as compare
    from pipelines.compare_dialects import print_comparison

    found = compare(run, rule_set, sample)
    if json:
        typer.echo(canonical_json(asdict(found)), nl=False)
    else:
        print_comparison(found)
