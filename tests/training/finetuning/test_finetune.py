from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from curation.errors import ResourceError
from tests.training.processes import exit_codes, run_ranks
from tests.training.recipes import small_recipe
from tests.training.token_shards import letters_tokenizer
from training.checkpoint import checkpoints
from training.finetuning import finetune as module
from training.finetuning.finetune import finetune
from training.finetuning.recipe import FinetuneRecipe
from training.watch.log import read_log

DECODER = {"architecture": "gpt2", "settings": {"n_layer": 2, "n_embd": 32, "n_head": 2, "n_positions": 64}}
T5 = {
    "architecture": "t5",
    "settings": {"d_model": 32, "d_ff": 64, "d_kv": 16, "num_heads": 2, "num_layers": 2, "dropout_rate": 0.0},
}


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("tokenizer")
    for name, text in letters_tokenizer().items():
        (folder / name).write_text(text)
    return str(folder)


def write_lines(path: Path, rows: list[dict[str, Any]]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def codes(path: Path, count: int = 400) -> str:
    """Three letters of eight, and each letter's successor: an answer that is known and must be generalised to."""
    random = np.random.default_rng(0)
    words = ["".join(random.choice(list("abcdefgh"), 3)) for _ in range(count)]
    return write_lines(path, [{"word": word, "code": "".join(chr(ord(c) + 1) for c in word)} for word in words])


CODES = {"name": "codes", "kind": "generate", "prompt": "{word}.", "response": "{code}", "max_new_tokens": 5}


def recipe(tokenizer: str, tasks: list[dict[str, Any]], model: dict[str, Any] = DECODER, **changes: Any):
    values = {
        "name": "test",
        "tasks": tasks,
        "model": {**model, "tokenizer": tokenizer},
        "optimizer": {"lr": 5e-3},
        "schedule": {"warmup": 5},
        "epochs": 10,
        "batch": 32,
        "length": 48,
        "stopping": {"every": 50, "examples": 50},
        "machine": {"device": "cpu", "threads": 1},
    }
    return FinetuneRecipe.model_validate({**values, **changes})


def test_a_decoder_learns_to_answer(tokenizer: str, tmp_path: Path) -> None:
    scores = finetune(recipe(tokenizer, [{**CODES, "path": codes(tmp_path / "codes.jsonl")}]), tmp_path / "run")
    assert scores["codes"]["exact_match"] >= 0.9


def test_an_encoder_and_decoder_learns_to_summarise(tokenizer: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = []
    for _ in range(400):
        words = random.choice(["rye", "oats", "wheat", "flour"], 4).tolist()
        rows.append({"text": " ".join(words), "summary": words[0]})
    task = {"name": "first", "kind": "summarise", "prompt": "{text}", "response": "{summary}", "max_new_tokens": 7}
    tasks = [{**task, "path": write_lines(tmp_path / "rows.jsonl", rows)}]
    scores = finetune(recipe(tokenizer, tasks, T5, epochs=18), tmp_path / "run", quiet=True)
    assert scores["first"]["rouge_1"] >= 0.9
    assert scores["first"]["compression"] == pytest.approx(0.25, abs=0.05)


def test_a_head_learns_to_classify_and_runs_in_a_pipeline(tokenizer: str, tmp_path: Path) -> None:
    from transformers import pipeline

    random = np.random.default_rng(0)
    texts = ["".join(random.choice(list("abcdefgh"), 12)) for _ in range(400)]
    rows = [{"text": text, "label": "odd" if text.count("a") % 2 else "even"} for text in texts]
    rows = [{**row, "label": "has a" if "a" in row["text"] else "has none"} for row in rows]
    path = write_lines(tmp_path / "rows.jsonl", rows)
    task = {"name": "a", "kind": "classify", "prompt": "{text}", "response": "{label}", "path": path}
    scores = finetune(recipe(tokenizer, [task]), tmp_path / "run", quiet=True)
    assert scores["a"]["accuracy"] >= 0.95
    classify = pipeline("text-classification", model=str(tmp_path / "run" / "model"), device="cpu")
    assert [each["label"] for each in classify(["bcdbcdbcdbca", "bcdbcdbcdbcd"])] == ["has a", "has none"]


def test_a_head_learns_to_find_the_span_that_answers(tokenizer: str, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    rows = []
    for _ in range(400):
        before, answer, after = ("".join(random.choice(list("abcdefgh"), random.integers(2, 6))) for _ in range(3))
        rows.append({"question": "what", "context": f"{before},{answer}. {after}", "answer": answer})
    rows = [row for row in rows if row["context"].index(row["answer"]) > row["context"].index(",")]
    path = write_lines(tmp_path / "rows.jsonl", rows)
    task = {"name": "span", "kind": "extract", "prompt": "{question}.", "response": "{answer}", "path": path}
    scores = finetune(recipe(tokenizer, [task]), tmp_path / "run", quiet=True)
    assert scores["span"]["exact_match"] >= 0.9


def test_several_tasks_share_a_model_and_have_a_score_each(tokenizer: str, tmp_path: Path) -> None:
    words = codes(tmp_path / "codes.jsonl")
    label = {"name": "low", "kind": "label", "prompt": "{word},", "response": "{first}", "max_new_tokens": 6}
    rows = [json.loads(line) for line in Path(words).read_text().splitlines()]
    low = [{"word": row["word"], "first": "low" if row["word"][0] < "e" else "high"} for row in rows]
    label = {**label, "path": write_lines(tmp_path / "low.jsonl", low)}
    tasks = [{**CODES, "path": words, "weight": 2}, {**label, "weight": 1}]
    scores = finetune(recipe(tokenizer, tasks, epochs=8), tmp_path / "run", quiet=True)
    assert scores["codes"]["exact_match"] >= 0.8
    assert scores["low"]["accuracy"] >= 0.9


def test_adapters_learn_and_are_merged(stories_folder: Path, tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    from training.pretrain import pretrain

    pretrain(small_recipe(stories_folder, steps=30), tmp_path / "base", quiet=True)
    start = {"checkpoint": str(tmp_path / "base" / "model"), "lora": {"rank": 4}}
    tasks = [{**CODES, "path": codes(tmp_path / "codes.jsonl")}]
    values = recipe("", tasks, length=32, epochs=4).model_dump() | {"model": start}
    finetune(FinetuneRecipe.model_validate(values), tmp_path / "run", quiet=True)
    losses = [entry["loss"] for entry in read_log(tmp_path / "run" / "log.jsonl") if entry["kind"] == "step"]
    assert losses[-1] < 0.8 * losses[0]
    names = [name for name, _ in AutoModelForCausalLM.from_pretrained(tmp_path / "run" / "model").named_parameters()]
    assert not [name for name in names if "lora" in name]


def test_adapters_without_peft_name_the_package(
    tokenizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    tasks = [{**CODES, "path": codes(tmp_path / "codes.jsonl", 40)}]
    with pytest.raises(ResourceError, match=r"gristmill\[lora\]"):
        finetune(recipe(tokenizer, tasks, {**DECODER, "lora": {}}), tmp_path / "run", quiet=True)


def short(tokenizer: str, path: Path, **changes: Any) -> FinetuneRecipe:
    stopping = {"every": 5, "examples": 4}
    return recipe(tokenizer, [{**CODES, "path": codes(path, 200)}], epochs=2, stopping=stopping, **changes)


def weights(root: Path) -> bytes:
    return (root / "model" / "model.safetensors").read_bytes()


def killed_at(values: FinetuneRecipe, root: Path, step: int) -> None:
    step_once = module._Run._step

    def step_and_die(self, number):
        if number == step:
            os.kill(os.getpid(), signal.SIGKILL)
        return step_once(self, number)

    module._Run._step = step_and_die
    finetune(values, root, quiet=True)


def test_a_killed_fine_tuning_ends_with_the_same_bits(tokenizer: str, tmp_path: Path) -> None:
    values = short(tokenizer, tmp_path / "codes.jsonl")
    finetune(values, tmp_path / "whole", quiet=True)
    assert exit_codes(1, killed_at, values, tmp_path / "killed", 7) == [-signal.SIGKILL]
    finetune(values, tmp_path / "killed", quiet=True)
    assert weights(tmp_path / "killed") == weights(tmp_path / "whole")


def test_micro_batches_and_processes_change_nothing_but_rounding(tokenizer: str, tmp_path: Path) -> None:
    settings = {"architecture": "gpt2", "settings": {**DECODER["settings"], "resid_pdrop": 0, "embd_pdrop": 0}}
    settings["settings"]["attn_pdrop"] = 0
    values = short(tokenizer, tmp_path / "codes.jsonl", model={**settings, "tokenizer": tokenizer})
    finetune(values, tmp_path / "one", quiet=True)
    parts = values.model_copy(update={"machine": values.machine.model_copy(update={"micro_batch": 8})})
    finetune(parts, tmp_path / "parts", quiet=True)
    run_ranks(2, finetune_quietly, values, tmp_path / "two")
    one, others = losses(tmp_path / "one"), [losses(tmp_path / name) for name in ("parts", "two")]
    for other in others:
        assert one == pytest.approx(other, abs=1e-5)


def finetune_quietly(values: FinetuneRecipe, root: Path) -> None:
    finetune(values, root, quiet=True)


def losses(root: Path) -> list[float]:
    return [entry["loss"] for entry in read_log(root / "log.jsonl") if entry["kind"] == "step"]


def test_it_stops_when_nothing_is_gained_and_keeps_the_best(tokenizer: str, tmp_path: Path) -> None:
    stopping = {"every": 2, "patience": 2, "delta": 100.0, "examples": 4}
    values = short(tokenizer, tmp_path / "codes.jsonl").model_copy(
        update={"stopping": type(short(tokenizer, tmp_path / "codes.jsonl").stopping)(**stopping)}
    )
    finetune(values, tmp_path / "run", quiet=True)
    log = read_log(tmp_path / "run" / "log.jsonl")
    validations = [(entry["loss"], entry["step"]) for entry in log if entry["kind"] == "validation"]
    assert [step for _, step in validations] == [2, 4, 6]
    assert f"step-{min(validations)[1]:08d}" in [path.name for path in checkpoints(tmp_path / "run" / "checkpoints")]


def test_the_best_weights_are_exported_and_not_the_last(
    tokenizer: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from safetensors.torch import load_file

    falling_then_rising = iter([3.0, 1.0, 2.0, 1.0, 1.0])
    monkeypatch.setattr(module._Run, "_held_out_loss", lambda self, number, examples: next(falling_then_rising))
    stopping = {"every": 2, "patience": 1, "examples": 4}
    tasks = [{**CODES, "path": codes(tmp_path / "codes.jsonl", 200)}]
    finetune(recipe(tokenizer, tasks, epochs=2, stopping=stopping), tmp_path / "run", quiet=True)
    best = load_file(tmp_path / "run" / "checkpoints" / "step-00000004" / "model.safetensors")
    exported = load_file(tmp_path / "run" / "model" / "model.safetensors")
    assert all(torch.equal(exported[name], best[name]) for name in exported)


def test_ids_of_every_split_are_kept(tokenizer: str, tmp_path: Path) -> None:
    finetune(short(tokenizer, tmp_path / "codes.jsonl"), tmp_path / "run", quiet=True)
    splits = json.loads((tmp_path / "run" / "splits.json").read_text())["codes"]
    ids = [each for rows in splits.values() for each in rows]
    assert len(ids) == len(set(ids)) == 200


def test_torch_is_left_with_one_thread() -> None:
    assert torch.get_num_threads() == 1
