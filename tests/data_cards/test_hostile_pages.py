"""Fifty-five hostile strings wherever a page shows something of a run: each stays text, on every page there is."""

import json
import shutil
from urllib.parse import quote

import pytest
from pydantic import ValidationError
from ruamel.yaml import YAML

from curation.recipe_file import parse_recipe
from data_cards.card import PAGES
from pipelines.audit import ensure_report
from pipelines.diff import diff
from pipelines.diff_pages import difference_page
from pipelines.runner import Options, run_recipe
from tests.conftest import document, write_lines
from tests.data_cards.conftest import HOSTILE, Server
from tests.training.ablation.made_up import made_up_study, write_made_up
from training.ablation.report import write_report
from training.ablation.results import FACTS, RESULT
from training.ablation.study import Arm
from training.watch.log import Log
from training.watch.page import write_page


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Hostile are texts, addresses, fields and their names, file names, lines that cannot be read, reasons, words of
    rules, and everything that a person says on the card."""
    root = tmp_path_factory.mktemp("hostile")
    for number, bad in enumerate(HOSTILE):
        text = f"{document(number, 1)}\n{bad}"
        lines = [{"text": text, "url": bad, bad: bad}, {"text": text.upper(), "url": f"https://{bad}/"}]
        path = write_lines(root / "in" / f"{bad.replace('/', '_')}.jsonl", lines)
        with path.open("ab") as file:
            file.write(b'{"text": \xff ' + bad.encode() + b"\n")
    rules = [{"reason": bad, "attribute": "text.characters", "max": 60 + 3 * at} for at, bad in enumerate(HOSTILE)]
    rules.append({"reason": "word", "attribute": "language.label", "deny": HOSTILE})
    spoken = dict(zip(("title", "description", "homepage", "contact", "citation", "creators"), HOSTILE, strict=False))
    recipe = {
        "name": "hostile",
        "sources": [{"jsonl": {"name": "bad", "path": str(root / "in")}}],
        "clean": ["clean_lines", "language", "personal_data"],
        "rules": rules[::-1],
        "dedup": [{"exact": {"on": "normalized"}}],
        "dataset": {"splits": {"train": 0.8, "test": 0.2}},
        "card": spoken,
    }
    run_recipe(parse_recipe(json.dumps(recipe)), root / "run", Options(workers=1, quiet=True))
    return root / "run"


def opened(browser, address, *texts):
    """Open a page; it is calm, and shows the texts letter by letter."""
    browser.open(address)
    missing = browser.run(f"{json.dumps(texts)}.filter((one) => !document.documentElement.textContent.includes(one))")
    assert missing == []
    assert browser.problems == []
    own = address.split("?")[0]
    assert {request.split("?")[0] for request in browser.requests} <= {own}
    browser.requests.clear()


def test_the_browser_hears_what_runs_and_what_is_refused(browser, tmp_path):
    for number, head in enumerate(("", "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\">")):
        (tmp_path / f"{number}.html").write_text(f"<!doctype html>{head}<img src=x onerror=alert(1)>")
        browser.problems.clear()
        browser.open((tmp_path / f"{number}.html").as_uri())
        browser.until("document.images.length")
        browser.run("new Promise((done) => setTimeout(done, 200))")
        assert browser.problems


def test_the_report_shows_them_and_runs_none(browser, run):
    opened(browser, ensure_report(run).as_uri(), *HOSTILE)
    browser.until("document.documentElement.dataset.ready === 'thresholds'")
    browser.run(
        "document.querySelectorAll('input[type=range]').forEach((one) => { one.value = Number(one.value) ? 0 : 1;"
        "one.dispatchEvent(new Event('input')); })"
    )
    moved = YAML(typ="safe").load(browser.run("document.getElementById('as-rules').value"))
    assert {rule["reason"] for rule in moved} == set(HOSTILE)
    assert browser.problems == []


def test_a_comparison_shows_them_and_runs_none(browser, run, audited, tmp_path):
    (tmp_path / "page.html").write_text(difference_page(diff(run, audited)))
    opened(browser, (tmp_path / "page.html").as_uri(), *HOSTILE)


def test_the_live_pages_show_them_and_run_none(browser, run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    server = Server(tmp_path / "run", run)
    try:
        browser.open(f"{server.address}/?token={server.token}")
        browser.requests.clear()
        opened(browser, f"{server.address}/", *HOSTILE)
        for page in ("clusters", "thresholds", "labels", "releases"):
            opened(browser, f"{server.address}/{page}", *(HOSTILE if page in ("thresholds", "labels") else ()))
        rows = server.site.run.read.select(["n", "reason", "url"]).to_pylist()
        for row in rows[:: len(rows) // 9]:
            opened(browser, f"{server.address}/document?n={row['n']}&view=edits&reveal=1", row["url"])
        for bad in HOSTILE[::14]:
            opened(browser, f"{server.address}/?q={quote(bad)}&how=substring&stage=collect&rule={quote(bad)}", bad)
            server.site.label(0, "bad", bad)
            opened(browser, f"{server.address}/labels", bad.strip())
    finally:
        server.close()


def test_the_pages_of_training_show_them_and_run_none(browser, tmp_path):
    log = Log(tmp_path / "log.jsonl", steps=2, quiet=True)
    for step in (1, 2):
        log.write("step", step, loss=3.0 - step, lr=0.1)
        for bad in HOSTILE[:8]:
            log.write("evaluation", step, split=bad, bits_per_byte=2.0)
    log.close()
    write_page(tmp_path / "log.jsonl", tmp_path / "page.html", HOSTILE[4])
    opened(browser, (tmp_path / "page.html").as_uri(), *HOSTILE[:8])


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Hostile are its question, its recipe, what its models wrote, and the reasons and sources of its arms."""
    root = tmp_path_factory.mktemp("study")
    write_made_up(root, made_up_study(2, factorial=False, question=HOSTILE[3], recipe=HOSTILE[10]), seed=2)
    for path in root.rglob(RESULT):
        facts = json.loads(path.read_bytes())
        for sample, bad in zip(facts["samples"], HOSTILE, strict=False):
            sample.update(prompt=bad, text=bad + "".join(HOSTILE), spans=[{"start": 0, "end": 9, "document": bad}])
        path.write_text(json.dumps(facts))
    for path in (root / "arms").rglob(FACTS):
        facts = json.loads(path.read_bytes())
        path.write_text(json.dumps({**facts, "removed": dict.fromkeys(HOSTILE, 1), "sources": {HOSTILE[5]: 2}}))
    write_report(root)
    return (root / "report.html").as_uri()


