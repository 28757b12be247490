"""Input folders of a comparison: JSON Lines or pages, counted, weighed, and cut to their first megabytes."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.stock import Stock, stock

__all__ = ["count_documents", "folder_mb", "make_pages", "slice_of"]

_WORDS = ("Home", "Guide", "Reference", "Search", "Download", "About", "Privacy", "Terms", "Next page", "Previous page")


def count_documents(folder: Path) -> int:
    return sum(1 for _ in _documents(folder))


def folder_mb(folder: Path) -> float:
    return round(sum(path.stat().st_size for path in _files(folder)) / 1e6, 2)


def slice_of(source: Path, target: Path, *, megabytes: float = 1e9, documents: int = 1 << 62) -> Path:
    """A folder with the first documents of another one."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    left = megabytes * 1e6
    for name, content in islice(_documents(source), documents):
        left -= len(content)
        if left < 0:
            break
        with (target / name).open("ab") as file:
            file.write(content)
    return target


def _files(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.jsonl"), *folder.glob("*.html")])


def _documents(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Lines, or whole pages, with the name of the file that a slice holds them in."""
    for path in _files(folder):
        if path.suffix == ".html":
            yield path.name, path.read_bytes()
        else:
            with path.open("rb") as lines:
                for line in lines:
                    yield "part-0000.jsonl", line


def make_pages(folder: Path, megabytes: float, cache: Path, seed: int = 1) -> Path:
    """Made pages of real paragraphs, with menus, side bars, comments, scripts and footers around them."""
    folder.mkdir(parents=True, exist_ok=True)
    found, chance, left, number = stock(cache), random.Random(seed), megabytes * 1e6, 0
    while left > 0:
        page = _page(found, chance)
        left -= (folder / f"page-{number:06d}.html").write_bytes(page.encode())
        number += 1
    return folder


def _page(found: Stock, chance: random.Random) -> str:
    title = chance.choice(found.prose)[0]
    links = [f'<li><a href="/{chance.randrange(9999)}">{word}</a></li>' for word in chance.sample(_WORDS, 7)] * 3
    menu = f"<ul class=menu>{''.join(links)}</ul>"
    script = f"<script>var page = {[chance.randrange(10**6) for _ in range(150)]};</script>"
    main = "\n".join(_part(found, chance) for _ in range(chance.randint(4, 20)))
    layout = chance.choice(
        ("<article>{}</article>", '<div class="content">{}</div>', "<main><section>{}</section></main>")
    )
    side = (
        f"<aside><h3>Related</h3>{menu}</aside><div class=comments><h3>Comments</h3><p>Thanks, that helped.</p></div>"
    )
    return (
        f"<!DOCTYPE html><html lang=en><head><meta charset=utf-8><title>{title}</title>{script}</head><body>"
        f"<header><nav>{menu}</nav></header>{layout.format(f'<h1>{title}</h1>{main}')}{side}"
        f"<footer>{menu}<p>All rights reserved.</p></footer></body></html>\n"
    )


def _part(found: Stock, chance: random.Random) -> str:
    text = " ".join(chance.choice(found.prose))
    draw = chance.random()
    if draw < 0.1:
        items = "".join(f"<li>{' '.join(chance.choice(found.prose))}</li>" for _ in range(4))
        return f"<p>{text}</p><ul>{items}</ul>"
    return f"<h2>{text}</h2>" if draw < 0.15 else f"<p>{text}</p>"
