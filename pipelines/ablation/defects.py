"""Doses: a known defect in a share of an arm's text, everything else as it was.

Documents are damaged in the order of a hash of their ids until the share of bytes is reached, so a larger dose holds a
smaller one. Copies and leaked documents take the place of as many bytes of others, so every dose has about the same
amount of text.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.augment.word_noise import WordNoise
from curation.errors import RecipeError
from curation.operator import run_operator
from curation.registry import load
from curation.schema import DOCUMENT, child_id, seed_for
from training.ablation.study import Dose

__all__ = ["CANARIES", "DEFECTS", "apply_dose", "copied", "hash_order", "text_bytes"]

CANARIES = "canaries"  # source of planted sentences; doses and controls leave it alone

Rows = npt.NDArray[np.int64]

_OPERATORS: dict[str, str] = {
    "boilerplate": "add_boilerplate",
    "mojibake": "break_encoding",
    "garbled": "garble_words",
    "shuffled": "shuffle_words",
    "foreign": "foreign_text",
    "personal_data": "plant_personal_data",
}
_NOISE = ("boilerplate", "mojibake", "garbled", "shuffled", "foreign")
_COPIED = ("exact_duplicates", "near_duplicates")
DEFECTS = (*_OPERATORS, *_COPIED, "noise", "leak")


def copied(defect: str) -> bool:
    """Whether a defect is counted in copies."""
    return defect in _COPIED


def apply_dose(table: pa.Table, dose: Dose, leaked: pa.Table) -> tuple[pa.Table, float]:
    """The documents with the defect in them, and the share of their bytes that has it. A leak draws on `leaked`."""
    order = hash_order(table, f"dose.{dose.defect}")
    sizes = text_bytes(table)
    wanted = dose.share * float(sizes.sum())
    chosen = _filled(order, sizes, wanted)
    if dose.defect == "leak":
        given = _repeated(leaked, wanted)
    elif copied(dose.defect):
        given = _copies(table, chosen, sizes, wanted, dose)
    else:
        chosen, given = _damaged_share(table, order, sizes, dose)
    rest = table.take(pa.array(np.setdiff1d(np.arange(table.num_rows), chosen)))
    dosed = pa.concat_tables([rest, given])
    return dosed, float(text_bytes(given).sum() / max(1, text_bytes(dosed).sum()))


def _damaged_share(table: pa.Table, order: Rows, sizes: npt.NDArray[np.int64], dose: Dose) -> tuple[Rows, pa.Table]:
    """Damaged rows, and what became of them: as many as make up the share of the text after the damage, which may have
    made it longer or shorter."""
    tried = _filled(order, sizes, min(1.0, 1.3 * dose.share) * float(sizes.sum()))
    damaged = _damaged(table.take(pa.array(tried)), dose.defect)
    place = {name: row for row, name in enumerate(damaged.column("id").to_pylist())}
    damaged = damaged.take(pa.array([place[name] for name in table.take(pa.array(tried)).column("id").to_pylist()]))
    after = np.cumsum(text_bytes(damaged))
    shares = after / (after + sizes.sum() - np.cumsum(sizes[tried]))
    count = int(np.abs(shares - dose.share).argmin()) + 1 if len(shares) else 0
    return tried[:count], damaged.slice(0, count)


def hash_order(table: pa.Table, purpose: str) -> Rows:
    """Rows of everything but canaries, in the order of a hash of their ids."""
    ids = table.column("id").to_pylist()
    planted = table.column("source").to_pylist()
    rows = [row for row in range(len(ids)) if planted[row] != CANARIES]
    return np.array(sorted(rows, key=lambda row: (seed_for(purpose, ids[row]), ids[row])), np.int64)


def text_bytes(table: pa.Table) -> npt.NDArray[np.int64]:
    lengths = pc.binary_length(table.column("text")).fill_null(0).to_numpy()
    return np.asarray(lengths, np.int64)


def _filled(order: Rows, sizes: npt.NDArray[np.int64], wanted: float) -> Rows:
    """Rows from the start of the order whose bytes come nearest to what is wanted."""
    sums = np.cumsum(sizes[order])
    count = int(np.searchsorted(sums, wanted))
    if count < len(sums) and sums[count] - wanted < wanted - (sums[count - 1] if count else 0):
        count += 1
    return order[:count]


def _damaged(table: pa.Table, defect: str) -> pa.Table:
    if defect != "noise":
        return _through(table, _OPERATORS[defect])
    # Equal parts of five kinds: which one a document gets is a matter of its id.
    kinds = np.array([seed_for("dose.kind", name) % len(_NOISE) for name in table.column("id").to_pylist()], np.int64)
    parts = [_through(table.filter(pa.array(kinds == number)), _OPERATORS[kind]) for number, kind in enumerate(_NOISE)]
    return pa.concat_tables(parts)


def _through(table: pa.Table, operator: str) -> pa.Table:
    made: Any = load("operator", operator, "dose")()
    made.open()
    batches = table.cast(DOCUMENT).combine_chunks().to_batches()
    changed = [run_operator(made, batch).select(DOCUMENT.names).cast(DOCUMENT) for batch in batches]
    return pa.Table.from_batches(changed, DOCUMENT)


def _copies(table: pa.Table, chosen: Rows, sizes: npt.NDArray[np.int64], wanted: float, dose: Dose) -> pa.Table:
    """The first of the chosen documents, each `copies` times; near duplicates have words dropped and swapped."""
    assert dose.copies is not None
    few = table.take(pa.array(_filled(chosen, sizes, wanted / dose.copies))).to_pylist()
    made = [_copy(row, number, dose.defect) for row in few for number in range(1, dose.copies)]
    return pa.Table.from_pylist([*few, *made], DOCUMENT)


def _copy(row: dict[str, Any], number: int, defect: str) -> dict[str, Any]:
    name = child_id(row["id"], defect, number)
    text = row["text"]
    if defect == "near_duplicates":
        text = WordNoise(drop=0.03, swap=0.03).vary(text, random.Random(seed_for(defect, name)))
    return {**row, "id": name, "parent_id": row["id"], "text": text}


def _repeated(leaked: pa.Table, wanted: float) -> pa.Table:
    """Half of the held-out documents, again and again until there is enough; every copy has an id of its own."""
    half = leaked.slice(0, max(1, leaked.num_rows // 2))
    total = float(text_bytes(half).sum())
    if not total:
        do = "hold out more: held_out.share"
        raise RecipeError("doses leak", "no held-out text to leak", "some held-out documents", do)
    rows: list[dict[str, Any]] = []
    for copy in range(max(1, round(wanted / total))):
        rows += [{**row, "id": child_id(row["id"], "leak", copy), "parent_id": row["id"]} for row in half.to_pylist()]
    return pa.Table.from_pylist(rows, DOCUMENT)
