"""Runs as a spreadsheet that runs nothing, and files as links that need no network."""

from __future__ import annotations

import base64
import csv
import io

from markupsafe import Markup

from training.ablation.results import Results

__all__ = ["download", "runs_csv", "safe_cell"]

_COLUMNS = (
    "arm", "lr", "seed", "tokens", "bytes", "flops", "unique_tokens", "epochs", "parameters", "tokenizer_hash",
    "data_hash", "config_hash",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def runs_csv(results: Results) -> str:
    """One row a run: what it spent, and every metric that some run has."""
    metrics = list(dict.fromkeys(name for run in results.runs for name in run.metrics))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([safe_cell(name) for name in (*_COLUMNS, *metrics)])
    for run in results.runs:
        cells = [getattr(run, name) for name in _COLUMNS] + [run.metrics.get(name, "") for name in metrics]
        writer.writerow([safe_cell(cell) for cell in cells])
    return out.getvalue()


def safe_cell(cell: str | float) -> str | float:
    """Text that a spreadsheet would take for a formula gets an apostrophe in front; numbers stay numbers."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def download(name: str, text: str, kind: str) -> Markup:
    """A link that holds its file."""
    data = base64.b64encode(text.encode()).decode()
    return Markup('<a download="{}" href="data:{};base64,{}">{}</a>').format(name, kind, data, name)
