"""From a study file to its results: pool, held-out sets, arms, tokens, runs. Whatever is done already is found done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from curation.errors import RecipeError
from curation.files import digest_of, whole_file, write_json
from curation.manifest import MANIFEST, Manifest
from curation.recipe import Recipe, TokenOptions
from pipelines.ablation.arms import Made, make_arms
from pipelines.ablation.documents import read_dataset
from pipelines.ablation.held_out import check_overlap, make_held_out
from pipelines.ablation.hygiene import hygiene
from pipelines.ablation.pool import make_pool
from pipelines.fit_tokenizer import fit_tokenizer
from pipelines.run_directory import RunDirectory
from pipelines.runner import Options
from pipelines.tokens import tokenize_dataset
from training.ablation.results import FACTS, ArmFacts, HeldOutFacts, SetFacts
from training.ablation.runs import choose_learning_rates, run_all
from training.ablation.study import RESOLVED, Study
from training.ablation.workbench import Workbench
from training.recipe_file import dump_recipe

__all__ = ["ablate", "prepare"]

_FIT_BYTES = 64 << 20  # of text for the tokenizer, over all arms


def ablate(root: Path, study: Study, recipe: Recipe, options: Options, device: str = "auto") -> None:
    """Everything up to the last run. One process at a time works on a study directory."""
    with RunDirectory(root.absolute()).locked():
        _ablate(root.absolute(), study, recipe, options, device)


def _ablate(root: Path, study: Study, recipe: Recipe, options: Options, device: str) -> None:
    prepare(root, study, recipe, options)
    Workbench(root, study, device).check_budget()
    how = {"device": device, "workers": options.workers, "quiet": options.quiet, "detectors": hygiene}
    lrs = choose_learning_rates(root, study, **how)  # type: ignore[arg-type]
    run_all(root, study, lrs, **how)  # type: ignore[arg-type]


def prepare(root: Path, study: Study, recipe: Recipe, options: Options) -> None:
    """Everything that runs need: arms and held-out sets as token shards of one tokenizer, and facts about them."""
    _claim(root, study)
    pool = make_pool(root, study, recipe, options)
    candidates = make_held_out(root, study, recipe, pool, options)
    made = make_arms(root, study, recipe, pool, candidates["clean"], options)
    held_out = check_overlap(root, study, candidates)
    tokenizer = _fitted(root, study)
    chosen = TokenOptions(tokenizer=str(tokenizer))
    for folder in (*(f"heldout/{name}" for name in held_out), *(f"arms/{arm.name}" for arm in study.arms)):
        tokenize_dataset(root / folder, chosen, options.workers)
    _write_facts(root, made, held_out)


def _claim(root: Path, study: Study) -> None:
    """Make the directory this study's. Raises RecipeError where another question was asked: answers must not mix."""
    path = root / RESOLVED
    if path.is_file() and (held := Study.of(root).digest) != study.digest:
        found, do = f"another study, {held[:12]}…", "choose another folder with --to, or undo the change"
        raise RecipeError(str(root), found, f"study `{study.name}`, {study.digest[:12]}…", do)
    with whole_file(path) as file:
        file.write(dump_recipe(study).encode())


def _fitted(root: Path, study: Study) -> Path:
    """One tokenizer on as much text of every arm."""
    digests = [Manifest.read(root / "arms" / arm.name / MANIFEST).digest for arm in study.arms]
    to = root / "tokenizer" / digest_of([digests, study.learner.vocabulary, _FIT_BYTES])[:16]
    if not (to / "tokenizer.json").is_file():
        fit_tokenizer(_mixed(root, study), to, study.learner.vocabulary)
    return to


def _mixed(root: Path, study: Study) -> Iterator[list[str]]:
    each = _FIT_BYTES // len(study.arms)
    sizes = [sum(len(text.encode()) for text in _texts(root, arm.name)) for arm in study.arms]
    each = min(each, *sizes)
    for arm in study.arms:
        taken, texts = 0, []
        for text in _texts(root, arm.name):
            if taken >= each:
                break
            taken += len(text.encode())
            texts.append(text)
        yield texts


def _texts(root: Path, arm: str) -> Iterator[str]:
    for batch in read_dataset(root / "arms" / arm):
        yield from batch.column("text").to_pylist()


def _write_facts(root: Path, made: dict[str, Made], held_out: dict[str, SetFacts]) -> None:
    for name, known in made.items():
        manifest = Manifest.read(root / "arms" / name / "tokens" / MANIFEST)
        counts = manifest.facts["splits"]["train"]
        facts = ArmFacts(arm=name, data_hash=manifest.digest, **counts, **asdict(known))
        write_json(root / "arms" / name / FACTS, facts.model_dump(mode="json"))
    sets = {}
    for name, facts in held_out.items():
        counts = Manifest.read(root / "heldout" / name / "tokens" / MANIFEST).facts["splits"]["test"]
        sets[name] = facts.model_copy(update={"tokens": counts["tokens"]})
    write_json(root / "heldout" / FACTS, HeldOutFacts(sets=sets).model_dump(mode="json"))
