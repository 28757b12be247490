from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from curation.errors import IntegrityError, RecipeError, ResourceError
from training.finetuning.examples import read_examples
from training.finetuning.recipe import FinetuneRecipe


def recipe(path: Path, **task: Any) -> FinetuneRecipe:
    tasks = [{"name": "t", "path": str(path), **task}]
    return FinetuneRecipe.model_validate({"name": "r", "tasks": tasks, "model": {"checkpoint": "x"}})


def read(path: Path, **task: Any):
    values = recipe(path, **task)
    return read_examples(values, values.tasks[0])


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_a_file_is_split_by_shares(tmp_path: Path) -> None:
    found = read(lines(tmp_path / "a.jsonl", [{"prompt": str(n), "response": "x"} for n in range(1000)]))
    sizes = {split: len(rows) for split, rows in found.splits.items()}
    assert sum(sizes.values()) == 1000
    assert sizes["train"] == pytest.approx(800, abs=50)


def test_examples_of_one_group_stay_together(tmp_path: Path) -> None:
    rows = [{"prompt": str(n), "response": "x", "cluster": n % 60} for n in range(300)]
    found = read(lines(tmp_path / "a.jsonl", rows), group="cluster")
    clusters = [{int(example.prompt) % 60 for example in rows} for rows in found.splits.values()]
    assert sum(map(len, clusters)) == 60


def test_prompts_that_differ_in_case_and_spacing_stay_together(tmp_path: Path) -> None:
    rows = [{"prompt": text, "response": "x"} for n in range(100) for text in (f"word {n}", f" WORD  {n}")]
    found = read(lines(tmp_path / "a.jsonl", rows))
    assert all(len(rows) % 2 == 0 for rows in found.splits.values())


def test_a_folder_has_its_own_splits(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        lines(tmp_path / f"{split}.jsonl", [{"prompt": split, "response": "x"}])
    found = read(tmp_path)
    assert [len(found.splits[split]) for split in ("train", "validation", "test")] == [1, 1, 0]


def test_templates_fill_in_fields(tmp_path: Path) -> None:
    for split in ("train", "validation"):
        lines(tmp_path / f"{split}.jsonl", [{"q": "why {a}?", "a": 3}])
    example = read(tmp_path, prompt="Q: {q}\n", response="{a}").splits["train"][0]
    assert (example.prompt, example.response) == ("Q: why {a}?\n", "3")


def test_an_unknown_field_names_line_and_nearest(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{"prompt": "a", "respons": "b"}])
    with pytest.raises(RecipeError, match=r"a\.jsonl:1.*did you mean `respons`"):
        read(path)


def test_a_bad_line_is_named_without_its_text(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"prompt": "a", "response": "b"}\nsecret words\n')
    with pytest.raises(IntegrityError, match=r"a\.jsonl:2") as caught:
        read(path)
    assert "secret" not in str(caught.value)


def test_an_answer_outside_of_its_context_is_refused(tmp_path: Path) -> None:
    path = lines(tmp_path / "a.jsonl", [{"prompt": "a", "response": "b", "context": "c"}])
    with pytest.raises(IntegrityError, match="does not stand in its context"):
        read(path, kind="extract")


def test_a_path_to_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="JSON lines"):
        read(tmp_path / "nowhere")


def test_a_head_is_trained_alone() -> None:
    tasks = [{"name": "a", "kind": "classify", "path": "x"}, {"name": "b", "path": "y"}]
    with pytest.raises(ValueError, match="train it alone"):
        FinetuneRecipe.model_validate({"name": "r", "tasks": tasks, "model": {"checkpoint": "x"}})
