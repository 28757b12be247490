"""Texts through a tiny model with random weights, and the gate behind it."""

import pytest

from curation.augment.rewording import local
from curation.augment.rewording.answers import Desk, desk
from curation.augment.rewording.back_translate import BackTranslate
from curation.augment.rewording.local import load_local
from curation.augment.rewording.models import Endpoint, LocalModel
from curation.augment.rewording.quality import Quality
from curation.augment.rewording.rephrase import Rephrase
from curation.errors import DataError, ResourceError
from curation.operator import run_safely
from tests.curation.augment.helpers import CHINESE, ENGLISH, documents, made
from tests.examples import tiny_generator

pytest.importorskip("transformers")
ANY = Quality(
    min_length=None, max_length=None, min_similarity=None, max_similarity=None, max_repetition=None, same_language=False
)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return LocalModel(path=tiny_generator(tmp_path_factory.mktemp("model")), max_tokens=4)


def endpoint(**options):
    return Endpoint(url="http://localhost:1/v1", name="any", **options)


def test_a_local_model_gives_the_same_words_each_time_and_nothing_is_asked_twice(model, tmp_path, monkeypatch):
    operator = Rephrase(model=model, quality=ANY)
    with desk(Desk(tmp_path)):
        (row,) = made(operator, ENGLISH)
    assert row["operator"] == "rephrase"
    assert set(row["text"].split()) <= {"the", "mill", "stands", "still", "text", "a", "river"}
    assert len(list(tmp_path.rglob("*.json"))) == 1
    monkeypatch.setattr("curation.augment.rewording.answers.ask_local", None)
    with desk(Desk(tmp_path)):
        assert made(operator, ENGLISH) == [row]


def test_what_a_local_model_has_no_room_for_or_does_not_end_is_a_failure(model, tmp_path, monkeypatch):
    loaded = load_local(model.path, None, "cpu")
    monkeypatch.setattr(loaded.network.config, "max_position_embeddings", 9, raising=False)
    batch = documents("the mill stands still", "river " * 30)
    rows, failures = run_safely(Rephrase(model=model, prompt="{text}", quality=ANY), batch)
    assert (rows.num_rows, [(each.row, each.reason) for each in failures]) == (1, [(1, "prompt_too_long")])
    monkeypatch.setattr(loaded.network.generation_config, "forced_eos_token_id", None)
    monkeypatch.setattr(loaded.network.generation_config, "suppress_tokens", [0, 1, 2])
    _, failures = run_safely(Rephrase(model=model, prompt="{text}", quality=ANY), batch.slice(0, 1))
    assert [each.reason for each in failures] == ["cut_short"]


def test_a_prompt_with_little_room_shortens_no_other_answer(model, monkeypatch):
    loaded, asked = load_local(model.path, None, "cpu")._replace(generates_prompt=True), []
    long, short = "river " * 8, ["the mill", "a river"]
    size = len(loaded.tokenizer(long)["input_ids"])
    monkeypatch.setattr(loaded.network.config, "max_position_embeddings", size + 1, raising=False)
    monkeypatch.setattr(local, "load_local", lambda *_: loaded)
    monkeypatch.setattr(local, "_generated", lambda _, prompts, *how: asked.append((prompts, how[-1])) or prompts)
    greedy = model.model_copy(update={"temperature": 0.0, "batch_size": 3})
    assert list(local.ask_local(greedy, [short[0], long, short[1]], [0, 0, 0])) == [short[0], long, short[1]]
    assert asked == [(short, 4), ([long], 1)]


def test_answers_before_a_failure_of_a_local_model_are_kept(model, tmp_path, monkeypatch):
    asked = []

    def ask(_, prompts, seeds):
        for prompt in prompts:
            asked.append(prompt)
            if "3" in prompt:
                raise RuntimeError
            yield f"{prompt} anew"

    monkeypatch.setattr("curation.augment.rewording.answers.ask_local", ask)
    batch = documents(*(f"Text number {number}" for number in range(8)))
    with desk(Desk(tmp_path)):
        rows, failures = run_safely(Rephrase(model=model, prompt="{text}", quality=ANY), batch)
    assert (rows.num_rows, [each.reason for each in failures]) == (7, ["operator_error"])
    assert [asked.count(f"Text number {number}") for number in (0, 1, 2, 4, 7)] == [1] * 5


