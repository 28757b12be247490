"""The recipes and studies that come with Gristmill, by name."""

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
    """(name, first comment line) of each recipe and study, those for training among them."""
    every = {**_book(), **_studies(), **_training()}
    return [(name, path.read_text("utf-8").splitlines()[0].lstrip("# ")) for name, path in sorted(every.items())]


def copy_recipe(name: str, to: Path | None) -> Path:
    """Write a recipe or a study under a new path; an existing file is not touched."""
    target = to or Path(f"{name}.yaml")
    if target.exists():
        raise ResourceError(str(target), "a file of that name", "a free name", "choose another with --to")
    source = {**_studies(), **_training()}.get(name) or recipe_path(name)
    target.write_text(source.read_text("utf-8"), "utf-8")
    return target


def _book() -> dict[str, Path]:
    return _yaml_files("recipes")


def _studies() -> dict[str, Path]:
    return _yaml_files("ablation/studies")


def _training() -> dict[str, Path]:
    return _yaml_files("recipes", "training")


def _yaml_files(place: str, package: str = "pipelines") -> dict[str, Path]:
    folder = Path(str(files(package) / place))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}
