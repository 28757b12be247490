"""One recipe, many variants: parts of it named in a study are switched off.

clean, rules, dedup, augment          a whole list; gates count as rules
clean.LABEL  rules.REASON  dedup.LABEL  augment.LABEL  sources.NAME      one item
"""

from __future__ import annotations

from collections.abc import Iterable

from curation.errors import RecipeError, nearest
from curation.recipe import Gate, Recipe, Step
from curation.rules import Rule

__all__ = ["check_part", "parts_of", "without"]

_LISTS = ("clean", "rules", "dedup", "augment")


def parts_of(recipe: Recipe) -> list[str]:
    """Every name that can be switched off."""
    found = [
        *(f"clean.{part.label}" for part in recipe.clean if isinstance(part, Step)),
        *(f"rules.{rule.reason}" for rule in recipe.all_rules()),
        *(f"dedup.{group.label}" for group in recipe.dedup),
        *(f"augment.{step.label}" for step in recipe.augment),
        *(f"sources.{source.name}" for source in recipe.sources),
    ]
    return [name for name in _LISTS if any(each.startswith(f"{name}.") for each in found)] + found


def check_part(recipe: Recipe, part: str, where: str) -> None:
    known = parts_of(recipe)
    if part not in known:
        expected = f"a part of recipe `{recipe.name}`"
        raise RecipeError(where, f"unknown part `{part}`", expected, nearest(part, known))


def without(recipe: Recipe, parts: Iterable[str], where: str = "study") -> Recipe:
    """The recipe without some of its parts. Raises RecipeError where what is left does not hold together."""
    off = set(parts)
    changes = {
        "clean": tuple(left for part in recipe.clean if (left := _clean_part(part, off)) is not None),
        "rules": tuple(rule for rule in recipe.rules if not _is_off("rules", rule.reason, off)),
        "dedup": tuple(group for group in recipe.dedup if not _is_off("dedup", group.label, off)),
        "augment": tuple(step for step in recipe.augment if not _is_off("augment", step.label, off)),
        "sources": tuple(source for source in recipe.sources if f"sources.{source.name}" not in off),
    }
    try:
        return Recipe.model_validate({**dict(recipe), **changes})
    except RecipeError as error:
        switched = f"with {', '.join(sorted(off))} off: {error.found}"
        raise RecipeError(
            f"{where}: {error.where}", switched, error.expected, "switch off what needs it, too"
        ) from None


def _clean_part(part: Step | Gate, off: set[str]) -> Step | Gate | None:
    if isinstance(part, Step):
        return None if _is_off("clean", part.label, off) else part
    rules: tuple[Rule, ...] = tuple(rule for rule in part.rules if not _is_off("rules", rule.reason, off))
    return Gate(rules=rules) if rules else None


def _is_off(room: str, name: str, off: set[str]) -> bool:
    return room in off or f"{room}.{name}" in off
