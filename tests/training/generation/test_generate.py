from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import IntegrityError, ResourceError
from tests.training.recipes import small_recipe
from training.generation.generate import Sampling, Writer, read_prompts
from training.pretrain import pretrain


@pytest.fixture(scope="module")
def run(stories_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("run")
    pretrain(small_recipe(stories_folder, context=48, steps=30), root, quiet=True)
    return root


@pytest.fixture(scope="module")
def writer(run: Path) -> Writer:
    return Writer(str(run), "cpu")


def texts(writer: Writer, *prompts: str, **settings) -> list[str]:
    return [sample.text for sample in writer.write(prompts, Sampling(**settings))]


def test_new_tokens_are_counted_without_the_prompt(writer: Writer) -> None:
    (sample,) = writer.write(["the mill"], Sampling(max_new_tokens=5, seed=1))
    assert sample.text.startswith("the mill")
    assert len(sample.tokens) <= 5


def test_max_length_counts_the_prompt_as_transformers_does(writer: Writer) -> None:
    (sample,) = writer.write(["the mill"], Sampling(max_length=12, temperature=0))
    assert len(sample.tokens) == 4


def test_a_sample_depends_on_its_prompt_and_number_alone(writer: Writer) -> None:
    alone = texts(writer, "her", max_new_tokens=8, num_return_sequences=3)
    among = texts(writer, "the", "her", max_new_tokens=8, num_return_sequences=3)
    assert among[3:] == alone
    assert len(set(alone)) > 1


def test_seeds_change_samples(writer: Writer) -> None:
    first, second = (texts(writer, "a", max_new_tokens=12, seed=seed) for seed in (1, 2))
    assert first != second


def test_top_k_of_one_is_greedy(writer: Writer) -> None:
    assert texts(writer, "the ", max_new_tokens=9, top_k=1) == texts(writer, "the ", max_new_tokens=9, temperature=0)


def test_an_empty_prompt_begins_a_document(writer: Writer) -> None:
    assert texts(writer, "", max_new_tokens=4)


def test_a_prompt_without_room_is_refused(writer: Writer) -> None:
    with pytest.raises(ResourceError, match="a prompt of 60 tokens"):
        texts(writer, "a" * 60)


def test_a_run_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="no finished run"):
        Writer(str(tmp_path))


def test_prompts_come_from_lines_or_objects(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("one\n\ntwo\n")
    (tmp_path / "a.jsonl").write_text('{"prompt": "one"}\n{"prompt": "two"}\n')
    assert read_prompts(tmp_path / "a.txt") == read_prompts(tmp_path / "a.jsonl") == ["one", "two"]
    (tmp_path / "a.jsonl").write_text('{"prompt": "one"}\n[]\n')
    with pytest.raises(IntegrityError, match=r"a\.jsonl:2"):
        read_prompts(tmp_path / "a.jsonl")
