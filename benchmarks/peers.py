"""Other people's tools in virtual environments of their own; `python -m benchmarks.peers` makes them all.

Versions are pinned. Environments are kept in a cache folder and made again when their list of requirements changes. A
peer that cannot be installed is reported with the reason. Peers run as processes of their own, through small scripts in
`benchmarks/peers/` that use nothing but the peer's public interface.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import venv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["DEFAULT_CACHE", "REQUIREMENTS", "SCRIPTS", "Peer", "peer"]

DEFAULT_CACHE = Path("~/.cache/gristmill-bench")
SCRIPTS = Path(__file__).parent / "peers"

REQUIREMENTS: dict[str, tuple[str, ...]] = {
    "datatrove": ("datatrove[io,processing]==0.10.1", "spacy==3.8.18", "orjson==3.13.0"),
    # trafilatura 1 cannot be imported beside today's lxml without the last one.
    "datatrove-web": ("datatrove[io]==0.10.1", "trafilatura==1.11.0", "lxml_html_clean==0.4.6"),
    "text-dedup": ("text-dedup==0.4.0",),
    "polars": ("polars==2.1.0",),
    "rensa": ("rensa==0.5.0",),
    "datasketch": ("datasketch==2.0.0",),
    "plain": (),
}


@dataclass(frozen=True)
class Peer:
    """An environment: its interpreter, or why there is none."""

    name: str
    python: Path | None
    problem: str = ""

    def command(self, script: str, *arguments: str) -> list[str]:
        return [str(self.python), str(SCRIPTS / script), *arguments]

    def versions(self) -> dict[str, str]:
        """Installed versions of what was asked for."""
        names = [requirement.partition("==")[0].partition("[")[0] for requirement in REQUIREMENTS[self.name]]
        code = (
            "import json, sys; from importlib.metadata import version as v; print(json.dumps([*map(v, sys.argv[1:])]))"
        )
        found = json.loads(subprocess.check_output([str(self.python), "-c", code, *names]))
        return dict(zip(names, found, strict=True))


def peer(name: str, cache: Path = DEFAULT_CACHE) -> Peer:
    """The peer's environment, made if it is not there."""
    folder = cache.expanduser() / name
    requirements, mark = REQUIREMENTS[name], folder / "requirements.json"
    python = folder / "bin" / "python"
    if not (mark.exists() and json.loads(mark.read_text()) == list(requirements)):
        venv.create(folder, clear=True, symlinks=True, with_pip=bool(requirements))
        problem = _install(python, requirements) if requirements else ""
        if problem:
            return Peer(name, None, problem)
        mark.write_text(json.dumps(requirements))
    return Peer(name, python)


def _install(python: Path, requirements: Sequence[str]) -> str:
    """Why it did not work; nothing if it did."""
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements]
    outcome = subprocess.run(pip, capture_output=True, text=True, check=False)
    if outcome.returncode == 0:
        return ""
    errors = [line for line in outcome.stderr.splitlines() if line.startswith("ERROR")]
    return (errors or outcome.stderr.splitlines() or ["pip failed without a word"])[-1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    options = parser.parse_args()
    failed = False
    for name in REQUIREMENTS:
        found = peer(name, options.cache)
        failed |= found.python is None
        print(f"{name:<12}", f"not installed: {found.problem}" if found.python is None else found.versions())
    sys.exit(failed)


if __name__ == "__main__":
    main()
