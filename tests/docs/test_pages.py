"""Every page of the documentation works from top to bottom, as a reader would follow it."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from tests.docs.blocks import blocks, links
from tests.docs.pages import PageError, follow, parse_command

ROOT = Path(__file__).parent.parent.parent
READMES = [path for path in (ROOT / "README.md", ROOT / "README.zh.md") if path.is_file()]
WRITTEN = sorted(path for path in (ROOT / "docs").rglob("*.md") if path.parent.name != "reference")
PAGES = [*READMES, *WRITTEN]
SLOW = [page for page in PAGES if any((block.mark or "").startswith("Takes") for block in blocks(page))]


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def reader():
    """One process that imports everything once and follows page after page."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_can_be_followed_to_its_end(page, reader, tmp_path):
    done = reader.submit(follow, page, tmp_path).result()
    assert done == len(
        [block for block in blocks(page) if block.language in ("sh", "output") or block.file or runs(block)]
    )


def runs(block):
    return block.language == "python" and not block.mark


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("page", SLOW, ids=name)
def test_a_page_can_be_followed_with_what_takes_minutes(page, reader, tmp_path):
    assert reader.submit(follow, page, tmp_path, slow=True).result() > 0


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_lead_to_files_and_headings_that_exist(page):
    assert [(line, target) for line, target in links(page) if not leads_somewhere(page, target)] == []


def leads_somewhere(page: Path, target: str) -> bool:
    if target.startswith(("https://", "http://", "mailto:")):
        return True  # nothing is asked over the network
    path, _, heading = target.partition("#")
    other = (page.parent / path).resolve() if path else page
    return other.exists() and other.is_relative_to(ROOT) and (not heading or heading in headings(other))


def headings(page: Path) -> set[str]:
    lines = page.read_text("utf-8").splitlines()
    titles = [line.lstrip("#").strip() for line in lines if line.startswith("#")]
    return {"".join(c for c in title.lower().replace(" ", "-") if c.isalnum() or c in "-_") for title in titles}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("```sh\ngristmill practise\n```", "practise"),
        ("```sh\ngristmill ops | grep no-such-operator\n```", "ended with 1"),
        ("```sh\necho one\n```\n\n```output\ntwo\n```", "but the command prints"),
        ("```sh\ngristmill status nowhere\n```", "no run"),
        ("**Needs a GPU.** So:\n\n```sh\ngristmill train my.yaml --gpus 8\n```", "--gpus"),
        ("```yaml\n# my.yaml\nname: x\n```\n\n**Needs time.**\n\n```sh\ngristmill run my.yaml\n```", "sources"),
    ],
)
def test_a_page_that_does_not_work_is_noticed(text, why, tmp_path):
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(PageError, match=why):
        follow(tmp_path / "page.md", tmp_path)


def test_output_is_compared_but_for_white_space_and_what_is_left_out(tmp_path):
    text = "```sh\nprintf 'a  1 s\\nb\\nc\\nd\\n'\n```\n\n```output\na … s\n…\nd\n```"
    (tmp_path / "page.md").write_text(text)
    assert follow(tmp_path / "page.md", tmp_path) == 2


def test_a_command_in_front_of_another_is_parsed_too():
    parse_command("torchrun --nproc-per-node 8 --no-python gristmill train gpu.yaml --set batch=8 > log.txt")
    with pytest.raises(PageError):
        parse_command("torchrun --nproc-per-node 8 --no-python gristmill trian gpu.yaml")
