"""The wheel holds every package, recipes and templates, and no tests."""

import re
import subprocess
import sys
import sysconfig
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


def test_it_installs_into_a_fresh_environment_and_runs_without_the_source_tree(wheel, tmp_path):
    """Packages it needs come from this environment, so that nothing is fetched."""
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    (site,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    (site / "needed.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    command = [
        tmp_path / "venv/bin/pip",
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--force-reinstall",
        wheel.filename,
    ]
    subprocess.run(command, check=True, capture_output=True)
    program = [tmp_path / "venv/bin/gristmill", "practice", "--documents", "3"]
    done = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path)
    assert done.stdout == "wrote data/web-00000.jsonl.gz, 3 documents\n", done.stderr
    where = [tmp_path / "venv/bin/python", "-c", "import pipelines; print(pipelines.__file__)"]
    assert str(site) in subprocess.run(where, capture_output=True, text=True, cwd=tmp_path).stdout


def test_its_description_is_the_readme_without_links_into_the_repository(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    description = wheel.read(name).decode().partition("\n\n")[2]
    assert "gristmill practice --to data" in description
    assert [to for to in re.findall(r"\]\(([^)]*)\)", description) if not to.startswith("https:")] == []


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


def test_what_is_fetched_for_engines_is_written_in_the_wheel(wheel):
    for engine in ("flink", "spark"):
        assert {f"pipelines/engines/{engine}.xml", f"pipelines/engines/{engine}.sha256"} <= set(wheel.namelist())


def test_the_image_for_workers_has_the_version_of_beam_that_is_tested():
    image = (ROOT / "docker" / "Dockerfile").read_text()
    pinned = next(line for line in (ROOT / "constraints.txt").read_text().splitlines() if "apache-beam==" in line)
    assert f"ARG BEAM={pinned.split('==')[1].split()[0]}\n" in image
