from typing import ClassVar

import pyarrow as pa
import pytest

from curation.errors import ContractError, DataError, ResourceError
from curation.operator import Contract, Operator, Resources, run_operator, run_safely
from curation.schema import DOCUMENT, child_id


class Length(Operator):
    contract: ClassVar[Contract] = Contract("length", 1, "annotate", adds={"length.chars": pa.int64()})

    def apply(self, batch):
        if any(text == "bad" for text in batch.column("text").to_pylist()):
            raise DataError("no_length", "cannot be measured")
        if any(text == "worse" for text in batch.column("text").to_pylist()):
            raise ValueError("worse")
        return pa.RecordBatch.from_pydict({"length.chars": pa.compute.utf8_length(batch.column("text")).cast("int64")})


class Double(Operator):
    contract: ClassVar[Contract] = Contract("double", 1, "expand")

    def apply(self, batch):
        rows = [{**row, "id": child_id(row["id"], "double", 0), "parent_id": row["id"]} for row in batch.to_pylist()]
        return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


def documents(*texts):
    rows = [{"id": f"{n:032x}", "source": "s", "key": str(n), "text": text} for n, text in enumerate(texts)]
    return pa.RecordBatch.from_pylist(rows, schema=DOCUMENT)


def test_adds_the_columns_of_the_contract():
    assert run_operator(Length(), documents("a", "bcd")).column("length.chars").to_pylist() == [1, 3]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_a_bad_row_is_found_and_its_neighbours_live(size):
    texts = ["fine"] * size
    texts[size // 2] = "bad"
    after, failures = run_safely(Length(), documents(*texts))
    assert [(failure.row, failure.reason) for failure in failures] == [(size // 2, "no_length")]
    assert after.column("length.chars").null_count == 1
    assert after.column("length.chars")[size // 2].as_py() is None


def test_a_foreign_error_is_kept_without_its_message():
    (failure,) = run_safely(Length(), documents("worse"))[1]
    assert (failure.reason, failure.detail) == ("operator_error", "ValueError")


@pytest.mark.parametrize(
    "columns", [{"length.chars": pa.array([1], "int32")}, {"other": pa.array([1])}, {"length.chars": pa.array([1, 2])}]
)
def test_a_broken_contract_is_the_operators_fault(columns):
    class Broken(Length):
        def apply(self, batch):
            return pa.RecordBatch.from_pydict(columns)

    with pytest.raises(ContractError, match="defect of the operator"):
        run_safely(Broken(), documents("a"))


def test_new_documents_need_a_parent_in_the_batch():
    class Orphan(Double):
        def apply(self, batch):
            return batch

    assert run_operator(Double(), documents("a", "b")).num_rows == 2
    with pytest.raises(ContractError, match="parent_id is not in the batch"):
        run_operator(Orphan(), documents("a"))


def test_the_fingerprint_follows_parameters_and_version():
    class Newer(Length):
        contract: ClassVar[Contract] = Contract("length", 2, "annotate", adds={"length.chars": pa.int64()})

    assert Length().fingerprint() == Length().fingerprint() != Newer().fingerprint()


def test_a_file_that_is_missing_is_named():
    with pytest.raises(ResourceError, match=r"file /no/such/list: found No such file.*mend the path"):
        Resources.of("/no/such/list")
