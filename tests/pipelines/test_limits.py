"""Limits of a recipe: budgets of memory and disk decide how a run is done; lost shares stop it, and never change it."""

import os
import threading
import time

import pytest

from curation.errors import LimitError, RecipeError, ResourceError
from curation.limits import Limits
from curation.manifest import Manifest, Receipt
from curation.recipe_file import parse_recipe
from pipelines.budget import memory_of, within_memory
from pipelines.resources import Resources, free_bytes, tree_bytes
from pipelines.run_directory import RunDirectory
from pipelines.runner import Options, run_recipe
from pipelines.sessions import comparison
from pipelines.shares import Shares
from pipelines.stages import clean_stage
from pipelines.watch import Watch
from tests.conftest import document, write_lines

GB = 10**9
HERE = Options(workers=1, quiet=True)


def limited(recipe_text, limits):
    return parse_recipe(f"{recipe_text}limits: {limits}\n")


def test_sizes_are_written_as_people_write_them_and_change_no_fingerprint(recipe_text):
    recipe = limited(recipe_text, "{max_memory: 1.5GiB, max_disk: 20GB, min_free_disk: 0}")
    assert (recipe.limits.max_memory, recipe.limits.max_disk, recipe.limits.min_free_disk) == (3 << 29, 20 * GB, 0)
    assert recipe.fingerprint() == parse_recipe(recipe_text).fingerprint()
    with pytest.raises(RecipeError, match=r'limits\.max_memory: found "much", expected a size'):
        limited(recipe_text, "{max_memory: much}")


def test_a_share_of_an_unknown_reason_names_the_nearest(recipe_text):
    with pytest.raises(RecipeError, match="did you mean `too_short`"):
        limited(recipe_text, "{max_dropped_share_by: {to_short: 0.1}}")


def test_a_budget_of_memory_bounds_workers_keys_and_batches():
    options = within_memory(Options(workers=16, memory_bytes=GB), Limits(max_memory=2 * GB))
    assert 1 < options.workers < 16
    assert memory_of(options.workers, 0) + options.memory_bytes <= 2 * GB
    assert options.batch_bytes < Options().batch_bytes
    assert within_memory(Options(workers=2), Limits(max_memory=100 * GB)) == Options(workers=2)
    with pytest.raises(LimitError, match="for one worker"):
        within_memory(Options(), Limits(max_memory=100 << 20))


def test_a_small_budget_of_memory_leaves_the_same_bytes(recipe_text, reference_run, tmp_path, digests):
    options = Options(workers=1, quiet=True, batch_bytes=2000)
    held, _ = tree_bytes(os.getpid())  # by the tests that ran before
    run_recipe(limited(recipe_text, f"{{max_memory: {held + 700 * 10**6}}}"), tmp_path / "run", options)
    before, after = digests(reference_run), digests(tmp_path / "run")
    assert {name for name in before | after if before.get(name) != after.get(name)} == {"recipe.resolved.yaml"}


def test_memory_of_this_process_grows_with_what_it_holds():
    before, _ = tree_bytes(os.getpid())
    held = bytearray(os.urandom(1)) * (64 << 20)
    after, processes = tree_bytes(os.getpid())
    assert after - before > 60 << 20
    assert processes >= 1
    assert len(held) == 64 << 20


def test_more_memory_than_the_budget_is_noticed(tmp_path):
    with pytest.raises(LimitError, match=r"found .* of memory in \d+ process"):
        Resources(tmp_path, Limits(max_memory=1 << 20)).look()


@pytest.mark.parametrize("work", [lambda: time.sleep(60), lambda: threading.Event().wait(60)])
def test_a_watch_ends_what_it_looks_after(work):
    def look():
        raise LimitError("somewhere", "too much", "less", "do less")

    began = time.monotonic()
    with pytest.raises(LimitError, match="too much"), Watch(look, 0.01):
        work()
    assert time.monotonic() - began < 30


def test_a_watch_looks_once_more_at_the_end_and_lets_errors_of_the_block_through():
    looked = []
    with Watch(lambda: looked.append(1), 60):
        pass
    assert looked == [1]
    with pytest.raises(ZeroDivisionError), Watch(lambda: None, 60):
        raise ZeroDivisionError


def test_a_disk_without_the_room_that_must_stay_free_stops_the_run_before_it_begins(recipe_text, tmp_path):
    most = free_bytes(tmp_path) * 2
    with pytest.raises(ResourceError, match=r"free on its disk, expected at least .*limits.min_free_disk") as stop:
        run_recipe(limited(recipe_text, f"{{min_free_disk: {most}}}"), tmp_path / "run", HERE)
    assert stop.value.exit_code == 3
    assert not (tmp_path / "run/collect").exists()


def test_a_run_stopped_by_its_budget_of_disk_goes_on_when_that_is_raised(recipe_text, reference_run, tmp_path, digests):
    with pytest.raises(LimitError, match=r"limits.max_disk: found .* in .*run, expected at most 97.7 KiB"):
        run_recipe(limited(recipe_text, "{max_disk: 100000}"), tmp_path / "run", HERE)
    assert not (tmp_path / "run/dataset/manifest.json").exists()
    run_recipe(parse_recipe(recipe_text), tmp_path / "run", HERE)
    assert digests(tmp_path / "run") == digests(reference_run)


