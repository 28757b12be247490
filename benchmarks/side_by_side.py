"""Results of the comparison for people: a table in Markdown and a picture as SVG."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from markupsafe import Markup, escape

__all__ = ["markdown", "picture"]

Results = Mapping[str, Mapping[str, Any]]
_HEAD = """| | input | documents | kept | CPU s | wall s | MB per CPU s | without start-up | peak MiB | load |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|
"""
_ROW, _NAME, _WIDE = 22, 210, 640


def markdown(results: Results) -> str:
    """A section for each subject; who could not take part stands below its table."""
    return "# Side by side\n\n" + "\n".join(_section(subject) for subject in results.values())


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


def picture(results: Results) -> str:
    """Bars of MB per CPU second, each subject to the scale of its fastest."""
    parts, y = [], 0
    for subject in results.values():
        rows = [row for row in subject["rows"] if "problem" not in row]
        most = max((row["mb_per_cpu_s"] for row in rows), default=1)
        parts.append(Markup('<text x="0" y="{}" font-weight="bold">{}</text>').format(y + 16, subject["title"]))
        for number, row in enumerate(rows, 1):
            parts.append(_bar(row, most, y + number * _ROW))
        y += (len(rows) + 2) * _ROW
    title = escape("MB of JSON Lines per CPU second, whole process")
    return Markup(
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" font-family="sans-serif" font-size="12" '
        'role="img"><title>{}</title><rect width="100%" height="100%" fill="#fff"/>{}</svg>\n'
    ).format(_WIDE, y, title, Markup("").join(parts))


def _bar(row: Mapping[str, Any], most: float, y: float) -> Markup:
    wide = max(1.0, (_WIDE - _NAME - 70) * row["mb_per_cpu_s"] / most)
    colour = "#2a6f97" if row["name"] == "gristmill" else "#a9b4bd"
    return Markup(
        '<text x="{}" y="{}" text-anchor="end">{}, {:g} MB</text>'
        '<rect x="{}" y="{}" width="{:.1f}" height="14" fill="{}"/><text x="{:.1f}" y="{}">{:g}</text>'
    ).format(
        _NAME - 8,
        y + 14,
        row["name"],
        row["megabytes"],
        _NAME,
        y + 3,
        wide,
        colour,
        _NAME + wide + 6,
        y + 14,
        row["mb_per_cpu_s"],
    )
