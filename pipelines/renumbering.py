"""Finished units keep their work when others come before them: only their numbers change.

A snapshot whose files sort into the middle of a source moves every later unit up. A unit is known by its fingerprint,
which holds no number, so its receipt is found wherever it stands and its files are renamed.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from curation.files import TEMPORARY
from curation.manifest import Receipt, Unit, receipt_path

__all__ = ["renumber"]


def renumber(root: Path, units: Sequence[Unit]) -> int:
    """Give units that were finished under another number their new one; returns how many.

    Receipts go first and come back last: a kill in between costs the work of these units, never a wrong file.
    """
    moves = _moves(root, units) if units else []
    for old, new in moves:
        receipt_path(root, old.stage, old.index).unlink(missing_ok=True)
        receipt_path(root, new.stage, new.index).unlink(missing_ok=True)
    parked = [(_park(root, before.path), after.path) for old, new in moves for before, after in _files(old, new)]
    for temporary, path in parked:
        temporary.replace(root / path)
    for _, new in moves:
        new.write(root)
    return len(moves)


def _moves(root: Path, units: Sequence[Unit]) -> list[tuple[Receipt, Receipt]]:
    """Receipts as they stand, and as they must stand."""
    receipts = _receipts(root, units[0].stage)
    true = {unit.index for unit in units if _fits(receipts.get(unit.index), unit)}
    spare: dict[str, list[Receipt]] = defaultdict(list)
    for index, receipt in receipts.items():
        if index not in true:
            spare[receipt.fingerprint].append(receipt)
    moves = []
    for unit in units:
        if unit.index not in true and spare[unit.fingerprint]:
            old = spare[unit.fingerprint].pop()
            if old.is_true(unit, root):
                moves.append((old, old.numbered(unit.index)))
    return moves


def _fits(receipt: Receipt | None, unit: Unit) -> bool:
    return receipt is not None and receipt.fingerprint == unit.fingerprint


def _receipts(root: Path, stage: str) -> dict[int, Receipt]:
    found = {}
    for path in sorted(receipt_path(root, stage, 0).parent.glob("*.json")):
        try:
            receipt = Receipt.parse(path.read_bytes())
        except ValueError:
            continue
        found[receipt.index] = receipt
    return found


def _files(old: Receipt, new: Receipt):  # type: ignore[no-untyped-def]
    """Records of the files whose names change."""
    pairs = zip(old.files, new.files, strict=True)
    return [(before, after) for before, after in pairs if before.path != after.path]


def _park(root: Path, path: str) -> Path:
    """The file under a temporary name, so that files can trade places."""
    file = root / path
    return file.replace(file.with_name(f"{TEMPORARY}{file.name}-{uuid.uuid4().hex[:12]}"))
