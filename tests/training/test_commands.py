from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from curation.errors import IntegrityError, RecipeError, ResourceError
from tests.training.token_shards import encode, letters_tokenizer, stories, write_tokens
from training import commands
from training.data.tokens import open_split
from training.finetuning.recipe import FinetuneRecipe
from training.recipe import TrainRecipe
from training.recipe_file import load_recipe

app = typer.Typer()
for command in (commands.train, commands.finetune, commands.generate, commands.evaluate, commands.rate):
    app.command(command.__name__)(command)


def call(*arguments: object) -> str:
    """Output of a command; its errors are raised as they are."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


TASK = """
task: mill
dataset_path: json
dataset_kwargs: {{data_files: {{test: "{data}"}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
doc_to_choice: "{{{{choices}}}}"
metric_list: [{{metric: acc}}]
"""


@pytest.fixture(scope="module")
def run(stories_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run")
    changes = [f"data.0.path={stories_folder}", "data.0.max_epochs=null", "steps=40", "context=48", "batch=8"]
    changes += ["evaluate.tokens=2000", "model.changes.width=48", "optimizer.adamw.lr=0.005"]
    options = [part for change in changes for part in ("--set", change)]
    assert "held-out" in call("train", "tiny", "--to", root, *options)
    return root


def test_generate_names_where_the_text_stands_in_the_training_data(run: Path) -> None:
    arguments = ("generate", run, "-p", "the mill", "--max-new-tokens", 30, "--temperature", 0, "--json")
    (record,) = [json.loads(line) for line in call(*arguments, "--min-span", 4).splitlines()]
    assert record["nearest"]
    assert 0 < record["copied"] <= 1
    shown = call(*arguments[:-1], "--min-span", 4)
    assert "word for word" in shown


def test_generate_without_origins_only_writes(run: Path) -> None:
    shown = call("generate", run, "-p", "a", "-p", "the", "-n", 2, "--max-length", 12, "--no-origins")
    assert shown.count("--- prompt") == 4
    assert "nearest" not in shown


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--top-p", 2), "--top-p: found 2.0"),
        (("--max-length", 5, "--max-new-tokens", 5), "not both"),
        (("--temperature", 0, "-n", 2), "at temperature 0"),
    ],
)
def test_generate_refuses_options_that_cannot_be(run: Path, options: tuple[object, ...], message: str) -> None:
    with pytest.raises(RecipeError, match=message):
        call("generate", run, "-p", "a", *options)


def test_a_blind_sheet_is_written_and_counted(run: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "sheet.csv"
    call("generate", run, "-p", "a", "-n", 3, "--against", run / "model", "--sheet", sheet, "--max-new-tokens", 4)
    rows = list(csv.DictReader(sheet.open(newline="")))
    assert len(rows) == 3
    assert "same: 0" in call("rate", sheet)


def test_evaluate_agrees_with_the_trainer(run: Path, stories_folder: Path, tmp_path: Path) -> None:
    table = tmp_path / "documents.csv"
    found = json.loads(
        call("evaluate", run, stories_folder, "--limit", 2000, "--documents", table, "--json", "--device", "cpu")
    )
    log = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    last = [entry["bits_per_byte"] for entry in log if entry["kind"] == "evaluation"][-1]
    assert found["bits_per_byte"] == pytest.approx(last, rel=1e-5)
    rows = list(csv.DictReader(table.open(newline="")))
    assert sum(float(row["bits"]) for row in rows) / found["bytes"] == pytest.approx(last, rel=1e-4)
    assert rows[0]["id"] == open_split(stories_folder, "validation").document_at(0)[0]


def test_evaluate_refuses_tokens_of_another_vocabulary(run: Path, tmp_path: Path) -> None:
    tokenizer = {**letters_tokenizer()}
    tokenizer["tokenizer.json"] = tokenizer["tokenizer.json"].replace('"z"', '"Z"')
    other = write_tokens(tmp_path / "t", {"validation": [[encode("a")]]}, vocab_size=30, tokenizer=tokenizer)
    with pytest.raises(IntegrityError, match="another vocabulary"):
        call("evaluate", run, other)


def test_evaluate_without_the_harness_names_its_package(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(ResourceError, match=r"gristmill\[evaluate\]"):
        call("evaluate", run, "--task", "blimp")


def test_evaluate_scores_a_task_of_the_harness_in_a_file_of_its_own(
    run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("lm_eval", reason="lm-evaluation-harness is not installed: pip install 'gristmill[evaluate]'")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    items = [{"question": "the mill", "choices": ["turns", "turns"], "answer": place % 2} for place in range(6)]
    (tmp_path / "items.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    (tmp_path / "mill.yaml").write_text(TASK.format(data=tmp_path / "items.jsonl"))
    assert "mill acc,none: 0.5\n" in call("evaluate", run, "--task", tmp_path / "mill.yaml")


def test_finetune_goes_on_from_a_run(run: Path, tmp_path: Path) -> None:
    lines = [{"prompt": text[:30], "response": text[30:36]} for text in dict.fromkeys(stories(200, 5))]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    changes = [f"tasks.0.path={tmp_path / 'rows.jsonl'}", f"model.checkpoint={run / 'model'}", "length=48"]
    options = [part for change in changes for part in ("--set", change)]
    options += ["--set", "epochs=1", "--set", "tasks.0.prompt='{prompt}'", "--set", "stopping.examples=5"]
    assert "exact_match" in call("finetune", "finetune", "--to", tmp_path / "tuned", *options)
    assert "---" in call("generate", tmp_path / "tuned", "-p", "the", "--max-new-tokens", 3)


@pytest.mark.parametrize(("name", "model"), [("tiny", 1), ("small", 1), ("gpt2", 1), ("finetune", 0)])
def test_recipes_that_come_along_are_valid(name: str, model: int) -> None:
    assert load_recipe(TrainRecipe if model else FinetuneRecipe, Path(name)).name == name


def test_importing_the_commands_loads_no_torch() -> None:
    code = "import sys, training.commands; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
