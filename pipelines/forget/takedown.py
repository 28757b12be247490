"""Taking documents out of a run or a dataset folder for good.

    choose ─▶ journal ─▶ list ─▶ stages ─▶ what else held text ─▶ certificate ─▶ dataset, manifest ─▶ journal goes

The journal comes first and goes last, and the dataset has no manifest in between: a killed takedown is finished by the
next command, and nobody takes half a dataset for a whole one.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from curation.errors import ResourceError
from curation.files import sweep, whole_file, write_json
from curation.forgotten import FOLDER, ForgottenList, sum_of
from curation.limits import Limits
from curation.manifest import MANIFEST, Manifest
from curation.recipe import Recipe
from curation.recipe_file import load_recipe
from pipelines.chain import Begun, ChainEnd, Do, follow
from pipelines.dataset import certificates, finish_dataset
from pipelines.facts import card_facts
from pipelines.forget.alone import changed_tokens, finish_alone
from pipelines.forget.answers import answers_of
from pipelines.forget.choose import Chosen, choose_in_dataset, choose_in_run
from pipelines.forget.journal import Journal
from pipelines.forget.request import Request
from pipelines.forget.stages import Amended, is_finished, paths_of
from pipelines.published import Published
from pipelines.run_directory import RunDirectory
from pipelines.runner import Options
from pipelines.tokenizers import ChosenTokenizer
from pipelines.tokens import FOLDER as TOKENS

__all__ = ["Takedown", "plan_takedown", "resume_takedown"]

# What a reader's tools and the audit leave beside a run, and make anew when they are asked.
_MADE_ANEW = ("audit/*.duckdb*", "audit/words-*", "audit/duplicate_quality.json", "audit/report.html")


@dataclass(frozen=True)
class Takedown:
    """What would be taken out. `journal` is None where nothing is left to do; `known` documents are out already."""

    release: Published
    journal: Journal | None
    known: int = 0

    @property
    def root(self) -> Path:
        return self.release.run or self.release.dataset

    def carry_out(self) -> Path | None:
        """Do it; the certificate."""
        if self.journal is None:
            return None
        with _locked(self.release):
            self.journal.write(self.root)
            return _finish(self.release, self.journal)


def plan_takedown(path: Path, request: Request, training: Sequence[Path] = ()) -> Takedown:
    """Look for what a request names; nothing is changed. Raises ResourceError where there is no such document."""
    request.check()
    release = Published.open(path)
    root = release.run or release.dataset
    if Journal.read_from(root) is not None:
        do = f"finish it with `gristmill forget {path} --resume`"
        raise ResourceError(str(path), "a takedown that was interrupted", "one at a time", do)
    if release.run is None:
        chosen = choose_in_dataset(release.dataset, request)
    else:
        _follow(_recipe(release.run), release.run, lambda stage: is_finished(stage, RunDirectory(root)))
        chosen = choose_in_run(release.run, request)
    if not chosen:
        return Takedown(release, None, _forgotten_before(release, request, chosen))
    return Takedown(release, _journal(release, request, chosen, training))


def resume_takedown(path: Path) -> Path | None:
    """Finish what was interrupted; None where nothing was."""
    dataset = path / "dataset" if (path / "dataset").is_dir() else path
    around = dataset.parent if (dataset.parent / "recipe.resolved.yaml").is_file() else None
    release = Published(dataset.absolute(), around.absolute() if around is not None else None)
    journal = Journal.read_from(release.run or release.dataset)
    if journal is None:
        return None
    with _locked(release):
        return _finish(release, journal)


def _forgotten_before(release: Published, request: Request, chosen: Chosen) -> int:
    """How many documents are out already that the request may mean; ResourceError where that cannot be.

    A run lists the addresses that were asked for. Words, and addresses in a folder alone, may be those of any of them.
    """
    root = release.run or release.dataset
    sums = {each["sha256"] for path in certificates(root) for each in json.loads(path.read_bytes())["documents"]}
    unknown = [each for each in request.ids if each not in chosen.known and sum_of(each.encode()) not in sums]
    if release.run is not None:
        listed = ForgottenList.read(root).addresses
        unknown += [each for each in request.addresses() if sum_of(each.encode()) not in listed]
    if unknown or not sums:
        found = f"no document `{unknown[0]}`" if unknown else "no document that this names"
        do = "look for it with `gristmill explain`, or on the audit pages"
        raise ResourceError(str(root), found, "a document of the release", do)
    return len(sums)


def _journal(release: Published, request: Request, chosen: Chosen, training: Sequence[Path]) -> Journal:
    root, tokens = release.run or release.dataset, release.dataset / TOKENS
    has_tokens = (tokens / MANIFEST).is_file()
    addresses = {sum_of(address.encode()): length for address, length in request.addresses().items()}
    kept_out = ForgottenList(
        documents={
            each: (chosen.places[each].split, chosen.places[each].bytes) if each in chosen.places else None
            for each in chosen.documents
        },
        texts=chosen.texts,
        addresses=addresses,
        heads=tuple(chosen.heads),
    )
    run: dict[str, Any] = {}
    if release.run is not None:
        around = RunDirectory(release.run)
        documents = around.manifest(_texts_stage(release.run))
        run = {
            "collected": around.manifest("collect").fingerprint,
            "answers": answers_of(_recipe(release.run), around, documents, chosen.ids()),
            "report": (release.run / "audit/report.html").is_file(),
        }
    return Journal(
        number=len(certificates(root)) + 1,
        on=datetime.now(UTC).date().isoformat(),
        requested=request.kinds,
        documents=dict(sorted(chosen.documents.items())),
        places=dict(sorted(chosen.places.items())),
        read=tuple(sorted(chosen.read.values())),
        made=tuple(sorted(chosen.made.values())),
        kept_out=kept_out,
        keys=tuple(chosen.keys),
        before=paths_of(root) if release.run is not None else _sums(release),
        dataset=release.manifest.model_dump(mode="json"),
        tokens=Manifest.read(tokens / MANIFEST).model_dump(mode="json") if has_tokens else None,
        training=_training(release, chosen, training),
        **(_layout(release, chosen) if has_tokens else {}),
        **run,
    )


def _texts_stage(run: Path) -> str:
    """The stage that left the texts which augmentation read."""
    stages = [path.parent for path in sorted(run.glob("dedup/*/text/manifest.json"))]
    recipe = _recipe(run)
    labels = [group.label for group in recipe.dedup if run / "dedup" / group.label / "text" in stages]
    return f"dedup/{labels[-1]}/text" if labels else "clean"


def _sums(release: Published) -> dict[str, str]:
    found = {file.path: file.sha256 for file in release.manifest.files if file.path.endswith(".arrow")}
    path = release.dataset / TOKENS / MANIFEST
    if path.is_file():
        found |= {f"{TOKENS}/{file.path}": file.sha256 for file in Manifest.read(path).files}
    return found


def _layout(release: Published, chosen: Chosen) -> dict[str, Any]:
    """By token shard the rows that go, how many tokens each has, and how often phases of a mixture take it: what it
    takes to know the stream as it was, without its text.
    """
    from training.data.plan import PlannedSplit, open_planned

    layout: dict[str, list[tuple[int, int]]] = {}
    times: dict[str, dict[str, list[int]]] = {}
    for split in sorted({place.split for place in chosen.places.values()}):
        opened, first = open_planned(release.dataset, split), 0
        for number, shard in enumerate(opened.shards):
            mine = {
                place.row: each
                for each, place in chosen.places.items()
                if (place.split, place.shard) == (split, number)
            }
            rows = [row for row in sorted(mine) if shard.find(mine[row]) is not None]
            if rows:
                layout[shard.path] = [(row, len(shard.document(row)[1])) for row in rows]
            if rows and isinstance(opened, PlannedSplit):
                at = [first + row for row in rows]
                times[shard.path] = {phase: counts[at].tolist() for phase, counts in opened.times.items()}
            first += len(shard.bytes)
    return {"layout": dict(sorted(layout.items())), "times": dict(sorted(times.items()))}


def _training(release: Published, chosen: Chosen, named: Sequence[Path]) -> tuple[dict[str, Any], ...]:
    """Training runs that read the dataset: those that are named, and those found beside it."""
    from training.seen import runs_beside, steps_that_read

    ids = list(chosen.places)
    runs = {path.resolve(): path for path in (*named, *runs_beside(release.dataset))}
    seen = (steps_that_read(path, release.dataset, ids) for path in runs.values() if ids)
    return tuple({**vars(each), "run": Path(each.run).name} for each in seen if each is not None)


@contextlib.contextmanager
def _locked(release: Published) -> Iterator[None]:
    """Nobody else works on it; of a dataset folder alone the folder itself is held, so that no file comes into it."""
    if release.run is not None:
        with RunDirectory(release.run).locked():
            yield
        return
    handle = os.open(release.dataset, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sweep(release.dataset)
        yield
    except BlockingIOError:
        do = "wait for it"
        raise ResourceError(str(release.dataset), "a takedown in progress", "a free folder", do) from None
    finally:
        os.close(handle)


def _finish(release: Published, journal: Journal) -> Path:
    root = release.run or release.dataset
    if release.run is not None:
        # The dataset's own folder has the certificates, which is enough for whoever has nothing else.
        (ForgottenList.read(root) | journal.kept_out).write(root)
    for name in (MANIFEST, f"{TOKENS}/{MANIFEST}"):
        (release.dataset / name).unlink(missing_ok=True)
    for path in release.dataset.rglob("cache-*"):
        path.unlink()  # copies that `datasets` made of the shards
    path = root / FOLDER / f"certificate-{journal.number:04d}.json"
    if release.run is None:
        finish_alone(release.dataset, journal, path)
    else:
        _finish_run(release.run, journal, path)
    Journal.path(root).unlink()
    if journal.report and release.run is not None:
        from pipelines.audit import ensure_report

        ensure_report(release.run)
    return path


def _finish_run(root: Path, journal: Journal, path: Path) -> None:
    run = RunDirectory(root)
    amended = Amended(run, journal)
    recipe = _recipe(root)
    end = _follow(recipe, root, amended, amended.collect())
    _forget_answers(root, journal)
    _forget_audit(root, journal)
    tokens: Any = end.tokens.manifest if end.tokens is not None else None
    if tokens is None and journal.tokens is not None:
        tokens = changed_tokens(run.dataset, journal, end.sharded.shards("data-"))
    after = paths_of(root) | {f"dataset/{each.path}": each.sha256 for each in _shards_of(end, tokens)}
    write_json(path, journal.certificate(after, version("gristmill")))
    finish_dataset(run, end.sharding, end.sharded, card_facts(recipe, run, end), tokens)


def _shards_of(end: ChainEnd, tokens: Any) -> list[Any]:
    files = [file.model_copy(update={"path": file.path.removeprefix("dataset/")}) for file in end.sharded.files]
    own = tokens("").files if tokens is not None else ()
    return [*files, *(file.model_copy(update={"path": f"{TOKENS}/{file.path}"}) for file in own)]


def _recipe(run: Path) -> Recipe:
    """The recipe of a run, its limits lifted: they say when a run has gone wrong, not a takedown."""
    recipe = load_recipe(run / "recipe.resolved.yaml")
    return recipe.model_copy(update={"limits": Limits(max_quarantined_share=None)})


def _follow(recipe: Recipe, root: Path, do: Do, collected: Manifest | None = None) -> ChainEnd:
    """The chain behind its first stage, with the tokenizer beside the tokens: nothing from outside the run."""
    run = RunDirectory(root)
    tokenizer = None
    if recipe.tokens is not None:
        folder = run.dataset / TOKENS
        journal = Journal.read_from(root)
        facts = journal.tokens["facts"] if journal and journal.tokens else Manifest.read(folder / MANIFEST).facts
        tokenizer = ChosenTokenizer(folder / "tokenizer", facts["tokenizer"], facts["special_tokens"] == "ids")
    begun = Begun(collected or run.manifest("collect"), tokenizer)
    return follow(recipe, run, Options().settings(), do, remember=False, begun=begun)


def _forget_answers(root: Path, journal: Journal) -> None:
    for key in journal.answers:
        (root / "answers" / key[:2] / f"{key}.json").unlink(missing_ok=True)


def _forget_audit(root: Path, journal: Journal) -> None:
    """Pages and indexes are made anew when they are asked for; labels lose the lines about forgotten documents."""
    for pattern in _MADE_ANEW:
        for path in root.glob(pattern):
            path.unlink()
    for path in sorted((root / "audit").glob("label*.jsonl")):
        lines = path.read_text("utf-8").splitlines(keepends=True)
        kept = [line for line in lines if json.loads(line)["id"] not in journal.documents]
        if kept != lines:
            with whole_file(path) as file:
                file.write("".join(kept).encode())
