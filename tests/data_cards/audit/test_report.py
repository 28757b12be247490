"""The report: exact, safe, the same bytes again."""

import base64
import re
import zlib
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from curation.errors import ResourceError
from curation.recipe_file import parse_recipe
from data_cards.audit import counts
from data_cards.audit.report import is_current, report_page, write_report
from data_cards.audit.samples import nearest
from data_cards.audit.thresholds import thresholds
from pipelines.audit import audited_run, ensure_report
from pipelines.cli import app
from pipelines.runner import Options, run_recipe
from pipelines.what_if import what_if
from tests.conftest import write_lines
from tests.data_cards.pages.test_pages import Elements


@pytest.fixture(scope="module")
def run(audited):
    return audited_run(audited)


@pytest.fixture(scope="module")
def page(run):
    return report_page(run)


def unpacked(text, kind):
    return np.frombuffer(zlib.decompress(base64.b64decode(text)), kind)


def kept_at(found, positions):
    """What the page's script counts: the table decides, for sliders at these positions."""
    weights = np.stack([unpacked(found.table[name], "<f8") for name in ("documents", "words", "bytes")])
    cells = unpacked(found.table["cells"], np.uint8).reshape(len(found.sliders), -1)
    fails = [
        (at >= cell) if slider.lower else (at < cell)
        for slider, cell, at in zip(found.sliders, cells, positions, strict=True)
    ]
    return tuple(weights[:, ~np.any(fails, axis=0)].sum(axis=1).astype(int).tolist())


def asked(found, positions):
    return [
        f"rules.{slider.reason}.{slider.limit}={slider.positions[at]!r}"
        for slider, at in zip(found.sliders, positions, strict=True)
        if at != slider.at
    ]


@pytest.mark.parametrize("seed", range(8))
def test_any_positions_keep_what_what_if_keeps(run, seed):
    found, draw = thresholds(run), np.random.default_rng(seed)
    positions = [int(draw.integers(len(slider.positions))) for slider in found.sliders]
    after = what_if(run.root, asked(found, positions)).after
    assert kept_at(found, positions) == (after.documents, after.words, after.bytes)


def test_a_page_too_small_for_all_combinations_is_exact_one_at_a_time(run):
    found = thresholds(run, budget=0)
    assert not found.joint
    for number, slider in enumerate(found.sliders):
        for at in {0, len(slider.positions) - 1} - {slider.at}:
            after = what_if(run.root, [f"rules.{slider.reason}.{slider.limit}={slider.positions[at]!r}"]).after
            passes = [cell > at if slider.lower else cell <= at for cell in range(len(slider.positions) + 1)]
            kept = tuple(sum(np.array(part)[passes].tolist()) for part in found.table["single"][number])
            assert kept == (after.documents, after.words, after.bytes)


def test_the_recipe_itself_is_a_position_of_every_slider(run):
    found = thresholds(run)
    rules = {rule.reason: rule for rule in run.rules}
    assert [getattr(rules[s.reason], s.limit) for s in found.sliders] == [s.positions[s.at] for s in found.sliders]
    assert kept_at(found, [slider.at for slider in found.sliders]) == found.kept


def test_every_document_read_has_one_fate(run):
    found = counts.fates(run)
    assert sum(fate.documents for fate in found) == run.card.collected - run.manifest("collect").counts["quarantined"]
    assert sum(fate.documents for fate in found if fate.state == "kept") == run.card.kept
    assert {fate.reason for fate in found} > {"not_english", "too_short", "duplicate.exact", "repeated_line"}


def test_the_funnel_says_every_byte(run, page):
    kept = sum(fate.bytes_collected for fate in counts.fates(run) if fate.state == "kept")
    *_, last = re.findall(r"<tr>.*?</tr>", page[: page.index("what became of the kept")])
    assert last.endswith(f'<td class="number">{kept:,}</td></tr>')
    assert f"<td>{run.card.collected:,}</td>" in page.replace(' class="number"', "")


@pytest.mark.parametrize("column", ["source", "language.label"])
def test_groups_add_up_to_all_documents(run, column):
    rows = counts.groups(run, column, most=2)
    assert sum(row[1] for row in rows) == run.read.num_rows
    assert all(row[1] == sum(row[2:5]) for row in rows)


def test_histograms_count_every_document_once(run):
    for name in counts.measured_numbers(run):
        found = counts.distribution(run, name)
        if found is not None:
            assert sum(found.kept) + sum(found.dropped) + found.missing == run.read.num_rows


def test_samples_come_nearest_to_the_limit_first(run):
    ((_, found),) = nearest(run, ["too_short"], 5, 100)
    far = [60 - sample.value for sample in found]
    assert far == sorted(far)
    assert len(far) == 5
    assert all(sample.text is not None for sample in found)


def test_the_limit_of_a_sample_is_that_of_its_own_group(run):
    own = {"by": "source", "limits": {"hostile": 1000.0}}
    rules = tuple(rule.model_copy(update=own) if rule.reason == "too_short" else rule for rule in run.rules)
    ((_, found),) = nearest(replace(run, rules=rules), ["too_short"], 500, 10)
    far = [abs((1000 if sample.source == "hostile" else 60) - sample.value) for sample in found]
    assert far == sorted(far)
    assert {sample.source for sample in found} == {"web", "hostile"}


def test_a_document_that_a_gate_stopped_is_shown_as_collected(run):
    ((_, found),) = nearest(run, ["not_english"], 1, 100)
    assert "水車" in found[0].text


def test_nothing_hostile_becomes_an_element(page):
    elements = Elements(page)
    assert "img" not in elements.names
    assert not {name for name in elements.attributes if name == "style" or name.startswith("on")}
    assert elements.names.count("script") == 2  # data, and our own
    assert "example.org/" not in re.sub(r"<pre.*?</pre>", "", page, flags=re.DOTALL).replace("https://example.org", "")


def test_personal_data_is_masked(page):
    assert "[email]" in page
    assert not re.search(r"miller\d+@", page)


def test_the_same_run_gives_the_same_bytes(run, page):
    assert report_page(replace(run)) == page


def test_a_page_asks_nothing_of_any_network_and_is_small(page):
    assert not re.search(r'(?:src|href)="(?!#)', page)
    assert len(page) < 5 << 20


def test_a_report_is_written_once_for_a_run(audited):
    path = ensure_report(audited)
    before = path.stat().st_mtime_ns
    assert ensure_report(audited) == path
    assert path.stat().st_mtime_ns == before
    assert not is_current(replace(audited_run(audited), recipe="another"))


def test_a_run_without_documents_has_a_report(tmp_path):
    path = write_lines(tmp_path / "a.jsonl", [{"text": ""}])
    recipe = f"name: empty\nsources:\n  - jsonl: {{name: a, path: {path}}}\n"
    run_recipe(parse_recipe(recipe), tmp_path / "run", Options(workers=1, quiet=True))
    assert write_report(audited_run(tmp_path / "run")).stat().st_size > 0


def test_the_command_names_the_report_and_refuses_what_is_no_run(audited, tmp_path):
    done = CliRunner().invoke(app, ["audit", str(audited), "--report"])
    assert done.exit_code == 0
    assert "audit/report.html" in done.output
    with pytest.raises(ResourceError, match="no run"):
        audited_run(tmp_path)
