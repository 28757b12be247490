"""Practice corpora are the same each time, go on where another ended, and hold what a crawl holds."""

import gzip
import json

import pytest

from curation.errors import RecipeError, ResourceError
from pipelines.practice.corpus import page
from pipelines.practice.write import write_practice

SHARES = {"en": 0.8, "zh": 0.2}


def texts(path):
    lines = gzip.decompress(path.read_bytes()).splitlines()
    return [json.loads(line)["text"] for line in lines[:-1]]


def test_the_same_numbers_and_seed_give_the_same_bytes_and_another_seed_others(tmp_path):
    made = [write_practice("web", tmp_path / str(n), 50, seed=n // 2)[0].read_bytes() for n in range(3)]
    assert made[0] == made[1] != made[2]


def test_a_corpus_goes_on_where_another_ended_with_copies_of_it(tmp_path):
    (whole,) = write_practice("web", tmp_path / "whole", 300)
    (first,) = write_practice("web", tmp_path / "parts", 200)
    (second,) = write_practice("web", tmp_path / "parts", 100, first=200)
    assert texts(first) + texts(second) == texts(whole)
    assert set(texts(first)) & set(texts(second))


def test_there_are_copies_near_copies_junk_and_several_languages():
    made = [page(1, number, SHARES) for number in range(400)]
    assert len({each.text for each in made}) < 390
    assert any(each.text.startswith(("Reprinted.", "From our archive.", "Read again.")) for each in made)
    assert any(each.text.startswith("Home |") for each in made)
    assert {each.language for each in made} == {"en", "zh"}


def test_an_archive_is_read_with_its_redirects_and_images_counted(tmp_path):
    from curation.collect.source import Sink
    from curation.collect.warc import Warc

    write_practice("archive", tmp_path, 20)
    source = Warc(name="web", path=str(tmp_path / "*.warc.gz"))
    taken, rejected = [], []
    sink = Sink("web", taken.append, rejected.append, 1 << 26)
    for unit in source.pieces():
        for piece in unit:
            source.read(piece, sink)
    sink.flush()
    assert sum(len(batch) for batch in taken) == 20
    assert rejected == []


def test_unknown_kinds_and_files_that_are_there_are_said(tmp_path):
    with pytest.raises(RecipeError, match="did you mean `archive`"):
        write_practice("archiv", tmp_path, 1)
    write_practice("web", tmp_path, 1)
    with pytest.raises(ResourceError, match="another folder"):
        write_practice("web", tmp_path, 1)
