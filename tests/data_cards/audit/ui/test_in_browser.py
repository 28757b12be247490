"""The live pages as Chromium draws them: search, filter, read, label, compare."""

import pytest


@pytest.fixture
def page(browser, served):
    browser.open(f"{served.address}/?token={served.token}")
    yield browser
    assert browser.problems == []
    assert {request.split("/")[2] for request in browser.requests} == {f"127.0.0.1:{served.port}"}


def total(page):
    return int(page.run("document.getElementById('total').textContent").replace(",", ""))


def submit(page, address, changes):
    """Open a page, change its form, send it."""
    page.open(address)
    page.run(f"window.old = true; {changes}; document.querySelector('form.browse').requestSubmit()")
    page.until("!window.old && document.readyState === 'complete'")


def test_search_filter_histogram_and_recipe_text(page, served):
    assert "token" not in page.run("location.href")
    everything = total(page)
    submit(page, served.address, "document.getElementById('q').value = 'slowly wheat'")
    assert 0 < total(page) < everything
    submit(page, served.address, "document.querySelector('input[value=too_short]').checked = true")
    assert page.run("[...document.querySelectorAll('.row b')].every((row) => row.textContent === 'dropped: too_short')")
    address = f"{served.address}/?attribute=gopher_quality.words"
    submit(page, address, "document.querySelector('[name=\"min.gopher_quality.words\"]').value = '20'")
    assert page.run("document.querySelectorAll('figure svg[role=img] .bar').length") == 2
    rule = page.run("document.querySelector('.copied').value")
    assert rule == "- {reason: my_rule, attribute: gopher_quality.words, min: 20}"
    page.press("/")
    assert page.run("document.activeElement.id") == "q"


def test_reading_and_labelling_by_keyboard(page, served):
    page.open(f"{served.address}/?rule=too_short&order=random")
    page.run("window.old = true; document.querySelector('.row').click()")
    page.until("!window.old && document.querySelector('.labels')")
    assert "too_short" in page.run("document.querySelector('.headline').textContent")
    assert page.run("[...document.querySelectorAll('.path li')].length") >= 4
    first = page.run("location.search")
    page.run("window.old = true")
    page.press("b")
    page.until("!window.old && document.querySelector('button[value=bad][aria-pressed=true]')")
    page.run("window.old = true")
    page.press("j")
    page.until(f"!window.old && document.querySelector('.labels') && location.search !== {first!r}")
    page.open(f"{served.address}/labels")
    assert "100.0 %" in page.run("document.querySelector('table').textContent")
    page.open(f"{served.address}/?label=bad")
    assert total(page) == 1


def test_clusters_thresholds_and_releases(page, served):
    page.open(f"{served.address}/clusters")
    page.run("window.old = true; document.querySelector('tbody a').click()")
    page.until("!window.old && document.querySelector('.difference')")
    page.open(f"{served.address}/thresholds", "document.documentElement.dataset.ready === 'thresholds'")
    page.open(f"{served.address}/releases")
    fates = page.run("[...document.querySelectorAll('#moves tbody tr')].map((row) => row.textContent)")
    assert any(row.startswith("droppedkept") for row in fates)
    page.run("window.old = true; document.querySelector('#examples a').click()")
    page.until("!window.old && document.querySelector('.path')")
    page.open(f"{served.address}/releases")
    page.run("window.old = true; document.querySelector('#examples a[href*=\"view=other\"]').click()")
    page.until("!window.old && document.querySelector('.difference')")
    assert "other release" in page.run("document.querySelector('.tabs [aria-current]').textContent")


def test_the_pages_fit_a_telephone(page, served):
    page.call("Emulation.setDeviceMetricsOverride", width=390, height=800, deviceScaleFactor=1, mobile=True)
    for path in ("/", "/document?n=3", "/clusters", "/labels", "/releases"):
        page.open(served.address + path)
        assert page.run("document.documentElement.scrollWidth") <= 390, path
    page.call("Emulation.clearDeviceMetricsOverride")
