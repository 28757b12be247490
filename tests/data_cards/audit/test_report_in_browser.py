"""The report as Chromium draws it."""

import shutil

import pytest
from ruamel.yaml import YAML

from curation.recipe_file import load_recipe
from curation.rules import Rule
from data_cards.audit.thresholds import thresholds
from pipelines.audit import audited_run, ensure_report
from pipelines.runner import Options, run_recipe
from pipelines.what_if import what_if

READY = "document.documentElement.dataset.ready === 'thresholds'"


@pytest.fixture(scope="module")
def address(audited):
    return ensure_report(audited).as_uri()


def shown(browser):
    """Documents, words and bytes that the page says are kept."""
    cells = browser.run("[...document.querySelectorAll('[data-after]')].map((cell) => cell.textContent)")
    return [int(cell.replace(",", "")) for cell in cells]


def test_moved_thresholds_show_what_what_if_counts_and_a_re_run_keeps(browser, address, audited, tmp_path):
    browser.open(address, READY)
    found = thresholds(audited_run(audited))
    assert shown(browser) == list(found.kept)
    browser.run("document.getElementById('slider-0').focus()")
    for _ in range(5):
        browser.press("ArrowRight", 39)
    last = len(found.sliders[-1].positions) - 1
    browser.run(
        f"const last = document.getElementById('slider-{len(found.sliders) - 1}'); last.value = {last};"
        "last.dispatchEvent(new Event('input'))"
    )
    sets = browser.run("document.getElementById('as-text').value").replace("--set ", "").split()
    assert len(sets) == 2
    answer = what_if(audited, sets)
    assert shown(browser) == [answer.after.documents, answer.after.words, answer.after.bytes]
    assert browser.run("document.querySelector('[data-gained]').textContent") == f"{answer.gained:,}"
    assert browser.run("document.querySelector('[data-lost]').textContent") == f"{answer.lost:,}"
    alone = {rule.reason: rule.alone[1] for rule in answer.rules}
    said = browser.run("document.querySelector('[data-slider=\"0\"] [data-alone]').textContent")
    assert said == f"{alone[found.sliders[0].reason]:,}"
    assert_recipe_text_is_that_of(browser, audited, sets)
    run = shutil.copytree(audited, tmp_path / "run")
    run_recipe(load_recipe(run / "recipe.resolved.yaml", sets), run, Options(workers=1, quiet=True))
    decided = audited_run(run).manifest("decide").counts
    assert (decided["kept"], decided["bytes.kept"]) == (answer.after.documents, answer.after.bytes)
    browser.run("document.getElementById('reset').click()")
    assert shown(browser) == list(found.kept)
    assert_calm(browser, address)


def assert_recipe_text_is_that_of(browser, audited, sets):
    """The moved rules, whole, as a recipe takes them."""
    text = YAML(typ="safe").load(browser.run("document.getElementById('as-rules').value"))
    rules = load_recipe(audited / "recipe.resolved.yaml", sets).rules
    assert [Rule(**each) for each in text] == [rule for rule in rules if rule.reason in {t["reason"] for t in text}]
    assert len(text) == len(sets)


def test_the_report_draws_in_the_dark_on_paper_and_on_a_telephone(browser, address):
    browser.open(address, READY)
    day = browser.run("getComputedStyle(document.body).backgroundColor")
    browser.appearance(scheme="dark")
    assert browser.run("getComputedStyle(document.body).backgroundColor") != day
    browser.appearance(media="print")
    assert browser.run("getComputedStyle(document.querySelector('nav')).display") == "none"
    assert browser.run("document.querySelector('figure details table').getBoundingClientRect().height > 0")
    browser.appearance()
    browser.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=True)
    assert browser.run("document.documentElement.scrollWidth") <= 390
    browser.call("Emulation.clearDeviceMetricsOverride")
    pictures = browser.run("document.querySelectorAll('svg[role=img]').length")
    assert pictures == browser.run("document.querySelectorAll('figure details table').length")
    assert browser.run("[...document.querySelectorAll('svg[role=img]')].every((one) => one.getAttribute('aria-label'))")
    assert_calm(browser, address)


def assert_calm(browser, address):
    assert browser.problems == []
    assert {request.split("#")[0] for request in browser.requests} == {address}
