"""A study as it is held to: the resolved study file, with every arm written out, hashed before anything is measured.

`study.resolved.yaml` of a study directory is this object. The short form that people write, in which arms are named by
design (ladder, factorial, doses), is turned into it by `pipelines.ablation`, which knows recipes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from curation.files import digest_of
from training.recipe import Part
from training.recipe_file import load_recipe

__all__ = ["RESOLVED", "Arm", "Budget", "Canaries", "Dose", "HeldOutPlan", "Learner", "Measures", "Role", "Study"]

RESOLVED = "study.resolved.yaml"

Role = Literal[
    "raw", "base", "ladder", "leave_one_out", "factorial", "random_removal", "matched_removal", "null", "dose"
]


class Dose(Part):
    """A known defect in `share` of the text of the arm it is contrasted with. `copies` is for duplicates."""

    defect: str
    share: float = Field(ge=0, le=1)
    copies: int | None = Field(None, gt=1)


class Arm(Part):
    """One data variant. `factors` says which factors of the study are on; `against` is the arm of its contrast.

    A removal control is the arm `of` less as many documents as the reference of `of` lacks; a null arm differs from
    `against` by the order of its text alone.
    """

    name: str = Field(min_length=1, pattern=r"^[\w.+-]+$")
    role: Role
    factors: dict[str, bool] = Field({})
    dose: Dose | None = None
    against: str | None = None
    of: str | None = None


class Budget(Part):
    """What every run spends. `tokens` are those trained on; `equal` is what must agree between arms within 0.5 %.

    `per_token`: every arm holds at least the budget and is read at most once. `pool`: the same raw text goes in, and
    arms that remove more repeat more.
    """

    tokens: int = Field(gt=0)
    equal: Literal["tokens", "bytes", "both"] = "tokens"
    design: Literal["per_token", "pool"] = "per_token"


class Canaries(Part):
    """Made-up sentences planted before any stage runs, `each` of them at every number of copies. 0 is never planted."""

    copies: tuple[int, ...] = (0, 1, 4, 16, 64)
    each: int = Field(4, gt=0)
    references: int = Field(255, gt=0, description="unseen fillings that a canary is ranked among")


class HeldOutPlan(Part):
    """`share` of near-duplicate clusters is held out before any arm is made; `ood` names sources never trained on.

    A document is dropped from a held-out set when `overlap` of its 13-grams, or a MinHash Jaccard of `jaccard` with one
    document, are found in the union of all arms.
    """

    share: float = Field(0.05, gt=0, lt=1)
    ood: tuple[str, ...] = ()
    overlap: float = Field(0.15, gt=0, le=1)
    jaccard: float = Field(0.7, gt=0, le=1)
    max_tokens: int | None = Field(100_000, gt=0, description="of each set, scored by every run")


class Learner(Part):
    """The model and how it learns, the same for every arm. A learning rate is that of `optimizer`."""

    size: str = "tiny"
    changes: dict[str, int] = Field({}, description="fields of the size to change")
    vocabulary: int = Field(1024, ge=300)
    context: int = Field(128, gt=1)
    batch: int = Field(16, gt=0)
    optimizer: Literal["muon", "adamw"] = "muon"
    warmup: float = Field(0.1, ge=0, le=1, description="share of the steps")
    decay: float = Field(0.2, ge=0, le=1, description="share of the steps")
    curve: int = Field(4, ge=1, description="points of the learning curve")


class Measures(Part):
    """Measures beside held-out bits per byte. 0 samples or pairs switch a measure off."""

    samples: int = Field(64, ge=0)
    sample_tokens: int = Field(64, gt=0)
    prompt_tokens: int = Field(16, gt=0)
    shown: int = Field(4, ge=0, description="samples of a run that are kept for the report")
    extraction: int = Field(50, ge=0, description="training documents whose continuation is asked for")
    probes: int = Field(100, ge=0, description="pairs of each probe")
    downstream: int = Field(0, ge=0, description="seeds of the small fine-tuning; 0 is none")


class Study(Part):
    """`primary_family` are the arms whose contrasts are corrected for together; everything else is exploratory.

    `lrs` are empty until chosen on pooled data from `sweep`; then the chosen one and a third of it. `margin` is the
    difference of the primary measure below which arms count as equivalent, in bits per byte.
    """

    name: str = Field(min_length=1, pattern=r"^[\w.-]+$")
    question: str
    recipe: str
    recipe_digest: str
    pool_bytes: int | None = Field(None, gt=0)
    factors: dict[str, tuple[str, ...]] = Field({})
    arms: tuple[Arm, ...] = Field(min_length=1)
    budget: Budget
    held_out: HeldOutPlan = HeldOutPlan()
    canaries: Canaries | None = None
    learner: Learner = Learner()
    lrs: tuple[float, ...] = ()
    sweep: tuple[float, ...] = (0.0033, 0.01, 0.03)
    seeds: tuple[int, ...] = Field((0, 1, 2), min_length=1)
    other_seeds: int | None = Field(None, ge=1, description="seeds at the other learning rates; all when null")
    measures: Measures = Measures()
    primary: str = "bpb"
    primary_family: tuple[str, ...] = ()
    margin: float = Field(0.01, gt=0)
    alpha: float = Field(0.05, gt=0, lt=1)
    power: float = Field(0.8, gt=0, lt=1)

    @model_validator(mode="after")
    def _names_agree(self) -> Study:
        names = [arm.name for arm in self.arms]
        if len(set(names)) < len(names):
            raise ValueError(f"an arm's name twice among {names}")
        known = set(names)
        missing = {arm.against for arm in self.arms} | {arm.of for arm in self.arms} | set(self.primary_family)
        if missing - known - {None}:
            raise ValueError(f"no arm named {sorted(str(name) for name in missing - known - {None})}")
        return self

    @property
    def digest(self) -> str:
        """The hash that a report carries: what was asked and how it would be answered, before any answer."""
        return digest_of(self.model_dump(mode="json"))

    def arm(self, name: str) -> Arm:
        return next(arm for arm in self.arms if arm.name == name)

    def seeds_at(self, lr: float, lrs: tuple[float, ...]) -> tuple[int, ...]:
        """All at the first of the learning rates; at the others, which only check the order, perhaps fewer."""
        return self.seeds if lr == lrs[0] else self.seeds[: self.other_seeds]

    @classmethod
    def of(cls, root: Path) -> Study:
        """The study of a study directory."""
        return load_recipe(cls, root / RESOLVED)
