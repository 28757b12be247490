"""The Java libraries of a job server: fetched once by Maven on a user's word, each held against a recorded checksum."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from curation.errors import IntegrityError, RecipeError, ResourceError, nearest

__all__ = ["FETCHED", "default_folder", "fetch_jars", "find_jars"]

# Beside this module lie, for each, NAME.xml (what Maven is asked for) and NAME.sha256 (what must come).
FETCHED = ("flink", "spark")
_HERE = Path(__file__).parent


def default_folder(engine: str) -> Path:
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "gristmill" / "engines" / engine


def find_jars(engine: str, named: Path | None) -> Path:
    """What the user names, or the folder that `gristmill engine fetch` filled."""
    folder = named or default_folder(engine)
    if not folder.exists():
        do = f"`gristmill engine fetch {engine}` fetches them once, --jars names your own, --job-endpoint a server"
        raise ResourceError(f"--runner {engine}", "no job server", f"its jars in {folder}", do)
    return folder


def fetch_jars(engine: str, to: Path | None = None) -> Path:
    """Have Maven fetch them. The folder appears when it is whole: a second call finds it and fetches nothing."""
    if engine not in FETCHED:
        raise RecipeError("engine fetch", f"`{engine}`", "an engine that is fetched", nearest(engine, FETCHED))
    folder = to or default_folder(engine)
    expected = _recorded(engine)
    if not folder.is_dir():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as room:
            jars = Path(room) / "jars"
            _ask_maven(engine, Path(room), jars)
            _check(engine, jars, expected)
            jars.rename(folder)
    _check(engine, folder, expected)
    return folder


def _ask_maven(engine: str, room: Path, jars: Path) -> None:
    maven = shutil.which("mvn")
    if maven is None:
        do = "install it, or bring a job server of your own: --jars FILE.jar"
        raise ResourceError(f"engine fetch {engine}", "no Maven", "the program `mvn` on the path", do)
    shutil.copy(_HERE / f"{engine}.xml", room / "pom.xml")
    command = [maven, "-B", "-q", "dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
    done = subprocess.run(command, cwd=room, capture_output=True, text=True)
    if done.returncode:
        said = next((line for line in done.stdout.splitlines() if "ERROR" in line), "no word why")
        raise ResourceError(
            f"engine fetch {engine}", f"Maven stopped: {said[:300]}", "the jars", "look after the network"
        )


def _recorded(engine: str) -> dict[str, str]:
    lines = (_HERE / f"{engine}.sha256").read_text().splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def _check(engine: str, folder: Path, expected: dict[str, str]) -> None:
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("*.jar")}
    wrong = sorted({name for name, _ in found.items() ^ expected.items()})
    if wrong:
        said = f"{len(wrong)} jars that are missing, unknown or changed, the first is {wrong[0]}"
        raise IntegrityError(
            f"engine fetch {engine} in {folder}", said, "the recorded ones", "remove it and fetch again"
        )
