"""What an engine needs before a first unit is sent to it. What is missing is an error that says what to do."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from curation.errors import ResourceError
from pipelines.engines.names import value_of

__all__ = ["check_dataflow", "check_workers", "find_java", "find_prism", "reach"]

_PAGE = "see the page `Move to a cluster`"
_WORKERS = (
    *("--environment_type", "--environment_config", "--environment_options", "--sdk_container_image"),
    *("--extra_package", "--extra_packages", "--setup_file", "--requirements_file"),
)
_WAIT = 5.0


def find_java(runner: str) -> str:
    """The `java` of JAVA_HOME, or of the path."""
    home = os.environ.get("JAVA_HOME")
    path = Path(home) / "bin" / "java" if home else None
    java = str(path) if path is not None and path.is_file() else shutil.which("java")
    if java is None:
        do = "install one, or name a job server that is running by --job-endpoint"
        raise ResourceError(f"--runner {runner}", "no Java", "Java 11 or 17, on the path or in JAVA_HOME", do)
    return java


def find_prism() -> str:
    """The program beside this Python, or on the path. Beam would download one in the middle of a run."""
    beside = Path(sys.executable).parent / "prism"
    prism = str(beside) if beside.is_file() else shutil.which("prism")
    if prism is None:
        do = "`go install github.com/apache/beam/sdks/v2/go/cmd/prism@v…`, or name it: -- --prism_location=FILE"
        raise ResourceError("--runner prism", "no program `prism`", "it on the path", do)
    return prism


def reach(runner: str, endpoint: str) -> None:
    """Beam waits for a minute and says nothing where nobody listens."""
    where = f"--runner {runner}"
    host, colon, port = endpoint.rpartition(":")
    if not colon or not port.isdecimal() or int(port) > 65535:
        raise ResourceError(where, f"job endpoint `{endpoint}`", "HOST:PORT", "as in --job-endpoint localhost:8099")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=_WAIT).close()
    except OSError as error:
        said = f"nobody who answers at {endpoint} ({error.strerror or error})"
        raise ResourceError(where, said, "a Beam job server", "start it, or look at the address") from None


def check_workers(runner: str, options: Sequence[str]) -> None:
    """A cluster's workers must find Gristmill: without a word on it Beam takes its own image, which lacks it."""
    if value_of(options, *_WORKERS) is None:
        expected = "after `--` one of --environment_type, --sdk_container_image, --extra_package"
        raise ResourceError(f"--runner {runner}", "no word on where its workers find Gristmill", expected, _PAGE)


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:  # of the package that it would lie in
        return False


def check_dataflow(options: Sequence[str]) -> None:
    where = "--runner dataflow"
    if not _is_installed("google.auth"):
        do = 'pip install "apache-beam[gcp]"'
        raise ResourceError(where, "no client of Google Cloud", "Beam's extra `gcp`", do)
    missing = [name for name in ("--project", "--region", "--temp_location") if value_of(options, name) is None]
    if missing:
        raise ResourceError(where, f"no {', '.join(missing)}", "them after `--`", _PAGE)
