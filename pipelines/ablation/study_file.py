"""The study file that people write, and its long form with every arm named."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

from pydantic import Field

from curation.errors import RecipeError, nearest
from curation.recipe import Recipe
from curation.recipe_file import load_recipe as load_curation_recipe
from pipelines.ablation.defects import DEFECTS, copied
from pipelines.ablation.switches import check_part, without
from pipelines.recipe_book import recipe_path
from pipelines.sizes import parse_size
from training.ablation.study import Arm, Budget, Canaries, Dose, HeldOutPlan, Learner, Measures, Study
from training.model.config import SIZES
from training.recipe import Part
from training.recipe_file import load_recipe

__all__ = ["FULL", "StudyFile", "load_study", "off_parts"]

FULL, RAW = "full", "raw"


class DoseFile(Part):
    """One defect at several shares; `copies` is for duplicates."""

    defect: str
    shares: tuple[float, ...] = (0.05, 0.1, 0.25, 0.5)
    copies: tuple[int, ...] = ()


class StudyFile(Part):
    """See `gristmill new study` for an example with comments."""

    name: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    question: str = ""
    recipe: str
    set: tuple[str, ...] = Field((), description="values of the recipe to change: path=value")
    pool: str | None = Field(None, description="raw text to work on, for example 8MB; all when null")
    factors: dict[str, tuple[str, ...]] = Field({}, description="parts of the recipe by the factor that switches them")
    design: tuple[Literal["raw", "ladder", "leave_one_out", "factorial"], ...] = ()
    controls: tuple[Literal["null", "random_removal", "matched_removal"], ...] = ("null",)
    doses: tuple[DoseFile, ...] = ()
    primary: tuple[str, ...] | None = Field(None, description="arms of the primary family; all but controls when null")
    budget: Budget
    held_out: HeldOutPlan = HeldOutPlan()
    canaries: Canaries | None = None
    learner: Learner = Learner()
    lrs: tuple[float, ...] = ()
    sweep: tuple[float, ...] = (0.0033, 0.01, 0.03)
    seeds: int = Field(3, ge=1)
    other_seeds: int | None = Field(None, ge=1, description="seeds at the other learning rates; all when null")
    measures: Measures = Measures()
    margin: float = Field(0.01, gt=0)
    alpha: float = Field(0.05, gt=0, lt=1)
    power: float = Field(0.8, gt=0, lt=1)


def load_study(path: Path, overrides: Iterable[str] = ()) -> tuple[Study, Recipe]:
    """The study in a file and its recipe, checked whole. Raises RecipeError with the place of a mistake."""
    own = Path(__file__).with_name("studies") / f"{path}.yaml"
    path = path if path.is_file() or not own.is_file() else own
    if not path.is_file():
        known = [each.stem for each in own.parent.glob("*.yaml")]
        raise RecipeError(str(path), "no file", "a study in YAML", nearest(str(path), known))
    written = load_recipe(StudyFile, path, list(overrides))
    recipe = load_curation_recipe(_recipe_beside(path, written.recipe), written.set)
    _check(written, recipe, path.name)
    return _resolved(written, recipe, path.name), recipe


def off_parts(study: Study, arm: Arm) -> list[str]:
    """Parts of the recipe that are off in an arm."""
    return [part for factor, parts in study.factors.items() if not arm.factors.get(factor, True) for part in parts]


def _recipe_beside(study: Path, recipe: str) -> Path:
    """A recipe beside the study file, or elsewhere, or one that comes with Gristmill."""
    beside = study.parent / recipe
    return beside if beside.is_file() else recipe_path(recipe)


def _check(written: StudyFile, recipe: Recipe, name: str) -> None:
    for factor, parts in written.factors.items():
        for number, part in enumerate(parts):
            check_part(recipe, part, f"{name} factors.{factor}[{number}]")
    for number, dose in enumerate(written.doses):
        if dose.defect not in DEFECTS:
            where = f"{name} doses[{number}].defect"
            raise RecipeError(where, f"unknown defect `{dose.defect}`", "a known defect", nearest(dose.defect, DEFECTS))
        if bool(dose.copies) != copied(dose.defect):
            found = f"`{dose.defect}` {'with' if dose.copies else 'without'} copies"
            do = "give copies: [4, 16]" if copied(dose.defect) else "remove `copies`"
            raise RecipeError(f"{name} doses[{number}]", found, "copies for duplicates only", do)
    if written.learner.size not in SIZES:
        found = f"unknown size `{written.learner.size}`"
        raise RecipeError(f"{name} learner.size", found, "a named size", nearest(written.learner.size, SIZES))
    if written.design and not written.factors:
        found, do = "a design without factors", "name what it switches under `factors`"
        raise RecipeError(f"{name} design", found, "at least one factor", do)
    if written.lrs and len(written.lrs) < 2:
        do = "add a second one, a third of the first, or leave `lrs` out to have them chosen"
        raise RecipeError(f"{name} lrs", "one learning rate", "two or more, since rankings flip with it", do)
    _check_sources(written, recipe, name)


def _check_sources(written: StudyFile, recipe: Recipe, name: str) -> None:
    known = [source.name for source in recipe.sources]
    for number, entry in enumerate(written.held_out.ood):
        source = entry.partition(":")[0]
        if source not in known:
            where, do = f"{name} held_out.ood[{number}]", nearest(source, known)
            raise RecipeError(where, f"unknown source `{source}`", "a source of the recipe", do)
    if {entry for entry in written.held_out.ood if ":" not in entry} >= set(known):
        found, do = "all sources held out", "leave one to train on"
        raise RecipeError(f"{name} held_out.ood", found, "some source that is not", do)


def _resolved(written: StudyFile, recipe: Recipe, name: str) -> Study:
    arms = tuple(_arms(written))
    family = written.primary
    if family is None:
        family = tuple(
            arm.name for arm in arms if arm.role in ("raw", "leave_one_out", "ladder", "dose") and arm.against
        )
    for number, each in enumerate(family):
        if each not in {arm.name for arm in arms}:
            do = nearest(each, [arm.name for arm in arms])
            raise RecipeError(f"{name} primary[{number}]", f"unknown arm `{each}`", "an arm of the study", do)
    kept = written.model_dump(
        include={"name", "question", "factors", "budget", "held_out", "canaries", "learner", "lrs", "sweep"}
        | {"other_seeds", "measures", "margin", "alpha", "power"}
    )
    study = Study(
        **kept,
        recipe=written.recipe,
        recipe_digest=recipe.fingerprint(),
        pool_bytes=parse_size(written.pool, f"{name} pool") if written.pool else None,
        arms=arms,
        seeds=tuple(range(written.seeds)),
        primary_family=family,
    )
    for arm in study.arms:
        without(recipe, off_parts(study, arm), f"{name} arm `{arm.name}`")
    return study


def _arms(written: StudyFile) -> Iterator[Arm]:
    """Every arm once: two designs that ask for the same factors share one."""
    names = list(written.factors)
    every = dict.fromkeys(names, True)
    yield Arm(name=FULL, role="base", factors=every)
    if "null" in written.controls:
        yield Arm(name="null", role="null", factors=every, against=FULL)
    seen, called = {tuple(every.values()): FULL}, {FULL: FULL}
    designed = itertools.chain.from_iterable(_designed(design, names) for design in written.design)
    for arm in itertools.chain(designed, _controls(written, every)):
        if arm.of is None:
            cell, is_new = tuple(arm.factors[name] for name in names), False
            if cell not in seen:
                seen[cell], is_new = arm.name, True
            called[arm.name] = seen[cell]
            if not is_new:
                continue
        yield arm.model_copy(update={name: called[old] for name in ("against", "of") if (old := getattr(arm, name))})
    yield from _doses(written, every)


def _designed(design: str, names: list[str]) -> Iterator[Arm]:
    nothing, every = dict.fromkeys(names, False), dict.fromkeys(names, True)
    if design != "leave_one_out":
        yield Arm(name=RAW, role="raw", factors=nothing, against=FULL)
    if design == "ladder":
        for count in range(1, len(names)):
            on = {**nothing, **dict.fromkeys(names[:count], True)}
            before = RAW if count == 1 else f"up-to-{names[count - 2]}"
            yield Arm(name=f"up-to-{names[count - 1]}", role="ladder", factors=on, against=before)
    elif design == "leave_one_out":
        for each in names:
            yield Arm(name=f"no-{each}", role="leave_one_out", factors={**every, each: False}, against=FULL)
    elif design == "factorial":
        for cell in itertools.product((True, False), repeat=len(names)):
            on = dict(zip(names, cell, strict=True))
            label = "+".join(each for each in names if on[each]) or RAW
            yield Arm(name=label, role="factorial", factors=on, against=FULL)


def _controls(written: StudyFile, every: dict[str, bool]) -> Iterator[Arm]:
    """For each factor of rules the arm without it, and that arm with as many documents dropped at random."""
    filters = [name for name, parts in written.factors.items() if any(part.startswith("rules") for part in parts)]
    for each in filters:
        off = {**every, each: False}
        wanted = [name for name in ("random_removal", "matched_removal") if name in written.controls]
        if wanted:
            yield Arm(name=f"no-{each}", role="leave_one_out", factors=off, against=FULL)
        for control in wanted:
            name = f"{control.partition('_')[0]}-{each}"
            yield Arm(name=name, role=control, factors=off, against=f"no-{each}", of=f"no-{each}")  # type: ignore[arg-type]


def _doses(written: StudyFile, every: dict[str, bool]) -> Iterator[Arm]:
    for dose in written.doses:
        for share, copies in itertools.product(dose.shares, dose.copies or (None,)):
            if share:
                name = f"{dose.defect}-{share:g}" + (f"x{copies}" if copies else "")
                made = Dose(defect=dose.defect, share=share, copies=copies)
                yield Arm(name=name, role="dose", factors=every, dose=made, against=FULL)
