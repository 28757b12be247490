"""The command line as a person meets it."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.explain import find_rows

ROOT = Path(__file__).parent.parent.parent


def gristmill(*arguments):
    command = [sys.executable, "-m", "pipelines", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "COLUMNS": "200"})


def commands():
    return re.findall(r"^gristmill ([\w-]+)", (ROOT / "README.md").read_text(), flags=re.MULTILINE)


def test_every_command_of_the_readme_exists_and_every_command_stands_in_the_table_of_commands():
    known = {command.name for command in app.registered_commands}
    groups = {group.name for group in app.registered_groups}
    assert set(commands()) <= known | groups
    text = (ROOT / "docs/commands.md").read_text()
    assert [name for name in known if f"`{name}`" not in text] == []
    assert [name for name in groups if f"`{name} " not in text] == []


@pytest.mark.parametrize("name", [command.name for command in app.registered_commands])
def test_every_command_has_help(name):
    result = CliRunner().invoke(app, [name, "--help"])
    assert result.exit_code == 0
    assert len(result.output.split()) > 10


def test_the_recipe_of_the_readme_is_valid(tmp_path):
    (recipe,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    (tmp_path / "web.yaml").write_text(recipe)
    done = gristmill("recipe", "check", tmp_path / "web.yaml")
    assert done.returncode == 0, done.stderr
    assert "web: valid, fingerprint" in done.stdout


@pytest.mark.parametrize("recipe", sorted(path.stem for path in (ROOT / "pipelines/recipes").glob("*.yaml")))
def test_every_recipe_that_comes_along_is_valid_and_has_a_title(recipe):
    from pipelines.recipe_book import recipe_titles

    assert CliRunner().invoke(app, ["recipe", "check", recipe]).exit_code == 0
    assert len(dict(recipe_titles())[recipe]) > 20


def test_a_users_mistake_is_one_line_and_an_exit_code(tmp_path):
    (tmp_path / "bad.yaml").write_text("name: bad\nsources:\n  - jsonl: {name: web, pth: data}\n")
    done = gristmill("run", tmp_path / "bad.yaml")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "bad.yaml:3 sources[0] jsonl.pth: found unknown parameter `pth`" in done.stderr
    assert "did you mean `path`?" in done.stderr


def test_missing_input_is_one_line_and_an_exit_code(tmp_path):
    (tmp_path / "r.yaml").write_text(f"name: r\nsources:\n  - jsonl: {{name: web, path: {tmp_path}/none}}\n")
    done = gristmill("run", tmp_path / "r.yaml", "--to", tmp_path / "run")
    assert (done.returncode, done.stderr.count("\n")) == (3, 1)


def test_the_version_is_that_of_the_package():
    assert CliRunner().invoke(app, ["--version"]).output == f"gristmill {version('gristmill')}\n"


def test_help_of_every_command_loads_nothing_heavy():
    code = """
import sys, typer.main
from typer.testing import CliRunner
from pipelines.cli import app
def walk(command, path):
    yield path
    for name, inner in getattr(command, "commands", {}).items():
        yield from walk(inner, [*path, name])
for path in list(walk(typer.main.get_command(app), [])):
    assert CliRunner().invoke(app, [*path, "--help"]).exit_code == 0, path