SHARES = [
    ("{max_dropped_share: 0.01}", r"more than 3 of 300 documents dropped, expected at most 1.0%"),
    ("{max_dropped_share_by: {too_short: 0.01}}", "more than 3 of 300 documents dropped as too_short"),
    ("{max_dropped_share_by: {duplicate.exact: 0.05}}", "more than 15 of 300 documents dropped as duplicate.exact"),
    ("{max_dropped_share: 0.05}", "more than 15 of 300 documents dropped, expected at most 5.0%"),
    ("{max_quarantined_share: 0}", "more than 0 of 302 records quarantined"),
]


@pytest.mark.parametrize(("limits", "message"), SHARES)
def test_a_share_that_is_passed_stops_the_run_with_the_same_words_each_time(recipe_text, tmp_path, limits, message):
    recipe = limited(recipe_text, limits)
    for options in (HERE, Options(workers=2, quiet=True)):
        for _ in range(2):
            with pytest.raises(LimitError, match=message) as stop:
                run_recipe(recipe, tmp_path / f"run{options.workers}", options)
            assert stop.value.exit_code == 1


@pytest.mark.parametrize("limits", ["{max_dropped_share: 0.1}", "{max_dropped_share_by: {too_short: 0.04}}"])
def test_shares_that_are_not_passed_stop_nothing(recipe_text, reference_run, limits):
    shares = Shares(limited(recipe_text, limits))
    shares.collected(Manifest.read(reference_run / "collect/manifest.json"))
    shares.decided(Manifest.read(reference_run / "decide/manifest.json"))
    shares.split(Manifest.read(reference_run / "split/manifest.json"))


def test_rules_are_held_to_their_share_before_all_units_are_clean(recipe_text, reference_run):
    recipe, run = limited(recipe_text, "{max_dropped_share: 0.01}"), RunDirectory(reference_run)
    shares = Shares(recipe)
    stage = shares.cleaning(clean_stage(recipe, run, {}, shares.collected(run.manifest("collect"))))
    receipts = [Receipt.read(reference_run, unit) for unit in stage.units]
    with pytest.raises(LimitError, match="more than 3 of 300 documents dropped"):
        look_at_all(stage, reference_run, receipts[:-1])


def look_at_all(stage, root, receipts):
    for receipt in receipts:
        stage.alarm(root, receipt)


def test_a_sample_that_nothing_can_be_read_of_stops_the_run_before_the_first_unit(recipe_text, tmp_path):
    recipe = parse_recipe(recipe_text.replace("name: web,", "name: web, text: txt,"))
    with pytest.raises(LimitError, match="records of a sample that cannot be read"):
        run_recipe(recipe, tmp_path / "run", Options(workers=1, quiet=True, estimate=True))
    assert not (tmp_path / "run/collect").exists()


def test_an_estimate_beyond_the_budget_of_disk_stops_the_run_before_the_first_unit(recipe_text, tmp_path):
    recipe = limited(recipe_text, "{max_disk: 1000}")
    with pytest.raises(LimitError, match="that the run would take, by a sample"):
        run_recipe(recipe, tmp_path / "run", Options(workers=1, quiet=True, estimate=True))
    assert not (tmp_path / "run/collect").exists()


def test_what_was_estimated_stands_beside_what_it_came_to(recipe_text, reference_run, tmp_path, digests):
    run_recipe(parse_recipe(recipe_text), tmp_path / "run", Options(workers=1, quiet=True, estimate=True))
    rows = {row.name: row for row in comparison(tmp_path / "run")}
    assert set(rows) == {"documents", "kept before duplicates", "time", "disk", "memory"}
    assert all(row.estimated and row.real for row in rows.values())
    assert rows["documents"].real == "300"
    assert digests(tmp_path / "run") == digests(reference_run)


def test_a_run_without_a_sample_keeps_what_it_took(reference_run):
    rows = {row.name: row for row in comparison(reference_run)}
    assert rows["disk"].real
    assert not rows["disk"].estimated


@pytest.mark.slow  # writes and reads a gigabyte
def test_a_record_of_a_gigabyte_among_ten_thousand_costs_that_record_alone(tmp_path):
    lines = write_lines(tmp_path / "lines", [{"text": document(number)} for number in range(10_000)]).read_bytes()
    middle = lines.index(b"\n", len(lines) // 2) + 1
    with (tmp_path / "a.jsonl").open("wb") as file:
        file.write(lines[:middle] + b'{"text": "')
        file.writelines(b"a" * 1_000_000 for _ in range(1000))
        file.write(b'"}\n' + lines[middle:])
    recipe = parse_recipe(f"""
name: giant
sources:
  - jsonl: {{name: web, path: "{tmp_path}/a.jsonl"}}
clean:
  - clean_lines
dedup:
  - exact: {{on: text}}
limits: {{max_memory: {tree_bytes(os.getpid())[0] + 600 * 10**6}}}
""")
    run_recipe(recipe, tmp_path / "run", HERE)
    counts = Manifest.read(tmp_path / "run/collect/manifest.json").counts
    assert (counts["documents"], counts["quarantined"]) == (10_000, 1)


def test_a_large_document_is_a_batch_of_its_own():
    import pyarrow as pa

    from pipelines.tasks.clean import slices_of

    batch = pa.RecordBatch.from_pydict({"text": pa.array(["a" * 10, "b" * 50, None, "c" * 10], pa.large_string())})
    sizes = [len(part) for part in slices_of(batch, {"batch_size": 3, "batch_bytes": 20})]
    assert sizes == [1, 1, 2]
