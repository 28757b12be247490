"""Filters and histograms of the live pages, against plain loops over the ledger."""

import json
import math
import random
from dataclasses import replace

import pytest

from data_cards.audit import counts
from data_cards.audit.ui.filters import Filter, parse
from data_cards.audit.ui.labels import Labels, export
from data_cards.audit.ui.precision import precision, wilson
from data_cards.audit.ui.spreadsheet import to_csv
from data_cards.audit.ui.words import WordIndex
from tests.data_cards.conftest import HOSTILE


@pytest.fixture(scope="module")
def store(served):
    return served.site.store


@pytest.fixture(scope="module")
def rows(store):
    return store.run.ledger.to_pylist()


def words(row):
    return row["gopher_quality.words"]


def asked(store, query):
    from urllib.parse import parse_qsl

    return parse(parse_qsl(query), store.columns, store.numbers, store.rules)


@pytest.mark.parametrize(
    ("query", "passes"),
    [
        ("", lambda row: True),
        ("state=dropped", lambda row: row["state"] == "dropped"),
        ("state=dropped&state=kept&split=train", lambda row: row["split"] == "train"),
        ("split=(none)", lambda row: row["split"] is None),
        ("reason=too_short&source=web", lambda row: row["reason"] == "too_short" and row["source"] == "web"),
        ("min.gopher_quality.words=20&max.gopher_quality.words=45", lambda row: 20 <= (words(row) or 0) <= 45),
        ("rule=too_short", lambda row: row["text.characters"] < 60),
    ],
)
def test_filters_count_as_a_loop_does(store, rows, query, passes):
    wanted = [row for row in rows if passes(row)]
    found = asked(store, query)
    assert store.count(found, None) == (len(wanted), sum(row["state"] == "kept" for row in wanted))
    assert [row["n"] for row in store.page(found, None, 1000)] == [row["n"] for row in wanted]


def test_an_address_says_the_same_filter_again(store):
    query = "q=mill&how=regex&stage=collect&state=kept&reason=a%26b&min.text.characters=0.1&rule=too_short&offset=5"
    once = asked(store, query)
    assert asked(store, once.query()) == once
    assert asked(store, "offset=-1&how=sql&order=1;drop&min.text.characters=nan&rule=x&attribute=y") == Filter()


def test_facets_count_under_all_other_conditions(store, rows):
    found = dict(store.facet(asked(store, "state=kept&source=web"), None, "state"))
    assert found == {state: sum(row["state"] == state and row["source"] == "web" for row in rows) for state in found}
    assert len(found) == 2


@pytest.mark.parametrize("name", ["gopher_quality.words", "text.characters", "gopher_quality.word_length"])
@pytest.mark.parametrize("sample", [1 << 16, 16])
def test_histograms_are_those_of_the_report(store, name, sample, monkeypatch):
    monkeypatch.setattr("data_cards.audit.ui.store._SAMPLE", sample)
    found = store.histogram(Filter(), None, name)
    report = counts.distribution(store.run, name)
    assert sum(found.kept) == sum(report.kept)
    assert sum(found.dropped) == sum(report.dropped)
    assert found.missing == report.missing


def test_words_substrings_and_patterns_find_what_a_loop_finds(store):
    texts = store.run.texts("clean")["text"].to_pylist()
    collected = store.run.texts("collect")["text"].to_pylist()
    index = WordIndex(store.run)
    assert index.prepare(30)
    pairs = enumerate(zip(texts, collected, strict=True))
    wanted = [n for n, (new, old) in pairs if "slowly" in (new or old).lower().split()]
    assert set(wanted) <= set(index.search("SLOWLY")["n"].to_pylist())
    assert index.search('"mill turns" slow*')["n"].to_pylist()
    for how, test in (("substring", "wheat."), ("regex", "wh.at[.]")):
        found = store.matching(Filter(text=test, how=how))["n"].to_pylist()
        assert sorted(found) == [n for n, text in enumerate(texts) if text and "wheat." in text]


@pytest.mark.parametrize("bad", [*HOSTILE, '"', "*", "NEAR(", "a AND", "\0", "^"])
def test_any_text_is_a_search_for_words(store, bad):
    index = WordIndex(store.run)
    assert index.prepare(30)
    assert index.search(bad).num_rows >= 0


def test_documents_are_found_by_id_its_beginning_url_and_key(store, rows):
    row = rows[7]
    for name in (row["id"], row["id"][:8], row["key"]):
        assert row["n"] in store.find(name)
    assert store.find("https://example.org/3")
    assert store.find("nothing of the kind") == []


def test_labels_are_kept_and_the_last_word_counts(store, rows, tmp_path):
    elsewhere = replace(store.run, root=tmp_path)
    labels = Labels(elsewhere)
    labels.add(rows[0]["id"], "good", "a note")
    labels.add(rows[0]["id"], "bad", "")
    labels.add(rows[1]["id"], "good", "=1+1")
    labels.add(rows[2]["id"], "good", "")
    labels.add(rows[2]["id"], "", "")
    again = Labels(elsewhere)
    assert {entry.id: entry.label for entry in again.all()} == {rows[0]["id"]: "bad", rows[1]["id"]: "good"}
    written = export(store.run, again, {rows[0]["id"]: 0, rows[1]["id"]: 1})
    lines = [json.loads(line) for line in written["bad"][0].read_text("utf-8").splitlines()]
    assert [(line["id"], line["text"]) for line in lines] == [(rows[0]["id"], store.run.text("clean", 0))]


def test_a_rule_is_right_about_bad_documents_that_it_fails(store, rows):
    failing = [row["n"] for row in rows if row["reason"] == "too_short"]
    found = {
        one.reason: one
        for one in precision(store.run, [(failing[0], "bad"), (failing[1], "good"), (failing[2], "unsure")])
    }
    assert (found["too_short"].labelled, found["too_short"].right) == (2, 1)
    assert found["repeated_line"].labelled == 0


def test_the_interval_holds_the_true_share_nineteen_times_in_twenty():
    draw, held = random.Random(1), 0
    for _ in range(2000):
        low, high = wilson(sum(draw.random() < 0.3 for _ in range(40)), 40)
        held += low <= 0.3 <= high
    assert 0.93 < held / 2000 < 0.97
    assert wilson(0, 0) == (0, 1)
    assert math.isclose(wilson(10, 10)[1], 1)
    assert math.isclose(wilson(5, 10)[0] + wilson(5, 10)[1], 1)


def test_no_field_of_a_csv_begins_as_a_formula():
    import csv
    import io

    text = to_csv(["a"], [[bad] for bad in [*HOSTILE, " =1", "\ufeff=1", 5, None]])
    fields = [row[0] for row in csv.reader(io.StringIO(text))]
    assert len(fields) == len(HOSTILE) + 5
    assert not [field for field in fields if field.lstrip(" \ufeff").startswith(("=", "+", "-", "@", "\t", "\r"))]
