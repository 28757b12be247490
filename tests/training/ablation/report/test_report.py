"""One page that shows a study to someone who did not run it, and asks nothing of any network."""

import csv
import html
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from curation.files import write_json
from tests.training.ablation.made_up import made_up_study, write_made_up
from tests.training.ablation.studies import a_run, a_study, write_study
from training.ablation.report import write_report
from training.ablation.report.tables import safe_cell
from training.ablation.results import RESULT, TIMES, run_folder
from training.ablation.statistics import Analysis


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = write_made_up(tmp_path_factory.mktemp("study"), made_up_study(), seed=2)
    write_report(root)
    return root


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "report.html").read_text("utf-8")


class _Elements(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attributes)))


def test_the_page_is_whole_in_itself(page: str) -> None:
    for tag, attributes in _Elements(page).found:
        assert tag not in ("link", "img", "iframe", "script", "object")
        assert "src" not in attributes
        assert "style" not in attributes
        assert not [name for name in attributes if name.startswith("on")]
        assert (attributes.get("href") or "#").startswith(("#", "data:"))
    assert "default-src 'none'" in html.unescape(page)


def test_links_within_the_page_lead_somewhere(page: str) -> None:
    elements = _Elements(page).found
    ids = {attributes["id"] for _, attributes in elements if "id" in attributes}
    inner = {str(each["href"])[1:] for _, each in elements if str(each.get("href", "")).startswith("#")}
    assert inner <= ids
    assert any(name.startswith("document-") for name in inner)


def test_every_section_says_how_to_read_it(page: str) -> None:
    sections = page.split("<section ")[1:]
    assert len(sections) == 13
    assert all("How to read it." in section for section in sections)


def test_every_picture_has_its_numbers_beside_it(page: str) -> None:
    figures = re.findall(r"<figure>.*?</figure>", page, re.S)
    assert len(figures) >= 8
    assert all("<table" in figure for figure in figures)


def test_the_smallest_visible_effect_stands_before_any_result(page: str) -> None:
    assert page.index("What this study can see") < page.index("What came out") < page.index("All effects")


def test_verdicts_and_what_they_rest_on_are_said(page: str) -> None:
    for words in ("3 of 4 contrasts", "▼</span> hurts", "◇</span> not resolved", "fewer tokens", "noise floor"):
        assert words in page


def test_the_same_results_give_the_same_bytes(root: Path, page: str) -> None:
    assert write_report(root).read_text("utf-8") == page


def test_times_stand_in_one_marked_place(tmp_path: Path) -> None:
    root = write_made_up(tmp_path, made_up_study(factorial=False))
    without = write_report(root).read_text("utf-8")
    times = {"device": "cpu", "seconds": {"training": 12.5, "measuring": 3.0}}
    write_json(run_folder(root, "full", 0.01, 0) / TIMES, times)
    found = write_report(root).read_text("utf-8")
    assert "training 12 s" in found
    assert re.sub(r"<!-- times -->.*<!-- /times -->", "<!-- times --><!-- /times -->", found, flags=re.S) == without


def test_text_of_models_cannot_leave_its_place(tmp_path: Path) -> None:
    study = made_up_study(factorial=False, question="Is <script>alert(1)</script> escaped?")
    root = write_made_up(tmp_path, study)
    path = run_folder(root, "full", 0.01, 0) / RESULT
    run = json.loads(path.read_text())
    run["samples"][0]["text"] = run["samples"][0]["prompt"] + "</p><script>alert(2)</script>"
    write_json(path, run)
    assert "<script" not in write_report(root).read_text("utf-8")


def test_numbers_can_be_read_back(root: Path) -> None:
    numbers = json.loads((root / "results.json").read_text("utf-8"))
    assert Analysis.model_validate(numbers["analysis"]).contrasts
    assert len(numbers["runs"]) == len(made_up_study().arms) * 6


def test_runs_are_a_spreadsheet_with_a_row_each(root: Path) -> None:
    rows = list(csv.DictReader(io.StringIO((root / "runs.csv").read_text("utf-8"))))
    assert len(rows) == len(made_up_study().arms) * 6
    assert {"arm", "lr", "seed", "bpb", "exposure_64"} <= rows[0].keys()


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@x", "\tx", "\rx"])
def test_a_cell_is_never_a_formula(cell: str) -> None:
    assert safe_cell(cell) == f"'{cell}"
    assert (safe_cell(-1.5), safe_cell("full")) == (-1.5, "full")


@pytest.mark.parametrize("seeds", [1, 2, 3])
def test_a_small_study_has_a_page_too(tmp_path: Path, seeds: int) -> None:
    study = a_study(seeds=tuple(range(seeds)))
    keys = [(arm.name, lr, seed) for arm in study.arms for lr in study.lrs for seed in study.seeds]
    runs = [a_run(arm, lr, seed, 2.5 + 0.2 * arm.startswith("noise") + 0.001 * seed) for arm, lr, seed in keys]
    page = write_report(write_study(tmp_path, study, runs)).read_text("utf-8")
    assert bool(re.search("seeds?: exploratory", page)) == (seeds < 3)
    assert ("hurts</p>" in page) == (seeds == 3)


def test_memory_is_said_from_one_copy_to_the_most(page: str) -> None:
    assert re.search(r"From 1 to 64 copies exposure rises by, in bits: full [+−]\d\.\d, .*without-dedup \+\d", page)


def test_one_seed_at_the_second_learning_rate_is_enough_to_check_the_order(tmp_path: Path) -> None:
    study = made_up_study(factorial=False, other_seeds=1)
    found = write_report(write_made_up(tmp_path, study)).read_text("utf-8")
    assert "3 at 0.01, 1 at 0.0033" in found
    assert "▼ hurts" in found
