"""OpenLineage events, one JSON object a line: https://openlineage.io/spec/2-0-2/OpenLineage.json

Events need a time, and a dataset's files hold none but the day that the card gives; without it, it is the epoch.
"""

from __future__ import annotations

import json
import uuid
from typing import Any

import pyarrow as pa

from data_cards.facts import CardFacts, SplitFacts

__all__ = ["lineage"]

_SPEC = "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent"
_FACETS = "https://openlineage.io/spec/facets/"
_PRODUCER = "urn:gristmill"
_NAMESPACE = "gristmill"


def lineage(facts: CardFacts, digest: str, schema: pa.Schema) -> str:
    """Start and end of the run; `digest` names the version of the dataset, and with the recipe the run."""
    run = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{_NAMESPACE}:{facts.recipe_fingerprint}:{digest}"))
    start = _event("START", facts, run)
    end = _event("COMPLETE", facts, run)
    end["inputs"] = [_source(source.name, source.documents) for source in facts.sources]
    end["outputs"] = [_output(facts, split, digest, schema) for split in facts.splits]
    return "".join(json.dumps(event, sort_keys=True, ensure_ascii=False) + "\n" for event in (start, end))


def _event(kind: str, facts: CardFacts, run: str) -> dict[str, Any]:
    version = {"name": "gristmill", "version": facts.gristmill_version}
    return {
        "eventType": kind,
        "eventTime": f"{facts.human['published'] or '1970-01-01'}T00:00:00Z",
        "producer": _PRODUCER,
        "schemaURL": _SPEC,
        "run": {"runId": run, "facets": {"processing_engine": _facet("1-1-1/ProcessingEngineRunFacet.json", version)}},
        "job": {
            "namespace": _NAMESPACE,
            "name": facts.name,
            "facets": {
                "sourceCode": _facet(
                    "1-0-1/SourceCodeJobFacet.json",
                    {
                        "language": "gristmill recipe",
                        "sourceCode": json.dumps([*facts.steps, *facts.rules], sort_keys=True),
                    },
                )
            },
        },
        "inputs": [],
        "outputs": [],
    }


def _source(name: str, documents: int) -> dict[str, Any]:
    statistics = _facet("1-0-0/InputStatisticsInputDatasetFacet.json", {"rowCount": documents})
    return {
        "namespace": _NAMESPACE,
        "name": f"source/{name}",
        "facets": {},
        "inputFacets": {"inputStatistics": statistics},
    }


def _output(facts: CardFacts, split: SplitFacts, digest: str, schema: pa.Schema) -> dict[str, Any]:
    fields = [{"name": field.name, "type": str(field.type)} for field in schema]
    statistics = {"rowCount": split.documents, "size": split.bytes, "fileCount": split.shards}
    return {
        "namespace": _NAMESPACE,
        "name": f"{facts.name}/{split.name}",
        "facets": {
            "schema": _facet("1-1-1/SchemaDatasetFacet.json", {"fields": fields}),
            "version": _facet("1-0-1/DatasetVersionDatasetFacet.json", {"datasetVersion": digest}),
        },
        "outputFacets": {"outputStatistics": _facet("1-0-2/OutputStatisticsOutputDatasetFacet.json", statistics)},
    }


def _facet(schema: str, content: dict[str, Any]) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": _FACETS + schema, **content}
