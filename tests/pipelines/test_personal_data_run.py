"""A run that masks personal data leaves none of it in anything that is taken away, kept as an account, or logged."""

import pytest

from curation.recipe_file import parse_recipe
from pipelines.runner import Options, run_recipe
from tests.conftest import document, write_lines

PLANTED = [
    "jane.doe@mill-example.com",
    "4111 1111 1111 1111",
    "DE89 3704 0044 0532 0130 00",
    "81.2.69.142",
    "AKIAIOSFODNN7EXAMPLE",
]
RECIPE = """
name: masked
sources:
  - jsonl: {{name: web, path: "{corpus}"}}
clean:
  - redact_personal_data
  - personal_data
dedup:
  - exact: {{on: normalized}}
augment:
  - word_noise
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("masked")
    lines = [{"text": f"{document(number)}\nWrite to {value} today."} for number, value in enumerate(PLANTED * 4)]
    write_lines(folder / "corpus/a.jsonl", lines)
    run_recipe(parse_recipe(RECIPE.format(corpus=folder / "corpus")), folder / "run", Options(workers=1, quiet=True))
    return folder / "run"


def test_no_planted_value_is_left_but_in_what_was_collected(run):
    kept = [path for path in run.rglob("*") if path.is_file() and path.relative_to(run).parts[0] != "collect"]
    assert len(kept) > 20
    content = b"".join(path.read_bytes() for path in kept)
    assert [value for value in PLANTED if value.encode() in content] == []
    collected = b"".join(path.read_bytes() for path in (run / "collect").glob("*.arrow"))
    assert all(value.encode() in collected for value in PLANTED)


def test_no_planted_value_is_printed_or_logged(tmp_path, capfd, caplog):
    write_lines(tmp_path / "corpus/a.jsonl", [{"text": f"{document(3)} {value}"} for value in PLANTED])
    run_recipe(parse_recipe(RECIPE.format(corpus=tmp_path / "corpus")), tmp_path / "run", Options(workers=1))
    printed = "".join(capfd.readouterr()) + caplog.text
    assert [value for value in PLANTED if value in printed] == []


def test_the_counts_by_kind_stand_in_the_ledger(run):
    import pyarrow as pa

    (path,) = (run / "ledger").glob("ledger-00000.arrow")
    with pa.memory_map(str(path)) as source:
        table = pa.ipc.open_stream(source).read_all()
    kinds = ("email", "payment_card", "iban", "ip_address", "api_key")
    counts = {kind: sum(table.column(f"redact_personal_data.{kind}").drop_null().to_pylist()) for kind in kinds}
    assert counts == dict.fromkeys(kinds, 4)