def test_chance_is_by_the_seed_of_the_row(model):
    warm = Rephrase(model=model.model_copy(update={"temperature": 5.0}), quality=ANY)
    texts = [row["text"] for row in made(warm, *([ENGLISH] * 8))]
    assert len(set(texts)) > 1
    assert texts == [row["text"] for row in made(warm, *([ENGLISH] * 8))]


def test_long_texts_are_asked_for_in_pieces_and_too_long_ones_not_at_all(model):
    asked = []

    def connect(_, requests):
        asked.extend(requests)
        return [request.prompt.upper() for request in requests]

    operator = Rephrase(model=endpoint(), prompt="{text}", piece=150, quality=ANY, longest=len(ENGLISH))
    with desk(Desk(connect=connect)):
        (row,) = made(operator, ENGLISH, ENGLISH + " More.")
    assert row["text"] == ENGLISH.upper()
    assert len(asked) > 2
    assert all(len(request.prompt) <= 150 for request in asked)


def test_back_translation_goes_there_and_back():
    def connect(model, requests):
        return [f"{model.name}({request.prompt})" for request in requests]

    there, back = endpoint(), Endpoint(url="http://localhost:1/v1", name="back")
    with desk(Desk(connect=connect)):
        (row,) = made(BackTranslate(there=there, back=back, prompt_there="de:{text}", quality=ANY), "A mill.")
    assert row["text"] == "back(any(de:A mill.))"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("  ", "empty_answer"),
        ("Mill.", "too_short"),
        (ENGLISH * 3, "too_long"),
        (ENGLISH, "too_similar"),
        ("xyz " * 80, "too_different"),
        (ENGLISH[:100] + "mill grain river wheel " * 10, "repetitive"),
        (ENGLISH[:200] + "The old miller closes his heavy door before evening comes, and everybody goes home.", None),
    ],
)
def test_each_fault_has_its_reason(answer, reason):
    assert Quality().fault(ENGLISH, answer) == reason


def test_another_language_is_a_fault():
    same = Quality(**{**ANY.model_dump(), "same_language": True})
    german = (
        "Die Mühle steht über dem Fluss. Die Bauern bringen im Herbst ihr Korn, und niemand kennt das Alter des Rades."
    )
    assert same.fault(ENGLISH, german) == "other_language"
    assert same.fault(ENGLISH, CHINESE) == "other_language"
    assert ANY.fault(ENGLISH, german) is None


def test_bad_rows_are_failures_with_their_reasons_and_the_others_go_on():
    sent = []

    def connect(_, requests):
        sent.extend(requests)
        return [DataError("timeout", "any") if "3" in each.prompt else f"{each.prompt} anew" for each in requests]

    batch = documents(*(f"Text number {number}" for number in range(8)))
    with desk(Desk(connect=connect)):
        rows, failures = run_safely(Rephrase(model=endpoint(), prompt="{text}", quality=ANY), batch)
    assert [(failure.row, failure.reason) for failure in failures] == [(3, "timeout")]
    assert rows.num_rows == 7
    assert len([each for each in sent if "3" in each.prompt]) == 1


def test_documents_beyond_the_budget_are_counted():
    operator = Rephrase(model=endpoint(), prompt="{text}", quality=ANY, max_requests=10)
    with desk(Desk(connect=lambda _, requests: ["new"] * len(requests), share=0.5)):
        rows, failures = run_safely(operator, documents(*(f"Text number {number}" for number in range(8))))
    assert rows.num_rows == 5
    assert [(failure.row, failure.reason) for failure in failures] == [(row, "over_budget") for row in (5, 6, 7)]


def test_an_endpoint_outside_of_a_run_and_a_model_that_is_not_there_stop_at_once():
    with pytest.raises(ResourceError, match="no run"):
        run_safely(Rephrase(model=endpoint()), documents(ENGLISH))
    with pytest.raises(ResourceError, match="while loading it"):
        run_safely(Rephrase(model=LocalModel(path="/nowhere/at/all")), documents(ENGLISH))


@pytest.mark.parametrize("url", ["http://key@host/v1", "https://host/v1?api-key=1", "ftp://host", "host:80"])
def test_an_address_with_a_key_in_it_is_refused(url):
    with pytest.raises(ValueError, match="an address"):
        Endpoint(url=url, name="any")
