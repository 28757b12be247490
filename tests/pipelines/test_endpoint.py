"""A server that fails, dawdles and talks nonsense: rows are counted, the run goes on, up to the recipe's limit."""

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from curation.augment.rewording.answers import Request
from curation.augment.rewording.models import Endpoint
from curation.errors import DataError, GristmillError, ResourceError
from curation.recipe_file import parse_recipe
from data_cards.facts import CardFacts
from pipelines.endpoint import Connection
from pipelines.runner import Options, run_recipe
from pipelines.verify import verify_path
from tests.conftest import document, write_lines

SECRET = "sk-never-to-be-seen"


class Server(ThreadingHTTPServer):
    """Answers each prompt by the first of its words that `behaviour` knows, else in capitals."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked, self.keys, self.behaviour = Counter(), set(), {}
        self.heard_out = False


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        prompt = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["messages"][0]["content"]
        self.server.asked[prompt] += 1
        self.server.keys.add(self.headers.get("Authorization"))
        act = next((act for word, act in self.server.behaviour.items() if word in prompt), answer_in_capitals)
        act(self, prompt)

    def say(self, body, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def answer_in_capitals(handler, prompt):
    handler.say(json.dumps({"choices": [{"message": {"content": prompt.upper()}}]}).encode())


def fail(handler, _):
    handler.say(b"", 500)


def fail_once(handler, prompt):
    fail(handler, prompt) if handler.server.asked[prompt] == 1 else answer_in_capitals(handler, prompt)


def dawdle(handler, _):
    time.sleep(0.6)


def drip(handler, _):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(40):
        handler.wfile.write(b" ")
        time.sleep(0.05)
    handler.server.heard_out = True


def stop_short(handler, prompt):
    handler.say(json.dumps({"choices": [{"message": {"content": prompt}, "finish_reason": "length"}]}).encode())


def talk_nonsense(handler, _):
    handler.say(b"<html>not an answer")


def say_nothing(handler, _):
    handler.say(b'{"choices": [{"message": {"content": "  "}}]}')


def refuse(handler, _):
    handler.say(b"", 401)


@pytest.fixture
def server():
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield running
        running.shutdown()


def endpoint(server, **options):
    url = f"http://127.0.0.1:{server.server_port}/v1"
    return Endpoint(**{"url": url, "name": "any", "timeout_s": 0.2, "retries": 1, "backoff_s": 0.01, **options})


def ask(server, *prompts, **options):
    found = Connection()(endpoint(server, **options), [Request(prompt, 1) for prompt in prompts])
    return [each.reason if isinstance(each, DataError) else each for each in found]


def test_each_failure_has_its_reason_and_the_others_are_answered(server):
    server.behaviour = {"bad": fail, "slow": dawdle, "odd": talk_nonsense, "again": fail_once}
    server.behaviour |= {"drop": drip, "long": stop_short}
    found = ask(server, "good", "bad", "slow", "odd", "once again", "drop by drop", "too long")
    assert found == ["GOOD", "server_error", "timeout", "no_answer", "ONCE AGAIN", "timeout", "cut_short"]
    assert server.asked == {"good": 1, "bad": 2, "slow": 2, "odd": 1, "once again": 2, "drop by drop": 2, "too long": 1}
    assert not server.heard_out


def test_too_many_failures_in_a_row_stop_the_run(server):
    server.behaviour = {"bad": fail}
    with pytest.raises(ResourceError, match="3 failures in a row, the last one server_error"):
        ask(server, *(f"bad {number}" for number in range(50)), give_up_after=3, retries=0)
    assert len(server.asked) < 10


def test_a_refused_key_stops_at_once_and_is_not_shown(server, monkeypatch):
    monkeypatch.setenv("KEY_OF_TEST", SECRET)
    server.behaviour = {"any": refuse}
    with pytest.raises(ResourceError, match="status 401") as caught:
        ask(server, "any", key_from="KEY_OF_TEST")
    assert server.keys == {f"Bearer {SECRET}"}
    assert SECRET not in str(caught.value)
    monkeypatch.delenv("KEY_OF_TEST")
    with pytest.raises(ResourceError, match="nothing in the environment variable KEY_OF_TEST"):
        ask(server, "any", key_from="KEY_OF_TEST")


RECIPE = """
name: reworded
sources: [{{jsonl: {{name: web, path: "{folder}/*.jsonl"}}}}]
augment:
  - rephrase:
      model: {{url: "{url}", name: any, timeout_s: 0.2, retries: 0, key_from: KEY_OF_TEST}}
      prompt: "{{text}}"
      quality: {{max_similarity: null, max_repetition: null, same_language: false}}
      {more}
augmentation: {{max_failed_share: {limit}}}
dataset: {{splits: {{train: 1.0}}}}
"""


@pytest.fixture
def run(server, tmp_path, monkeypatch):
    monkeypatch.setenv("KEY_OF_TEST", SECRET)
    for name in ("a", "b"):
        texts = [f"{name}{number} {document(number + 50 * (name == 'b'), 2)}" for number in range(20)]
        write_lines(tmp_path / "texts" / f"{name}.jsonl", [{"text": text} for text in texts])

    def of(root, limit=0.2, more="share: 1.0", **options):
        recipe = parse_recipe(
            RECIPE.format(folder=tmp_path / "texts", url=endpoint(server).url, limit=limit, more=more)
        )
        done = run_recipe(recipe, tmp_path / root, Options(**{"workers": 1, "quiet": True, **options}))
        verify_path(tmp_path / root)
        return CardFacts.model_validate(done.manifest.facts).augmentation

    return of


BAD = {"a3 ": fail, "a4 ": dawdle, "b5 ": talk_nonsense, "b6 ": say_nothing}


def test_bad_rows_are_counted_and_the_run_goes_on(run, server):
    server.behaviour = BAD
    facts = run("run")
    reasons = ("server_error", "timeout", "no_answer", "empty_answer")
    assert facts.failed == {f"rephrase.{reason}": 1 for reason in reasons}
    assert (facts.made, facts.kept) == (36, 36)


def test_the_kept_answers_make_a_second_run_the_same(run, server, tmp_path, digests):
    server.behaviour = BAD
    run("one")
    asked = server.asked.copy()
    (tmp_path / "two").mkdir()
    (tmp_path / "one/answers").rename(tmp_path / "two/answers")
    run("two", batch_size=3, workers=2)
    assert {prompt for prompt, count in (server.asked - asked).items()} == {
        prompt for prompt in asked if any(word in prompt for word in ("a3 ", "a4 ", "b5 "))
    }
    (tmp_path / "two/answers").rename(tmp_path / "one/answers")
    assert digests(tmp_path / "one") == {**digests(tmp_path / "two"), **_answers(digests(tmp_path / "one"))}


def _answers(files):
    return {name: digest for name, digest in files.items() if name.startswith("answers/")}


def test_more_failures_than_the_recipe_allows_stop_the_run_with_a_clear_error(run, server):
    server.behaviour = BAD
    with pytest.raises(GristmillError, match=r"4 documents that could not be augmented .*expected at most 2") as caught:
        run("run", limit=0.05)
    assert "rephrase.timeout" in str(caught.value)


def test_the_key_is_in_no_file_of_the_run(run, tmp_path):
    run("run")
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if SECRET.encode() in path.read_bytes()]


def test_a_limit_of_requests_holds_for_all_units_together(run, server):
    facts = run("run", more="max_requests: 10")
    assert sum(server.asked.values()) == 10
    assert facts.failed == {"rephrase.over_budget": 30}
