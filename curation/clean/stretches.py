"""From the stretches of text that a kernel keeps to the columns of a rewriting operator.

The columns are those of `curation.clean.edits`, made without a Python object for each document: the operators that use
this change nearly every document of a crawl.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.clean.edits import MAX_EDITS
from curation.kernels.hashing import frozen
from curation.kernels.rewriting import assemble
from curation.kernels.utf8 import count_all_characters
from curation.measure.ratios import kernel_text
from curation.schema import TEXT

__all__ = ["rewritten"]

_Numbers = npt.NDArray[np.int64]


def rewritten(operator: str, batch: pa.RecordBatch, stretches: _Numbers, first: _Numbers) -> dict[str, pa.Array]:
    """`text` and the columns of `edits.edit_columns`; stretches and `first` as `kernels.rewriting.assemble` takes them.

    Null text stays null.
    """
    data, offsets = kernel_text(batch)
    out, out_offsets, triples, triple_offsets = assemble(data, offsets, stretches, first, MAX_EDITS)
    buffers = [None, pa.py_buffer(out_offsets), pa.py_buffer(out)]
    text = pa.Array.from_buffers(TEXT, batch.num_rows, buffers)
    if batch.column("text").null_count:
        text = pc.if_else(batch.column("text").is_valid(), text, pa.scalar(None, TEXT))
    changed = np.diff(triple_offsets) > 0
    removed = count_all_characters(data, offsets) - count_all_characters(frozen(out), frozen(out_offsets))
    edits = pa.ListArray.from_arrays(pa.array(triple_offsets), pa.array(triples), mask=pa.array(~changed))
    return {
        "text": text,
        f"{operator}.changed": pa.array(changed),
        f"{operator}.chars_removed": pa.array(removed),
        f"{operator}.edits": edits,
    }
