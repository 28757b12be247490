"""What an operator is, and the one function that runs it and holds it to its contract.

An operator is a frozen object whose fields are its recipe parameters. `apply` is pure: the same document gives the
same answer in any batch, on any machine. What it returns depends on its kind:

    annotate   only the columns it adds, one row for each row of the batch
    rewrite    `text` and the columns it adds, one row for each row of the batch
    expand     whole new documents with `parent_id`; `id` comes from `schema.child_id`
"""

from __future__ import annotations

import hashlib
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import pyarrow as pa
from pydantic import BaseModel, ConfigDict

from curation.errors import ContractError, DataError, ResourceError
from curation.files import checksum
from curation.schema import DOCUMENT, with_columns

__all__ = ["Contract", "Failure", "Kind", "Operator", "Resources", "run_operator", "run_safely"]

Kind = Literal["annotate", "rewrite", "expand"]


@dataclass(frozen=True)
class Contract:
    """What an operator promises. `version` rises whenever any answer changes."""

    name: str
    version: int
    kind: Kind
    reads: tuple[str, ...] = ("text",)
    adds: Mapping[str, pa.DataType] = field(default_factory=dict)


class Resources(dict[str, str]):
    """Files an operator reads besides documents: path to sha256, part of the fingerprint."""

    @classmethod
    def of(cls, *paths: str) -> Resources:
        """Checksums of the files. Raises ResourceError for one that cannot be read."""
        return cls({path: _checksum(path) for path in paths})


def _checksum(path: str) -> str:
    try:
        return checksum(path)
    except OSError as error:
        found = error.strerror or type(error).__name__
        raise ResourceError(f"file {path}", found, "a file that can be read", "mend the path in the recipe") from None


class Operator(BaseModel, ABC):
    """Base of all operators: parameters are pydantic fields, the contract is a class attribute."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    contract: ClassVar[Contract]
    # Whether `open` loads a large model, which nobody does only to see if all is ready.
    loads_model: ClassVar[bool] = False

    def adds(self) -> Mapping[str, pa.DataType]:
        """Columns this object adds; override where they depend on parameters."""
        return self.contract.adds

    def needs(self) -> tuple[str, ...]:
        """Attributes of operators before it that this object reads."""
        return ()

    def resources(self) -> Resources:
        """Files whose content decides the answers (word lists, models)."""
        return Resources()

    def open(self) -> None:
        """Load what `apply` needs; called once in every worker, cheap when called again."""

    @abstractmethod
    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """See the module docstring for what is returned."""

    def identity(self) -> dict[str, Any]:
        """Name, version, parameters and resource checksums: everything that decides the answers."""
        return {
            "operator": self.contract.name,
            "version": self.contract.version,
            "parameters": self.model_dump(mode="json"),
            "resources": sorted(self.resources().values()),
        }

    def fingerprint(self) -> str:
        canonical = json.dumps(self.identity(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class Failure:
    """A row that an operator could not handle; `row` counts within the batch."""

    row: int
    operator: str
    reason: str
    detail: str


def run_operator(operator: Operator, batch: pa.RecordBatch) -> pa.RecordBatch:
    """Apply an operator and check its contract: the whole batch with new columns, or (expand) the new rows.

    Raises ContractError when rows, columns or types are not what the contract says.
    """
    returned = operator.apply(batch)
    if operator.contract.kind == "expand":
        return _checked_expansion(operator, batch, returned)
    return _checked_columns(operator, batch, returned)


def run_safely(operator: Operator, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[Failure]]:
    """Like `run_operator`, but halves a failing batch until the bad rows stand alone.

    Rows that fail keep their place (or yield no new rows, for expand) with null in every column the operator adds.
    Breaches of contract, lack of memory and missing models are not the document's fault and are raised.
    """
    try:
        return run_operator(operator, batch), []
    except (ContractError, ResourceError, MemoryError):
        raise
    except Exception as error:  # noqa: BLE001  counted, row by row, in quarantine
        if batch.num_rows == 1:
            return _empty_answer(operator, batch), [_failure(operator, error)]
    middle = batch.num_rows // 2
    left, left_failures = run_safely(operator, batch.slice(0, middle))
    right, right_failures = run_safely(operator, batch.slice(middle))
    shifted = [Failure(f.row + middle, f.operator, f.reason, f.detail) for f in right_failures]
    return pa.concat_batches([left, right]), left_failures + shifted


def _failure(operator: Operator, error: Exception) -> Failure:
    if isinstance(error, DataError):
        return Failure(0, operator.contract.name, error.reason, error.detail)
    # The message of a foreign exception may quote the document, so only its type is kept.
    return Failure(0, operator.contract.name, "operator_error", type(error).__name__)


def _empty_answer(operator: Operator, batch: pa.RecordBatch) -> pa.RecordBatch:
    if operator.contract.kind == "expand":
        return pa.RecordBatch.from_pylist([], schema=DOCUMENT)
    return with_columns(batch, {name: pa.nulls(batch.num_rows, kind) for name, kind in operator.adds().items()})


def _checked_columns(operator: Operator, batch: pa.RecordBatch, returned: pa.RecordBatch) -> pa.RecordBatch:
    adds = dict(operator.adds())
    expected = adds if operator.contract.kind == "annotate" else {"text": pa.large_string(), **adds}
    if returned.num_rows != batch.num_rows:
        raise _breach(operator, f"{returned.num_rows} rows", f"{batch.num_rows} rows, one for each document")
    if set(returned.schema.names) != set(expected):
        raise _breach(operator, f"columns {sorted(returned.schema.names)}", f"columns {sorted(expected)}")
    for name, kind in expected.items():
        if returned.schema.field(name).type != kind:
            raise _breach(operator, f"`{name}` of type {returned.schema.field(name).type}", f"type {kind}")
    return with_columns(batch, {name: returned.column(name) for name in expected})


def _checked_expansion(operator: Operator, batch: pa.RecordBatch, returned: pa.RecordBatch) -> pa.RecordBatch:
    if returned.schema.names != DOCUMENT.names or returned.schema.types != DOCUMENT.types:
        raise _breach(operator, f"columns {returned.schema.names}", f"whole documents: {DOCUMENT.names}")
    parents = set(batch.column("id").to_pylist())
    strangers = set(returned.column("parent_id").to_pylist()) - parents
    if strangers:
        raise _breach(operator, f"{len(strangers)} rows whose parent_id is not in the batch", "a parent for every row")
    return returned


def _breach(operator: Operator, found: str, expected: str) -> ContractError:
    return ContractError(f"operator `{operator.contract.name}`", found, expected, "this is a defect of the operator")
