"""The recipes that come with Gristmill, by name."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from curation.errors import RecipeError, ResourceError, nearest

__all__ = ["copy_recipe", "recipe_path", "recipe_titles"]


def recipe_path(name: str) -> Path:
    """The file of a recipe given by path or by name."""
    path = Path(name)
    if path.suffix in (".yaml", ".yml") or path.is_file():
        return path
    known = _book()
    if name not in known:
        raise RecipeError(name, "no file and no recipe of that name", "a recipe", nearest(name, known))
    return known[name]


def recipe_titles() -> list[tuple[str, str]]:
    """(name, first comment line) of each recipe."""
    return [(name, path.read_text("utf-8").splitlines()[0].lstrip("# ")) for name, path in sorted(_book().items())]


def copy_recipe(name: str, to: Path | None) -> Path:
    """Write a recipe under a new path; an existing file is not touched."""
    target = to or Path(f"{name}.yaml")
    if target.exists():
        raise ResourceError(str(target), "a file of that name", "a free name", "choose another with --to")
    target.write_text(recipe_path(name).read_text("utf-8"), "utf-8")
    return target


def _book() -> dict[str, Path]:
    folder = Path(str(files("pipelines") / "recipes"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
