"""What every new row carries of its parent."""

from curation.augment.character_noise import CharacterNoise
from curation.augment.chunks import Chunks
from curation.augment.word_noise import WordNoise
from curation.schema import child_id, document_id, seed_for
from tests.curation.augment.helpers import ENGLISH, made


def test_a_new_row_names_its_parent_its_operator_and_its_seed():
    rows = made(WordNoise(copies=2), ENGLISH, meta={"topic": "mills", "operator": "of the parent"})
    parent = document_id("web", "0")
    assert [row["id"] for row in rows] == [child_id(parent, "word_noise", number) for number in (0, 1)]
    assert {row["parent_id"] for row in rows} == {parent}
    assert [row["seed"] for row in rows] == [seed_for("word_noise", row["id"]) for row in rows]
    assert {(row["operator"], row["topic"], row["source"]) for row in rows} == {("word_noise", "mills", "web")}
    assert [row["key"] for row in rows] == ["word_noise:0", "word_noise:1"]
    assert rows[0]["text"] != rows[1]["text"]


def test_a_share_is_a_share_of_the_documents_and_the_same_each_time():
    texts = [f"{ENGLISH} Number {number}." for number in range(400)]
    chosen = {row["parent_id"] for row in made(CharacterNoise(share=0.25), *texts)}
    assert 60 < len(chosen) < 140
    assert chosen == {row["parent_id"] for row in made(CharacterNoise(share=0.25, rate=0.5), *texts)}


def test_a_copy_that_did_not_change_and_a_document_without_text_give_nothing():
    assert made(CharacterNoise(rate=0.0), ENGLISH) == []
    assert made(Chunks(size=3, overlap=1), "", None) == []
