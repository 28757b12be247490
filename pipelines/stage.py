"""A stage: units of work between two sets of files. Runs what has no true receipt, then writes the manifest."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from curation.errors import GristmillError, IntegrityError, ResourceError
from curation.files import digest_of, sweep
from curation.manifest import Manifest, Receipt, Unit, receipt_path
from pipelines.alarms import Alarm, heeded
from pipelines.engine import Engine, Work
from pipelines.progress import Progress
from pipelines.renumbering import renumber
from pipelines.run_directory import RunDirectory
from pipelines.tasks import failures

__all__ = ["Stage", "content_of", "mapped", "run_stage", "units_of"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Stage:
    """`fingerprint` covers what the stage does and what it reads; `run` does the units that are still to do.

    `alarm` looks at receipts while the stage works, and may stop the run.
    """

    name: str
    fingerprint: str
    units: tuple[Unit, ...]
    run: Callable[[Engine, Sequence[Unit]], None]
    alarm: Alarm | None = None


def units_of(
    stage: str, definition: Any, payloads: Sequence[dict[str, Any]], identities: Sequence[Any] | None = None
) -> tuple[Unit, ...]:
    """Numbered units; `identities` are what of each payload decides its outcome: by default all but names of files."""
    identities = [content_of(payload) for payload in payloads] if identities is None else identities
    return tuple(
        Unit(stage=stage, index=index, fingerprint=digest_of([stage, definition, identity]), payload=payload)
        for index, (payload, identity) in enumerate(zip(payloads, identities, strict=True))
    )


def content_of(value: Any) -> Any:
    """The same JSON with every file record reduced to its checksum: a file's name holds the number of its unit."""
    if isinstance(value, dict):
        return value["sha256"] if "sha256" in value else {key: content_of(item) for key, item in value.items()}
    return [content_of(item) for item in value] if isinstance(value, (list, tuple)) else value


def run_stage(stage: Stage, run: RunDirectory, engine: Engine, progress: Progress) -> tuple[Manifest, bool]:
    """The stage's manifest, and whether there was anything to do."""
    finished = _finished(stage, run)
    if finished is not None:
        progress.skipped(stage.name, len(stage.units))
        return finished, False
    run.manifest_path(stage.name).unlink(missing_ok=True)
    renumber(run.root, stage.units)
    todo = [unit for unit in stage.units if Receipt.read(run.root, unit) is None]
    for unit in todo:
        receipt_path(run.root, unit.stage, unit.index).unlink(missing_ok=True)
    with progress.stage(stage.name, stage.units, run.root), heeded(stage.alarm, stage.units, run.root):
        if todo:
            _run(stage, run, engine, todo)
    manifest = _manifest(stage, run)
    _remove_strangers(stage, run, manifest)
    manifest.write(run.manifest_path(stage.name))
    return manifest, True


def _finished(stage: Stage, run: RunDirectory) -> Manifest | None:
    if not run.has_manifest(stage.name):
        return None
    try:
        manifest = run.manifest(stage.name)
        if manifest.fingerprint != stage.fingerprint:
            return None
        for file in manifest.files:
            file.check(run.root)
        _check_receipts(stage, run, manifest)
    except IntegrityError as error:
        logger.warning("stage %s is run again: %s", stage.name, error)
        return None
    return manifest


def _check_receipts(stage: Stage, run: RunDirectory, manifest: Manifest) -> None:
    """Together they must say what the manifest says, or `verify` would find fault with a run that has nothing to do."""
    receipts = [receipt for unit in stage.units if (receipt := Receipt.read(run.root, unit)) is not None]
    if Manifest.of(stage.name, stage.fingerprint, receipts, manifest.facts) != manifest:
        found = f"{len(receipts)} whole receipts of {len(stage.units)} that say something else"
        raise IntegrityError(f"receipts/{stage.name}", found, "what the manifest says", "run the stage again")


def _run(stage: Stage, run: RunDirectory, engine: Engine, todo: Sequence[Unit]) -> None:
    failures.clear(run.root)
    try:
        stage.run(engine, todo)
    except Exception as error:
        if _is_interruption(error):
            raise KeyboardInterrupt from None
        # Engines wrap what a worker raises, each in its own way; the worker has left the error itself in a file.
        cause = failures.read(run.root)
        if cause is not None:
            raise cause from error
        if engine.is_local or isinstance(error, GristmillError):
            raise
        raise _stopped(stage, engine, error) from error


def _stopped(stage: Stage, engine: Engine, error: Exception) -> ResourceError:
    """An engine that gave up without a word from a worker. All it said, which is a lot, stands in its log."""
    said = next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
    do = "look at the engine's own log, then run again to go on"
    if engine.log is not None:
        engine.log.parent.mkdir(parents=True, exist_ok=True)
        with engine.log.open("a") as log:
            traceback.print_exception(error, file=log)
        do = f"look at {engine.log}, then run again to go on"
    return ResourceError(f"stage {stage.name} on {engine.runner}", said[:200], "a job that finishes", do)


def _is_interruption(error: BaseException | None) -> bool:
    """Whether Ctrl-C lies behind what an engine raised."""
    while error is not None and not isinstance(error, KeyboardInterrupt):
        error = error.__cause__ or error.__context__
    return error is not None


def _manifest(stage: Stage, run: RunDirectory) -> Manifest:
    receipts = [Receipt.read(run.root, unit) for unit in stage.units]
    missing = [unit.index for unit, receipt in zip(stage.units, receipts, strict=True) if receipt is None]
    if missing:
        found = f"{len(missing)} of {len(receipts)} units without a receipt, the first is {missing[0]}"
        raise ResourceError(f"stage {stage.name}", found, "a receipt for each", "run again; look at the runner's log")
    return Manifest.of(stage.name, stage.fingerprint, [r for r in receipts if r is not None])


def _remove_strangers(stage: Stage, run: RunDirectory, manifest: Manifest) -> None:
    """Files and receipts that an earlier recipe left in the stage's folders and this one did not write."""
    own = {file.path for file in manifest.files}
    left = [*(run.root / stage.name).rglob("*"), *run.root.glob(f"quarantine/{stage.name}-*")]
    for path in left:
        if path.is_file() and path.relative_to(run.root).as_posix() not in own:
            path.unlink()
    receipts = {receipt_path(run.root, unit.stage, unit.index).name for unit in stage.units}
    for path in (run.root / "receipts" / stage.name).glob("*.json"):
        if path.name not in receipts:
            path.unlink()
    sweep(run.root / "receipts" / stage.name)


def mapped(run: RunDirectory, task: str, settings: dict[str, Any]) -> Callable[[Engine, Sequence[Unit]], None]:
    """How a stage of independent units runs."""
    work = Work(str(run.root), task, settings)
    return lambda engine, units: engine.map(work, units)
