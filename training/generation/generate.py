"""Samples from a model: the same prompt and seed give the same text, whatever else is asked for in the same call."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from pydantic import Field, ValidationError, model_validator

from curation.errors import IntegrityError, RecipeError, ResourceError
from training.data.order import key_of
from training.recipe import Part

__all__ = ["Sample", "Sampling", "Writer", "gather_prompts", "model_folder", "read_prompts", "sampling_of"]


class Sampling(Part):
    """How to choose tokens. `max_new_tokens` counts what is written; `max_length`, as in transformers, the prompt too.

    Temperature 0 is greedy; `top_k` and `top_p` None are off.
    """

    max_new_tokens: int | None = Field(None, gt=0)
    max_length: int | None = Field(None, gt=0)
    num_return_sequences: int = Field(1, gt=0)
    temperature: float = Field(1.0, ge=0)
    top_k: int | None = Field(None, gt=0)
    top_p: float | None = Field(None, gt=0, le=1)
    repetition_penalty: float | None = Field(None, gt=0)
    seed: int = 0

    @model_validator(mode="after")
    def _one_length(self) -> Sampling:
        if self.max_new_tokens is not None and self.max_length is not None:
            raise ValueError("give `max_new_tokens` or `max_length`, not both")
        if self.temperature == 0 and self.num_return_sequences > 1:
            raise ValueError("at temperature 0 all sequences would be the same: raise it or ask for one")
        return self


@dataclass(frozen=True)
class Sample:
    """`tokens` are the new ones, without the end mark; `text` begins with the prompt unless an encoder read it."""

    prompt: str
    number: int
    seed: int
    text: str
    tokens: tuple[int, ...]


class Writer:
    """A model of transformers ready to write: from a run of ours, a folder, or the hub."""

    def __init__(self, model: str, device: str = "auto") -> None:
        source = str(model_folder(model))
        kind = device if device != "auto" else "cuda" if torch.cuda.is_available() else "cpu"
        self.device = torch.device(kind)
        self.tokenizer, self.model = _load(source)
        self.model.to(self.device).eval()
        self.eos_id = self.tokenizer.eos_token_id

    def write(self, prompts: Sequence[str], sampling: Sampling) -> Iterator[Sample]:
        """`num_return_sequences` samples of each prompt, in order. Each has its own seed, made of prompt and number."""
        for prompt in prompts:
            for number in range(sampling.num_return_sequences):
                yield self._sample(prompt, number, sampling)

    @torch.no_grad()
    def _sample(self, prompt: str, number: int, sampling: Sampling) -> Sample:
        seed = key_of("generate", sampling.seed, prompt, number) >> 1
        inputs = self._inputs(prompt)
        settings = self._settings(sampling, inputs.shape[1])
        torch.manual_seed(seed)
        mask = torch.ones_like(inputs)
        given = self.model.generate(input_ids=inputs, attention_mask=mask, generation_config=settings)[0].tolist()
        if self.model.config.is_encoder_decoder:
            new, shown = given[1:], ""
        else:
            new, shown = given[inputs.shape[1] :], prompt
        new = new[: new.index(self.eos_id)] if self.eos_id in new else new
        text = shown + self.tokenizer.decode(new, skip_special_tokens=True)
        return Sample(prompt, number, seed, text, tuple(new))

    def _inputs(self, prompt: str) -> Any:
        """The prompt's tokens; an empty prompt begins behind an end mark, as documents do in training."""
        ids = self.tokenizer(prompt, add_special_tokens=False)["input_ids"]
        if self.model.config.is_encoder_decoder:
            ids = [*ids, self.eos_id]
        return torch.tensor([ids or [self.eos_id]], device=self.device)

    def _settings(self, sampling: Sampling, prompt_length: int) -> Any:
        from transformers import GenerationConfig

        longest = getattr(self.model.config, "max_position_embeddings", None)
        decoder_only = not self.model.config.is_encoder_decoder
        asked = sampling.max_new_tokens or (sampling.max_length or prompt_length + 50) - prompt_length * decoder_only
        room = asked if longest is None or not decoder_only else min(asked, longest - prompt_length)
        if room < 1:
            found, expected = (
                f"a prompt of {prompt_length} tokens",
                f"room to write in {longest or sampling.max_length}",
            )
            raise ResourceError("prompt", found, expected, "shorten the prompt or ask for more tokens")
        chosen = {"temperature": sampling.temperature, "top_k": sampling.top_k or 0, "top_p": sampling.top_p or 1.0}
        return GenerationConfig(
            max_new_tokens=room,
            do_sample=sampling.temperature > 0,
            pad_token_id=self.eos_id,
            eos_token_id=self.eos_id,
            decoder_start_token_id=getattr(self.model.config, "decoder_start_token_id", None),
            repetition_penalty=sampling.repetition_penalty or 1.0,
            **(chosen if sampling.temperature > 0 else {}),
        )


def model_folder(model: str) -> Path | str:
    """The exported model of a run directory, or the name as it is: a folder or a name on the hub."""
    exported = Path(model) / "model"
    if (exported / "config.json").is_file():
        return exported
    if Path(model).is_dir() and not (Path(model) / "config.json").is_file():
        found, do = "no config.json and no finished run", "finish the run, or give the folder of a model"
        raise ResourceError(model, found, "a model of transformers or a run directory", do)
    return model


def sampling_of(**settings: Any) -> Sampling:
    """Settings from a command line; RecipeError names the option that is wrong."""
    try:
        return Sampling(**settings)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        option = "--" + str(first["loc"][0]).replace("_", "-") if first["loc"] else "options"
        message = first["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
        found = str(first["input"]) if first["loc"] else "two that do not go together"
        raise RecipeError(option, found, message, "change the option") from None


def gather_prompts(given: Sequence[str], file: Path | None) -> list[str]:
    """Prompts of the command line and of a file; one empty prompt when there are none."""
    return [*given, *(read_prompts(file) if file else [])] or [""]


def read_prompts(path: Path) -> list[str]:
    """One prompt a line; a file named .jsonl holds objects with a `prompt`."""
    if not path.is_file():
        raise ResourceError(str(path), "no file", "prompts, one a line", "check the path")
    lines = [line for line in path.read_text("utf-8").splitlines() if line.strip()]
    if path.suffix != ".jsonl":
        return lines
    return [_prompt(line, f"{path.name}:{number}") for number, line in enumerate(lines, 1)]


def _prompt(line: str, place: str) -> str:
    try:
        return str(json.loads(line)["prompt"])
    except (ValueError, KeyError, TypeError):
        raise IntegrityError(place, "no object with a `prompt`", '{"prompt": …}', "mend the line") from None


def _load(source: str) -> tuple[Any, Any]:
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

    try:
        tokenizer = AutoTokenizer.from_pretrained(source)
        family: Any = AutoModelForCausalLM
        if AutoConfig.from_pretrained(source).is_encoder_decoder:
            family = AutoModelForSeq2SeqLM
        return tokenizer, family.from_pretrained(source)
    except (OSError, ValueError) as error:
        found = str(error).splitlines()[0]
        raise ResourceError(f"model `{source}`", found, "a model of transformers", "check the name") from None
