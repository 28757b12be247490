import pickle

import pytest

from curation.errors import DataError, IntegrityError, RecipeError, nearest


def test_says_where_what_expected_and_what_to_do_in_one_line():
    error = RecipeError("recipe.yaml:3", "an unknown operator `langage`", "a known one", "did you mean `language`?")
    assert str(error) == (
        "recipe.yaml:3: found an unknown operator `langage`, expected a known one; did you mean `language`?"
    )


@pytest.mark.parametrize("error", [IntegrityError("file", "3 bytes", "4 bytes", "again"), DataError("bad", "a reason")])
def test_survives_the_way_between_processes(error):
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is type(error)
    assert str(copy) == str(error)


def test_names_the_nearest_word_or_all_of_them():
    assert nearest("langage", ["language", "gopher"]) == "did you mean `language`?"
    assert nearest("xyz", ["b", "a"]) == "known: a, b"
