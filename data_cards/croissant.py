"""Croissant 1.1 with its vocabulary of responsible AI and PROV: https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html

The reference validator lets most of what the specification requires go missing; `missing_required` does not. What a
person has still to say is left out, never made up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from curation.files import canonical_json
from curation.shards import FileRecord
from data_cards.facts import CardFacts

__all__ = ["REQUIRED", "croissant", "missing_required"]

REQUIRED = (
    *("@context", "@type", "conformsTo", "name", "description", "license", "url", "creator", "datePublished"),
    *("distribution", "recordSet"),
)
_CONFORMS = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
_ENCODINGS = {"arrow": "application/vnd.apache.arrow.stream", "parquet": "application/x-parquet"}
_KINDS = {"int32": "sc:Integer", "int64": "sc:Integer", "double": "sc:Float"}
_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "sc": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "citeAs": "cr:citeAs",
    "column": "cr:column",
    "conformsTo": "dct:conformsTo",
    "containedIn": "cr:containedIn",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "equivalentProperty": "cr:equivalentProperty",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "extract": "cr:extract",
    "field": "cr:field",
    "fileObject": "cr:fileObject",
    "fileProperty": "cr:fileProperty",
    "fileSet": "cr:fileSet",
    "format": "cr:format",
    "includes": "cr:includes",
    "isLiveDataset": "cr:isLiveDataset",
    "jsonPath": "cr:jsonPath",
    "key": "cr:key",
    "md5": "cr:md5",
    "parentField": "cr:parentField",
    "path": "cr:path",
    "recordSet": "cr:recordSet",
    "references": "cr:references",
    "regex": "cr:regex",
    "repeated": "cr:repeated",
    "replace": "cr:replace",
    "separator": "cr:separator",
    "source": "cr:source",
    "subField": "cr:subField",
    "transform": "cr:transform",
}
# Answers of the card and the property that each fills.
_ANSWERED = {
    "collected": "rai:dataCollectionTimeframe",
    "uses": "rai:dataUseCases",
    "biases": "rai:dataBiases",
    "limitations": "rai:dataLimitations",
    "social_impact": "rai:dataSocialImpact",
    "personal_data": "rai:personalSensitiveInformation",
    "maintenance": "rai:dataReleaseMaintenancePlan",
}


def croissant(facts: CardFacts, shards: Sequence[FileRecord], schema: pa.Schema) -> str:
    """JSON-LD. Paths of the shards are relative to the dataset's folder."""
    human = facts.human
    said = {
        "description": human["description"],
        "url": human["homepage"],
        "license": _licence_address(human["license"]),
        "citeAs": human["citation"],
        "version": human["version"],
        "datePublished": human["published"],
        "creator": {"@type": "Organization", "name": human["creators"]} if human["creators"] else "",
        **{name: human[answer] for answer, name in _ANSWERED.items()},
    }
    return canonical_json(
        {
            "@context": _CONTEXT,
            "@type": "sc:Dataset",
            "conformsTo": list(_CONFORMS),
            "name": facts.name,
            **{name: value for name, value in said.items() if value},
            "inLanguage": facts.language_codes(),
            "distribution": [*map(_file, shards), *(_shards(split.name, shards) for split in facts.splits)],
            "recordSet": [_records(split.name, schema) for split in facts.splits],
            **_measured(facts),
            **_provenance(facts),
        }
    )


def missing_required(value: dict[str, Any]) -> list[str]:
    """What the specification requires of a dataset and of its files, and is not there."""
    missing = [name for name in REQUIRED if not value.get(name)]
    for file in value.get("distribution", ()):
        own = ("includes",) if file.get("@type") == "cr:FileSet" else ("contentUrl", "sha256")
        wanted = ("@id", "name", "encodingFormat", *own)
        missing += [f"{file.get('@id', 'file')}.{name}" for name in wanted if not file.get(name)]
    for records in value.get("recordSet", ()):
        for field in records.get("field", ()):
            missing += [f"{field.get('@id')}.{name}" for name in ("@id", "dataType", "source") if not field.get(name)]
    return missing


def _licence_address(licence: str) -> str:
    plain = licence and " " not in licence and licence != "other" and not licence.startswith("LicenseRef-")
    return f"https://spdx.org/licenses/{licence}" if plain else licence


def _file(shard: FileRecord) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": shard.path,
        "name": shard.path,
        "contentUrl": shard.path,
        "contentSize": f"{shard.bytes} B",
        "encodingFormat": _ENCODINGS[shard.path.rpartition(".")[2]],
        "sha256": shard.sha256,
    }


def _shards(split: str, shards: Sequence[FileRecord]) -> dict[str, Any]:
    """All files of a split, as one set to read."""
    suffix = next((shard.path.rpartition(".")[2] for shard in shards), "arrow")
    return {
        "@type": "cr:FileSet",
        "@id": f"{split}-shards",
        "name": f"{split}-shards",
        "encodingFormat": _ENCODINGS[suffix],
        "includes": f"{split}/data-*.{suffix}",
    }


def _records(split: str, schema: pa.Schema) -> dict[str, Any]:
    """One record set a split, over all of its shards."""
    fields = [
        {
            "@type": "cr:Field",
            "@id": f"{split}/{field.name}",
            "name": f"{split}/{field.name}",
            "dataType": _KINDS.get(str(field.type), "sc:Text"),
            "source": {"fileSet": {"@id": f"{split}-shards"}, "extract": {"column": field.name}},
        }
        for field in schema
    ]
    return {"@type": "cr:RecordSet", "@id": split, "name": split, "field": fields, "key": {"@id": f"{split}/id"}}


def _measured(facts: CardFacts) -> dict[str, Any]:
    dropped = ", ".join(f"{reason} {count}" for reason, count in facts.reasons.items())
    return {
        "rai:dataCollection": "; ".join(f"{each.name} ({each.format}): {each.documents}" for each in facts.sources),
        "rai:dataCollectionMissingData": f"{facts.quarantined} records could not be read or measured.",
        "rai:dataPreprocessingProtocol": [json.dumps(step, sort_keys=True) for step in facts.steps],
        "rai:dataManipulationProtocol": f"{facts.dropped} of {facts.collected} documents dropped: {dropped or 'none'}.",
        "rai:dataImputationProtocol": f"{facts.augmented} documents were made by augmentation.",
    }


def _provenance(facts: CardFacts) -> dict[str, Any]:
    agent = {"@type": "prov:SoftwareAgent", "@id": "gristmill", "name": f"gristmill {facts.gristmill_version}"}
    sources = [
        {"@type": "prov:Entity", "@id": f"source/{source.name}", "name": source.name} for source in facts.sources
    ]
    activity = {
        "@type": "prov:Activity",
        "@id": f"recipe/{facts.recipe_fingerprint}",
        "prov:used": sources,
        "prov:wasAssociatedWith": agent,
    }
    people = {"prov:wasAttributedTo": facts.human["creators"]} if facts.human["creators"] else {}
    return {"prov:wasDerivedFrom": sources, "prov:wasGeneratedBy": activity, **people}
