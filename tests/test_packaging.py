"""The wheel holds every package, recipes and templates, and no tests."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    (path,) = folder.glob("gristmill-*.whl")
    return zipfile.ZipFile(path)


def test_every_module_of_the_four_packages_is_there(wheel):
    packages = ("curation", "pipelines", "training", "data_cards")
    modules = {path.relative_to(ROOT).as_posix() for name in packages for path in (ROOT / name).rglob("*.py")}
    assert modules <= set(wheel.namelist())


def test_recipes_templates_and_type_markers_are_there(wheel):
    names = set(wheel.namelist())
    data = ("recipes/*.yaml", "ablation/studies/*.yaml")
    cards = ("data_cards/templates/*", "data_cards/pages/assets/*")
    for pattern in (*(f"pipelines/{each}" for each in data), *cards, "*/py.typed"):
        assert {path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)} & names, pattern


def test_there_are_no_tests(wheel):
    assert not [name for name in wheel.namelist() if name.startswith(("tests", "benchmarks"))]


def test_the_command_is_called_gristmill(wheel):
    (points,) = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "gristmill = pipelines.cli:main" in wheel.read(points).decode()
