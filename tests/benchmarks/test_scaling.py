"""The floor reads every line, and the picture names what was measured."""

import json

from benchmarks.scaling import floor, picture


def test_the_floor_parses_every_line(tmp_path):
    (tmp_path / "a.jsonl").write_text("".join(json.dumps({"text": f"page {n % 3}"}) + "\n" for n in range(9)))
    assert floor(tmp_path, tmp_path / "copy.jsonl") == 3


def test_the_picture_names_its_lines():
    rows = [
        {"name": name, "workers": 2, "megabytes": size, "cpu_s": size / 9 + 5, "start_up_cpu_s": 5}
        for name in ("floor", "chain")
        for size in (10, 100)
    ]
    drawn = picture({"rows": rows})
    assert drawn.startswith("<svg xmlns=")
    assert "chain, workers: 2" in drawn
    assert drawn.count("<polyline") == 2
