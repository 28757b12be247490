"""A release as Parquet, and on the hub: what is there is what the manifest names."""

import base64
import importlib.util
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from typer.testing import CliRunner

from curation.errors import IntegrityError, RecipeError, ResourceError
from curation.manifest import Manifest
from curation.schema import DOCUMENT
from curation.shards import shard_batches
from pipelines.cli import app
from pipelines.export_parquet import export_parquet
from pipelines.forget.request import Request
from pipelines.forget.takedown import plan_takedown
from pipelines.push import push
from pipelines.verify import verify_path

httpx = importlib.import_module("httpx2" if importlib.util.find_spec("httpx2") else "httpx")
TOKEN = "hf_" + "s3cret" * 5


@pytest.fixture(scope="module")
def exported(reference_run, tmp_path_factory):
    to = tmp_path_factory.mktemp("exported") / "small"
    export_parquet(reference_run, to)
    return to


def rows_of(run, split):
    paths = sorted((run / "dataset" / split).glob("data-*.arrow"))
    return [row for path in paths for batch in shard_batches(path) for row in batch.to_pylist()]


@pytest.mark.parametrize("split", ["train", "test"])
def test_it_holds_the_same_rows_in_the_same_shards(reference_run, exported, split):
    paths = sorted((exported / split).glob("*.parquet"))
    assert len(paths) == len(list((reference_run / "dataset" / split).glob("data-*.arrow")))
    assert [row for path in paths for row in pq.read_table(path).to_pylist()] == rows_of(reference_run, split)
    assert pq.read_schema(paths[0]).remove_metadata() == DOCUMENT
    assert verify_path(exported).files > len(paths)


