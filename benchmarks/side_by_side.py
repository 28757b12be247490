"""Results of the comparison for people: a table in Markdown and a picture as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks.drawing import alone
from data_cards.pages import Bar, bar_chart

__all__ = ["markdown", "picture", "short"]

Results = Mapping[str, Mapping[str, Any]]
_HEAD = """| | input | documents | kept | CPU s | wall s | MB per CPU s | without start-up | peak MiB | load |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
"""


def markdown(results: Results) -> str:
    """All in short, then a section for each subject; who could not take part stands below its table."""
    return f"# Side by side\n\n{short(results)}\n" + "\n".join(_section(subject) for subject in results.values())


def _section(subject: Mapping[str, Any]) -> str:
    rows = "".join(_line(row) for row in subject["rows"] if "problem" not in row)
    absent = "".join(f"- {row['name']}: {_flat(row['problem'])}\n" for row in subject["rows"] if "problem" in row)
    versions = ", ".join(f"{name} {number}" for name, number in subject["versions"].items())
    about = f"`{subject['command']}`, {subject['machine']}; medians of {subject['repeats']}; {versions}.\n"
    note = f"\nWithout a figure:\n\n{absent}" if absent else ""
    return f"## {subject['title']}\n\n{about}\n{_HEAD}{rows}{note}"


def _line(row: Mapping[str, Any]) -> str:
    rest = row["mb_per_cpu_s_without_start_up"]
    cells = [
        f"{row['megabytes']:g} MB",
        f"{row['documents']:,}",
        f"{row['kept']:,}",
        row["cpu_s"],
        row["wall_s"],
        row["mb_per_cpu_s"],
        "–" if rest is None else rest,
        row["peak_mib"],
        row["load"],
    ]
    return f"| {row['name']} | {' | '.join(map(str, cells))} |\n"


def _flat(text: str) -> str:
    return " ".join(text.split())[-200:]


def short(results: Results) -> str:
    """A line for each subject, as READMEs want it: MB per CPU second, each contestant on the most that it had."""
    lines = ["| MB per CPU second | Gristmill | start-up aside | others |", "|---|---:|---:|---|"]
    for subject in results.values():
        rows = {row["name"]: row for row in sorted(subject["rows"], key=_size) if "problem" not in row}
        ours = rows.pop("gristmill", None)
        if ours:
            others = ", ".join(f"{name} {row['mb_per_cpu_s']}" for name, row in rows.items())
            speeds = f"{ours['mb_per_cpu_s']} | {ours['mb_per_cpu_s_without_start_up'] or '–'}"
            lines.append(f"| {subject['title']}, {ours['megabytes']:.0f} MB | {speeds} | {others} |")
    return "\n".join([*lines, ""])


def _size(row: Mapping[str, Any]) -> float:
    return float(row.get("megabytes", 0))


def picture(results: Results) -> str:
    """Bars of MB per CPU second, each subject to the scale of its fastest; ours is the first colour."""
    charts = []
    for subject in results.values():
        rows = [row for row in subject["rows"] if "problem" not in row]
        bars = [Bar(f"{row['name']}, {row['megabytes']:g} MB", row["mb_per_cpu_s"]) for row in rows]
        classes = ["series-0" if row["name"] == "gristmill" else "series-7" for row in rows]
        charts.append((subject["title"], bar_chart(subject["title"], bars, classes=classes), ()))
    return alone("MB of input per CPU second, whole process", charts)
