"""The graph of a stage, translated by Beam's own Dataflow runner up to the point where it would be sent."""

import sys
import types

import pytest

from curation.manifest import Unit
from pipelines.engine import Engine, Grouping, Work

IMAGE = "eu.example/gristmill:1"
OPTIONS = (
    *("--project=mill", "--region=europe-west1", "--temp_location=gs://mill/tmp", "--job_name=stage"),
    *("--no_auth", "--dry_run=True", f"--sdk_container_image={IMAGE}"),
    "--experiments=disable_logging_submission_environment",
)


@pytest.fixture
def sent(monkeypatch):
    """What the runner would send. Its client needs Google's packages, and only wraps the graph and the options."""
    graphs = []
    client = types.ModuleType("apache_beam.runners.dataflow.internal.apiclient")
    client.get_container_image_from_options = lambda options: IMAGE
    client.Job = lambda options, graph: graphs.append(graph)
    monkeypatch.setitem(sys.modules, client.__name__, client)
    from apache_beam.runners.dataflow import internal

    monkeypatch.setattr(internal, "apiclient", client, raising=False)
    return graphs


def units(count):
    return [Unit(stage="s", index=index, fingerprint="f" * 64, payload={}) for index in range(count)]


def kinds(graph):
    return {name.unique_name: name.spec.urn for name in graph.components.transforms.values()}


def holds_for_dataflow(graph):
    (environment,) = [each for each in graph.components.environments.values() if each.urn]
    assert (environment.urn, IMAGE.encode() in environment.payload) == ("beam:env:docker:v1", True)
    assert {each.is_bounded for each in graph.components.pcollections.values()} == {2}  # no stream
    assert not [each for each in graph.components.transforms.values() if len(each.inputs) > 1]  # no side inputs


def test_a_map_stage_is_an_impulse_a_reshuffle_and_a_pardo(sent):
    Engine("DataflowRunner", OPTIONS).map(Work("gs://mill/run", "m:f"), units(3))
    (graph,) = sent
    holds_for_dataflow(graph)
    found = kinds(graph)
    assert found["Begin"] == "beam:transform:impulse:v1"
    assert found["Spread"] == "beam:transform:reshuffle:v1"
    assert found["RunUnit"] == "beam:transform:pardo:v1"


def test_a_global_step_groups_by_a_whole_number(sent):
    grouping = Grouping("m:e", Work("gs://mill/run", "m:f"), 0, 2, dict(enumerate(units(2))))
    Engine("DataflowRunner", OPTIONS).group(units(3), grouping)
    (graph,) = sent
    holds_for_dataflow(graph)
    parts = graph.components
    (step,) = [each for each in parts.transforms.values() if each.unique_name == "ByKey"]
    assert step.spec.urn == "beam:transform:group_by_key:v1"
    (name,) = step.inputs.values()
    pair = parts.coders[parts.pcollections[name].coder_id]
    assert pair.spec.urn == "beam:coder:kv:v1"
    assert [parts.coders[each].spec.urn for each in pair.component_coder_ids] == [
        "beam:coder:varint:v1",
        "beam:coder:bytes:v1",
    ]