def test_pages_are_packed_and_a_flipped_bit_is_noticed(exported, tmp_path):
    path = sorted((exported / "train").glob("*.parquet"))[0]
    column = pq.ParquetFile(path).metadata.row_group(0).column(4)
    assert column.compression == "ZSTD"
    data = bytearray(path.read_bytes())
    data[(column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size // 2] ^= 1
    (tmp_path / "bad.parquet").write_bytes(data)
    with pytest.raises(OSError, match="CRC"):
        pq.ParquetFile(tmp_path / "bad.parquet", page_checksum_verification=True).read()


def test_load_dataset_finds_the_splits_by_the_card(reference_run, exported, tmp_path):
    found = load_dataset(str(exported), cache_dir=str(tmp_path))
    assert {split: list(rows["id"]) for split, rows in found.items()} == {
        split: [row["id"] for row in rows_of(reference_run, split)] for split in ("train", "test")
    }


@pytest.mark.filterwarnings("ignore::Warning")  # of the libraries below it
def test_croissant_reads_every_row_of_every_shard(reference_run, exported):
    found = pytest.importorskip("mlcroissant").Dataset(jsonld=exported / "croissant.json")
    for split in ("train", "test"):
        ids = [row[f"{split}/id"].decode() for row in found.records(split)]
        assert sorted(ids) == sorted(row["id"] for row in rows_of(reference_run, split))


def test_doing_it_again_changes_nothing_and_after_a_takedown_only_what_must(reference_run, tmp_path, digests):
    run, to = shutil.copytree(reference_run, tmp_path / "run"), tmp_path / "export"
    export_parquet(run, to)
    before, written = digests(to), {path: path.stat().st_mtime_ns for path in to.rglob("*.parquet")}
    export_parquet(run, to)
    assert digests(to) == before
    assert {path: path.stat().st_mtime_ns for path in to.rglob("*.parquet")} == written
    plan_takedown(run, Request(urls=("https://example.org/17",))).carry_out()
    export_parquet(run, to)
    changed = [path for path, when in written.items() if path.stat().st_mtime_ns != when]
    assert 0 < len(changed) < len(written)
    assert (to / "forgotten/certificate-0001.json").is_file()
    verify_path(to)
    assert not any(row.get("number") == 17 for path in written for row in metas(path))


def metas(path):
    return [json.loads(meta or "{}") for meta in pq.read_table(path, columns=["meta"]).column("meta").to_pylist()]


class Hub:
    """The few doors of the hub that a push goes through, behind the library's own client."""

    def __init__(self, files=()):
        self.files, self.deleted, self.heads, self.made, self.status = dict.fromkeys(files, b""), [], [], [], 200

    def __call__(self, request):
        self.heads.append(request.headers.get("authorization"))
        path, query = request.url.path, request.method
        if self.status is None:
            raise httpx.ConnectError("no route")
        if self.status != 200:
            return httpx.Response(self.status, json={"error": "no"}, request=request)
        if path == "/api/repos/create":
            self.made.append(json.loads(request.content))
            return httpx.Response(200, json={"url": "https://huggingface.co/datasets/me/small", "name": "me/small"})
        if path.endswith("/preupload/main"):
            asked = json.loads(request.content)["files"]
            told = [{"path": each["path"], "uploadMode": "regular", "shouldIgnore": False} for each in asked]
            return httpx.Response(200, json={"files": told})
        if path.endswith("/commit/main"):
            self.commit(request.content)
            answer = {
                "commitUrl": "https://huggingface.co/datasets/me/small/commit/abc",
                "commitOid": "a" * 40,
                "success": True,
            }
            return httpx.Response(200, json=answer)
        if "/super-squash/" in path:
            self.made.append("squashed")
            return httpx.Response(200, json={})
        if path.endswith(("/revision/main", "/datasets/me/small")):
            known = {"id": "me/small", "sha": "a" * 40, "siblings": [{"rfilename": name} for name in self.files]}
            return httpx.Response(200, json=known)
        if "/tree/" in path:
            tree = [{"type": "file", "path": name, "size": 1, "oid": "b" * 40} for name in self.files]
            return httpx.Response(200, json=tree)
        if path == "/api/validate-yaml":
            return httpx.Response(200, json={"errors": [], "warnings": []})
        return httpx.Response(404, json={"error": f"{query} {path}"})

    def commit(self, content):
        for line in content.splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                self.files[entry["value"]["path"]] = base64.b64decode(entry["value"]["content"])
            elif entry["key"] == "deletedFile":
                self.deleted.append(entry["value"]["path"])
                self.files.pop(entry["value"]["path"])


@pytest.fixture
def hub(monkeypatch):
    import huggingface_hub

    fake = Hub([".gitattributes", "train/old.parquet"])
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    huggingface_hub.set_client_factory(lambda: httpx.Client(transport=httpx.MockTransport(fake)))
    huggingface_hub.close_session()
    yield fake
    huggingface_hub.set_client_factory(httpx.Client)
    huggingface_hub.close_session()


def test_the_hub_gets_exactly_what_the_manifest_names(exported, hub):
    address = push(exported, "me/small", unanswered=True, squash=True)
    assert address == "https://huggingface.co/datasets/me/small/commit/abc"
    files = Manifest.read(exported / "manifest.json").files
    wanted = {file.path: (exported / file.path).read_bytes() for file in files}
    wanted["manifest.json"] = (exported / "manifest.json").read_bytes()
    assert {name: data for name, data in hub.files.items() if name != ".gitattributes"} == wanted
    assert hub.deleted == ["train/old.parquet"]
    assert "private" in hub.made[0].values() or hub.made[0]["private"]
    assert hub.made[-1] == "squashed"
    assert set(hub.heads) - {None} == {f"Bearer {TOKEN}"}


def test_a_card_that_waits_for_a_person_is_not_pushed(exported, hub):
    with pytest.raises(RecipeError, match="no answer to biases"):
        push(exported, "me/small")
    assert hub.heads == []


def test_a_damaged_file_is_not_pushed(exported, hub, tmp_path):
    copy = shutil.copytree(exported, tmp_path / "copy")
    path = sorted((copy / "train").glob("*.parquet"))[0]
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    with pytest.raises(IntegrityError):
        push(copy, "me/small", unanswered=True)
    assert hub.heads == []


def test_a_hub_that_refuses_is_one_line_without_the_token(exported, hub):
    hub.status = 403
    with pytest.raises(ResourceError, match="status 403") as refused:
        push(exported, "me/small", unanswered=True)
    assert TOKEN not in str(refused.value)


def test_a_network_that_fails_is_one_line_that_says_what_to_do(exported, hub, monkeypatch):
    hub.status = None
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(ResourceError, match=r"hub me/small.*ConnectError.*push again"):
        push(exported, "me/small", unanswered=True)


def test_the_commands_export_and_push(reference_run, hub, tmp_path):
    cli = CliRunner()
    done = cli.invoke(app, ["export", str(reference_run), "--to", str(tmp_path / "out"), "--parquet"])
    assert "documents in" in done.output, done.exception
    pushed = cli.invoke(app, ["push", str(tmp_path / "out"), "me/small", "--unanswered"])
    assert "https://huggingface.co/datasets/me/small/commit/abc" in pushed.output, pushed.exception
    assert TOKEN not in pushed.output
    assert isinstance(cli.invoke(app, ["push", str(tmp_path), "me/small"]).exception, ResourceError)
    assert pa.__version__