heavy = {"apache_beam", "torch", "datasets", "numba", "numpy", "pyarrow", "rich", "transformers", "pandas"}
print(sorted(heavy & sys.modules.keys()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_completion_is_printed_for_a_shell():
    environment = {
        "PATH": "/usr/bin:/bin",
        "_GRISTMILL_COMPLETE": "complete_bash",
        "COMP_WORDS": "gristmill fo",
        "COMP_CWORD": "1",
    }
    program = Path(sys.executable).with_name("gristmill")
    done = subprocess.run([program], capture_output=True, text=True, env=environment)
    assert done.stdout.split() == ["forget"], done.stderr


def test_the_wrong_command_suggests_help():
    assert gristmill("vrify").returncode == 2


def test_plan_says_what_would_happen_and_writes_nothing(recipe_path, reference_run, tmp_path, digests):
    before = digests(reference_run)
    done = gristmill("plan", recipe_path, "--to", reference_run)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("up to date") == 16
    assert digests(reference_run) == before
    done = gristmill("plan", recipe_path, "--to", tmp_path / "new", "--set", "rules.too_short.min=70")
    assert re.search(r"collect +│ (\d) of \1 units to do", done.stdout)
    assert "after collect" in done.stdout
    assert re.search(r"kept +about \d+%", done.stdout)
    assert not (tmp_path / "new").exists()


def test_status_lists_the_stages(reference_run):
    done = gristmill("status", reference_run)
    assert done.stdout.count("finished") == 18
    assert gristmill("status", reference_run.parent).returncode == 3


def test_verify_says_what_it_checked(reference_run):
    done = gristmill("verify", reference_run)
    assert done.returncode == 0
    assert "kept + dropped + quarantined = read" in done.stdout


def test_explain_tells_the_story_of_a_duplicate(reference_run):
    removed = [find_rows(reference_run, f"https://example.org/{number}")[0] for number in (4, 9)]
    (row,) = [row for row in removed if row["state"] == "dropped"]
    done = gristmill("explain", reference_run, row["id"])
    assert f"dropped: duplicate.exact of {row['survivor']}, similarity 1.000" in done.stdout
    assert "too_short" in done.stdout
    assert "normalize_unicode.changed = False" in done.stdout


def test_explain_finds_a_record_in_quarantine(reference_run):
    import pyarrow as pa

    (path,) = (reference_run / "quarantine").glob("*.arrow")
    row = pa.ipc.open_stream(path.read_bytes()).read_all().to_pylist()[0]
    done = gristmill("explain", reference_run, f"{row['file']}:{row['offset']}")
    assert f"quarantined, {row['reason']}" in done.stdout


def test_explain_of_an_unknown_document_says_what_to_give(reference_run):
    done = gristmill("explain", reference_run, "no-such-document")
    assert done.returncode == 3
    assert "give an id, a URL, or a key" in done.stderr


def test_ops_shows_all_and_one():
    done = gristmill("ops")
    assert done.returncode == 0, done.stderr
    assert "normalize_unicode" in done.stdout
    assert "language.label" in gristmill("ops", "language").stdout
    assert "did you mean `language`" in gristmill("ops", "langage").stderr
    assert "0.80: 97.7%  0.85: 99.8%" in gristmill("ops", "minhash").stdout


def test_ops_shows_rule_sets_with_source_version_and_limits():
    assert "gopher_quality/datatrove" in gristmill("ops").stdout
    shown = gristmill("ops", "fineweb/2024-04").stdout
    assert "version 1" in shown
    assert "above 0.12" in shown
    assert "2406.17557" in shown


def test_new_writes_a_valid_recipe_and_never_overwrites(tmp_path):
    target = tmp_path / "mine.yaml"
    assert gristmill("new", "start", "--to", target).returncode == 0
    assert gristmill("recipe", "check", target).returncode == 0
    assert gristmill("new", "start", "--to", target).returncode == 3


def test_the_schema_accepts_the_recipes_that_come_along():
    import json

    done = gristmill("recipe", "schema")
    schema = json.loads(done.stdout)
    assert set(schema["properties"]) >= {"sources", "clean", "rules", "dedup"}
    assert "Language" in schema["$defs"]


def test_ctrl_c_is_one_line_and_its_own_exit_code(monkeypatch, capsys):
    from pipelines.cli import main as command_line

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setitem(command_line.__globals__, "app", interrupted)
    with pytest.raises(SystemExit) as stop:
        command_line()
    assert stop.value.code == 130
    assert capsys.readouterr().err == "gristmill: interrupted; run the same command to go on\n"
