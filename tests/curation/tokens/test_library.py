import pytest

from curation.tokens.library import read_tokenizer


def test_a_file_that_cannot_be_read_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match=r"tokenizer\.json"):
        read_tokenizer(tmp_path / "tokenizer.json")