def test_the_page_of_a_study_shows_them_and_runs_none(browser, study):
    opened(browser, study, HOSTILE[3], HOSTILE[10], "".join(HOSTILE))


@pytest.mark.parametrize(("scheme", "media"), [("dark", ""), ("light", "print")])
def test_the_page_of_a_study_is_drawn_in_the_dark_and_on_paper(browser, study, scheme, media):
    browser.appearance(scheme=scheme, media=media)
    browser.open(study)
    ground, ink = browser.run(
        "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('svg text')).fill]"
        ".map((color) => color.match(/\\d+/g).slice(0, 3).reduce((sum, part) => sum + Number(part), 0) / 3)"
    )
    hidden = browser.run("[...document.querySelectorAll('figure details table')].some((one) => !one.checkVisibility())")
    browser.appearance()
    assert (ground < 60 and ink > 180) if scheme == "dark" else (ground > 240 and ink < 60)
    assert hidden == (media != "print")


def test_names_that_become_files_and_columns_are_refused():
    for bad in HOSTILE:
        with pytest.raises(ValidationError):
            Arm(name=bad, role="base")


def test_the_card_keeps_them_in_their_place(run):
    text = (run / "dataset/README.md").read_text()
    _, front, body = text.split("---\n", 2)
    assert YAML(typ="safe").load(front)["pretty_name"] == HOSTILE[0]
    tables = [line for line in body.splitlines() if line.startswith("|")]
    assert not [line for line in tables if "<" in line]
    assert len([line for line in tables if '"reason"' in line]) == len(HOSTILE) + 1
    assert json.loads((run / "dataset/croissant.json").read_text())["description"] == HOSTILE[1]
    assert all((run / "dataset" / page).is_file() for page in PAGES)
