"""Every call on a file may fail: the run then ends with one clear line, and a second run leaves the usual bytes."""

import errno
import gzip
import random
import shutil

import pytest

from tests.conftest import records, write_lines
from tests.faults.harness import EVERY, WRITE, Fault, Harness, outcome

RECIPE = """
name: faults
sources:
  - jsonl: {{name: web, path: "{corpus}/*.jsonl*"}}
clean:
  - clean_lines
rules:
  - {{reason: too_short, attribute: text.characters, min: 50}}
dedup:
  - exact: {{on: normalized}}
dataset:
  splits: {{train: 0.8, test: 0.2}}
  shard_bytes: 20000
"""

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler for the shim that fails calls")


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """A harness over a small corpus, plain and packed; everything that may fail lies under one folder."""
    folder = tmp_path_factory.mktemp("faults")
    under, lines = folder / "under", list(records(60))
    path = write_lines(under / "corpus/a.jsonl", lines[:30])
    (path.parent / "b.jsonl.gz").write_bytes(gzip.compress(write_lines(folder / "b", lines[30:]).read_bytes(), mtime=0))
    recipe = folder / "faults.yaml"
    recipe.write_text(RECIPE.format(corpus=path.parent))
    harness = Harness(folder, recipe, under)
    yield harness, under / "run"
    harness.close()


@pytest.fixture(scope="module")
def whole(ground, digests):
    """Digests of a run without faults, and the calls that it makes on files: of every kind, and writes."""
    harness, root = ground
    calls = []
    for kinds in (EVERY, WRITE):
        shutil.rmtree(root, ignore_errors=True)
        code, count, printed = harness.run(root, Fault(kinds))
        assert code == 0, printed
        calls.append(count)
    return digests(root), *calls


def tried(ground, whole, digests, faults):
    harness, root = ground
    wrong = {fault: outcome(harness, root, fault, digests, whole[0]) for fault in faults}
    assert not any(wrong.values()), {fault: text for fault, text in wrong.items() if text}


def sample(count, calls):
    """`count` numbers of calls, evenly over all of them; all when there are no more."""
    return sorted({1 + number * calls // count for number in range(count)})


def test_a_call_that_fails_ends_the_run_and_the_next_one_heals_it(ground, whole, digests):
    chosen = random.Random(5).sample(range(1, whole[1] + 1), 10)
    tried(ground, whole, digests, [Fault(first=first) for first in chosen])


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(ground, whole, digests):
    full = [Fault(WRITE, first, errno.ENOSPC, lasting=True) for first in sample(4, whole[2])]
    tried(ground, whole, digests, full)


@pytest.mark.slow  # some minutes: hundreds of runs, each done twice
@pytest.mark.timeout(3600)
def test_any_call_may_fail(ground, whole, digests):
    tried(ground, whole, digests, [Fault(first=first) for first in sample(500, whole[1])])


@pytest.mark.slow  # some minutes: hundreds of runs, each done twice
@pytest.mark.timeout(3600)
def test_the_disk_may_be_full_at_any_write(ground, whole, digests):
    tried(ground, whole, digests, [Fault(WRITE, first, errno.ENOSPC, lasting=True) for first in sample(200, whole[2])])
