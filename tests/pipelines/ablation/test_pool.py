"""Clusters go one way as a whole: held out, out of domain, into the pool, or nowhere."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from curation.schema import DOCUMENT, document_id
from pipelines.ablation.defects import text_bytes
from pipelines.ablation.pool import _HELD_OUT, _OOD, _TRAIN, _placed
from pipelines.ablation.study_file import load_study
from tests.pipelines.ablation.conftest import story

# Two hundred pairs of near copies, and one cluster of sixty.
NAMES = [f"pair-{number // 2}" for number in range(400)] + ["crowd"] * 60


def placed(study_path: Path, pool: str = "") -> tuple[pa.Table, np.ndarray]:
    rows = [
        {"id": document_id("web", str(row)), "source": "web", "key": f"{name}/{row}", "text": story(row)}
        for row, name in enumerate(NAMES)
    ]
    table = pa.Table.from_pylist(rows, DOCUMENT)
    study = load_study(study_path, ["held_out.ood=['web:pair-7/14']", *([f"pool={pool}"] if pool else [])])[0]
    return table, _placed(table, dict(zip(table.column("id").to_pylist(), NAMES, strict=True)), study)


def test_no_cluster_straddles_training_and_held_out(study_path: Path) -> None:
    _, place = placed(study_path)
    by_name = {name: {int(p) for p, n in zip(place, NAMES, strict=True) if n == name} for name in set(NAMES)}
    assert all(len(places) == 1 for name, places in by_name.items() if name != "pair-7")
    assert 20 < sum(places == {_HELD_OUT} for places in by_name.values()) < 60


def test_a_copy_of_an_out_of_domain_document_is_nowhere_else(study_path: Path) -> None:
    _, place = placed(study_path)
    assert place[14] == _OOD
    assert place[15] not in (_TRAIN, _HELD_OUT)


def test_a_small_pool_takes_whole_clusters_and_none_that_would_drown_the_rest(study_path: Path) -> None:
    table, place = placed(study_path, "20KB")
    taken = np.flatnonzero(place == _TRAIN)
    assert 0.9 < text_bytes(table)[taken].sum() / 20_000 <= 1.03
    names = [NAMES[row] for row in taken]
    assert "crowd" not in names
    assert all(names.count(name) == 2 for name in names)
