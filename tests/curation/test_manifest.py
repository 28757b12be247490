import pytest

from curation.errors import IntegrityError
from curation.manifest import Manifest, Receipt, Unit
from curation.shards import FileRecord


def receipt(index=0, **changes):
    file = FileRecord(path=f"clean/shard-{index:05d}.arrow", bytes=3, sha256="0" * 64, rows=2, batches=1)
    fields = {"stage": "clean", "index": index, "fingerprint": "f", "files": (file,), "counts": {"documents": 2}}
    return Receipt(**{**fields, **changes})


def unit(**changes):
    return Unit(**{"stage": "clean", "index": 0, "fingerprint": "f", "payload": {}, **changes})


@pytest.fixture
def root(tmp_path):
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean/shard-00000.arrow").write_bytes(b"abc")
    receipt().write(tmp_path)
    return tmp_path


def test_a_receipt_is_true_for_its_own_unit(root):
    assert Receipt.read(root, unit()) == receipt()


def test_a_receipt_is_not_true_for_another_fingerprint(root):
    assert Receipt.read(root, unit(fingerprint="g")) is None


@pytest.mark.parametrize("content", [b"ab", None])
def test_a_receipt_is_not_true_when_its_file_is_cut_or_gone(root, content):
    path = root / "clean/shard-00000.arrow"
    path.write_bytes(content) if content else path.unlink()
    assert Receipt.read(root, unit()) is None


def test_a_receipt_cut_short_counts_as_none(root):
    path = root / "receipts/clean/00000.json"
    path.write_bytes(path.read_bytes()[:20])
    assert Receipt.read(root, unit()) is None


def test_every_flipped_bit_of_a_receipt_is_noticed(root):
    path = root / "receipts/clean/00000.json"
    content = path.read_bytes()
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        assert Receipt.read(root, unit()) is None
        with pytest.raises(ValueError):  # noqa: PT011 - json's and pydantic's own among them
            Receipt.parse(bytes(flipped))


def test_a_manifest_adds_up_receipts_in_their_order():
    manifest = Manifest.of("clean", "f", [receipt(1), receipt(0)])
    assert [file.path for file in manifest.shards("shard-")] == ["clean/shard-00000.arrow", "clean/shard-00001.arrow"]
    assert manifest.counts == {"documents": 4}


def test_every_flipped_bit_of_a_manifest_is_noticed(tmp_path):
    path = tmp_path / "manifest.json"
    Manifest.of("clean", "f", [receipt()]).write(path)
    content = path.read_bytes()
    assert Manifest.read(path).stage == "clean"
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        path.write_bytes(flipped)
        with pytest.raises(IntegrityError):
            Manifest.read(path)
