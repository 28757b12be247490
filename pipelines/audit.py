"""What the audit pages need of a run that only its recipe can tell: rules, and how dialects of them differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from curation.dialects import rule_sets
from curation.errors import ResourceError
from curation.recipe import Gate, Recipe, Step
from curation.recipe_file import dump_recipe, load_recipe
from data_cards.audit.report import REPORT, is_current, write_report
from data_cards.audit.run import AuditedRun
from pipelines.compare_dialects import compare_dialects
from pipelines.tasks.decide import gates_before_rules

__all__ = ["audited_run", "ensure_report", "serve_audit"]

_COMPARED = 1000


def audited_run(root: Path) -> AuditedRun:
    """A finished run, ready for its pages. Raises ResourceError where there is none."""
    path = root / "recipe.resolved.yaml"
    if not path.is_file():
        raise ResourceError(str(root), "no run", "a run directory", "begin one with `gristmill run RECIPE --to DIR`")
    recipe = load_recipe(path)
    return AuditedRun(
        root=root.absolute(),
        recipe=dump_recipe(recipe),
        rules=recipe.all_rules(),
        gated=sum(len(part.rules) for part in recipe.clean if isinstance(part, Gate)),
        needs=tuple(gates_before_rules(recipe.clean, recipe.rules)),
        attributes=tuple(recipe.attributes()),
        words=next((name for name in recipe.attributes() if name.endswith(".words")), None),
    )


def ensure_report(root: Path) -> Path:
    """The report of a run, written anew unless it shows the run as it is."""
    run = audited_run(root)
    if is_current(run):
        return run.root / REPORT
    recipe = load_recipe(root / "recipe.resolved.yaml")
    return write_report(replace(run, comparisons=_comparisons(root, recipe)))


def serve_audit(root: Path, against: Path | None, port: int, tell: Callable[[str], None]) -> None:
    """Serve the live pages of a run until interrupted. Raises ResourceError where the extra `ui` is not installed."""
    try:
        from data_cards.audit.ui.app import serve
    except ModuleNotFoundError as error:
        do = 'install it with `pip install "gristmill[ui]"`; `--report` does without'
        raise ResourceError("audit", f"no module {error.name}", "the extra `ui`", do) from None
    serve(audited_run(root), audited_run(against) if against is not None else None, port, tell)


def _comparisons(root: Path, recipe: Recipe) -> tuple[dict[str, Any], ...]:
    """How dialects differ on a sample, for the rule sets whose operators the recipe uses."""
    used = {part.operator.contract.name for part in recipe.clean if isinstance(part, Step)}
    dialects: dict[str, set[str]] = {}
    for part in rule_sets():
        if part.operator in used:
            dialects.setdefault(part.name, set()).add(part.dialect)
    names = sorted(name for name, several in dialects.items() if len(several) > 1)
    return tuple(asdict(compare_dialects(root, name, _COMPARED)) for name in names)
