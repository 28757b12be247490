"""Whatever happens to a run, it ends with one clear line, and the same command once more leaves the usual bytes."""

import shutil

import pytest

from tests.faults.campaigns import CAMPAIGNS
from tests.faults.ground import prepared

pytestmark = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler for the shim that fails calls")


@pytest.fixture(scope="module")
def ground(tmp_path_factory, digests):
    made = prepared(tmp_path_factory.mktemp("faults"), digests)
    yield made
    made.harness.close()


@pytest.mark.parametrize("name", [name for name, (_, few, _) in CAMPAIGNS.items() if few])
def test_some_faults_leave_no_trace(ground, name):
    campaign, few, _ = CAMPAIGNS[name]
    tally = campaign(ground, few)
    assert tally.tried == few
    assert tally.wrong == []


@pytest.mark.slow  # minutes each: every fault is a run, and one more that heals it
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_no_fault_of_many_leaves_a_trace(ground, name):
    campaign, _, many = CAMPAIGNS[name]
    assert campaign(ground, many).wrong == []
