"""Lines and passages that the corpus repeats: one copy stays, the others are taken out of their documents."""

import random
from collections import Counter

import pytest

from curation.recipe_file import parse_recipe
from curation.shards import shard_batches
from pipelines.runner import Options, run_recipe
from pipelines.verify import verify_path
from tests.conftest import WORDS, write_lines

RECIPE = """
name: rewriting
sources:
  - jsonl: {{name: web, path: "{corpus}", unit_bytes: 9000}}
dedup:
  - lines: {{unit: line, min_characters: 20}}
  - substring: {{min_tokens: 20}}
dataset:
  splits: {{train: 1.0}}
"""
NOTICE = "All rights reserved by the mill and its owners."


def words(seed, count):
    chance = random.Random(str(seed))
    return " ".join(chance.choice(WORDS) + str(chance.randrange(500)) for _ in range(count))


PASSAGE = words("passage", 40).capitalize() + "."


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Sixty pages; a third end in a notice, a fifth hold a passage inside a line, two hold nothing but the notice."""
    folder = tmp_path_factory.mktemp("rewriting")
    pages = []
    for number in range(60):
        lines = [words((number, line), 12).capitalize() + "." for line in range(6)]
        if number % 3 == 0:
            lines.append(NOTICE)
        if number % 5 == 0:
            lines[2] = f"{lines[2]} {PASSAGE} {words((number, 'after'), 6)}."
        pages.append("\n".join(lines))
    pages += [NOTICE.upper(), NOTICE]
    for number in range(3):
        write_lines(folder / f"{number}.jsonl", [{"text": text} for text in pages[number::3]])
    return folder


def run(corpus, root, **options):
    run_recipe(parse_recipe(RECIPE.format(corpus=corpus)), root, Options(quiet=True, **{"workers": 1, **options}))
    return root


@pytest.fixture(scope="module")
def rewritten(corpus, tmp_path_factory):
    return run(corpus, tmp_path_factory.mktemp("rewriting-run"))


def rows(folder, pattern="**/*.arrow"):
    return [row for path in sorted(folder.glob(pattern)) for batch in shard_batches(path) for row in batch.to_pylist()]


def test_one_copy_of_a_line_and_of_a_passage_stays(rewritten):
    texts = "\n".join(row["text"] for row in rows(rewritten / "dataset"))
    assert texts.casefold().count(NOTICE.casefold()) == 1
    assert texts.count(PASSAGE) == 1


def test_nothing_else_is_lost_and_no_word_is_cut(corpus, rewritten):
    before = Counter(word for row in rows(rewritten, "collect/shard-*") for word in row["text"].split())
    after = Counter(word for row in rows(rewritten / "dataset") for word in row["text"].split())
    gone = before - after
    assert after - before == Counter()
    notices, passages = gone["reserved"] + gone["RESERVED"], gone[PASSAGE.split()[0]]
    assert (notices, passages) == (21, 11)
    assert set(gone) <= {*NOTICE.split(), *NOTICE.upper().split(), *PASSAGE.split()}


def test_the_ledger_counts_what_each_document_lost(rewritten):
    ledger = rows(rewritten / "ledger")
    assert sum(row["lines.removed_spans"] for row in ledger) == 21
    assert sum(row["substring.removed_spans"] for row in ledger) == 11
    assert all((row["lines.removed_characters"] > 0) == (row["lines.removed_spans"] > 0) for row in ledger)


def test_a_document_with_nothing_left_is_dropped_with_that_reason(rewritten):
    emptied = [row for row in rows(rewritten / "ledger") if row["reason"] == "emptied.lines"]
    assert 1 <= len(emptied) <= 2
    assert all(row["state"] == "dropped" for row in emptied)
    verify_path(rewritten)


@pytest.mark.parametrize("options", [{"workers": 2}, {"memory_bytes": 1}])
def test_the_same_bytes_with_any_workers_and_memory(corpus, rewritten, tmp_path, digests, options):
    assert digests(run(corpus, tmp_path, **options)) == digests(rewritten)


def test_near_duplicates_after_it_see_the_text_that_is_left(corpus, tmp_path):
    text = RECIPE.format(corpus=corpus).replace(
        "dataset:", "  - minhash: {threshold: 0.8}\naugment:\n  - word_noise\ndataset:"
    )
    run_recipe(parse_recipe(text), tmp_path, Options(quiet=True, workers=1))
    verify_path(tmp_path)
    children = [row["text"] for row in rows(tmp_path / "dataset") if row["parent_id"] is not None]
    assert len(children) > 50
    assert "\n".join(children).count(NOTICE) <= 1
