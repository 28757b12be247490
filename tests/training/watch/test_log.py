from __future__ import annotations

from pathlib import Path

from training.watch.log import Log, read_log
from training.watch.page import write_page


def test_a_resumed_log_forgets_what_will_be_done_again(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl", steps=10, quiet=True)
    for step in range(1, 6):
        log.write("step", step, loss=1.0 / step)
    log.close()
    resumed = Log(tmp_path / "log.jsonl", steps=10, resume_at=3, quiet=True)
    resumed.write("step", 4, loss=0.2)
    resumed.close()
    assert [entry["step"] for entry in read_log(tmp_path / "log.jsonl")] == [1, 2, 3, 4]


def test_a_line_cut_off_by_a_kill_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_text('{"kind": "step", "step": 1}\n{"kind": "st')
    assert read_log(tmp_path / "log.jsonl") == [{"kind": "step", "step": 1}]


def test_the_page_draws_every_curve_and_asks_nothing_of_the_network(tmp_path: Path) -> None:
    log = Log(tmp_path / "log.jsonl", steps=2, quiet=True)
    for step in (1, 2):
        log.write("step", step, loss=3.0 - step, lr=0.1, gradient_norm=1.0, tokens_per_second=10.0)
        log.write("evaluation", step, split="a/validation", bits_per_byte=2.0)
    log.close()
    write_page(tmp_path / "log.jsonl", tmp_path / "page.html", "<run>")
    page = (tmp_path / "page.html").read_text()
    assert page.count("<polyline") == 5
    assert "&lt;run&gt;" in page
    assert "http:" not in page
    assert "<script" not in page


def test_an_empty_log_gives_a_page(tmp_path: Path) -> None:
    write_page(tmp_path / "log.jsonl", tmp_path / "page.html", "run")
    assert "<h1>run</h1>" in (tmp_path / "page.html").read_text()
