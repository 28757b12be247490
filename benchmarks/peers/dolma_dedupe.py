"""Dolma's own `dedupe` and `mix` on a folder of JSON Lines, one process: documents|paragraphs INPUT OUTPUT.

It reads packed files that lie in a folder `documents` and have `id`; making them is part of the work.
"""

import gzip
import json
import subprocess
import sys
from pathlib import Path

what, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
packed = target / "in" / "documents"
packed.mkdir(parents=True)
for path in sorted(source.glob("*.jsonl")):
    with path.open(encoding="utf-8") as lines, gzip.open(packed / f"{path.stem}.jsonl.gz", "wt", 1) as output:
        for number, line in enumerate(lines):
            record = json.loads(line)
            kept = {"id": f"{path.stem}/{number}", "source": "docs", "text": record["text"], "url": record["url"]}
            output.write(json.dumps(kept, ensure_ascii=False) + "\n")
by_document = {"documents": {"attribute_name": "copy", "key": "$.text"}}
by_paragraph = {"paragraphs": {"attribute_name": "copy"}}
dedupe = {
    "documents": [f"{packed}/*.gz"],
    "dedupe": {"name": "dedupe", "skip_empty": True, **(by_document if what == "documents" else by_paragraph)},
    "bloom_filter": {
        "file": f"{target}/bloom.bin",
        "size_in_bytes": 0,
        "read_only": False,
        "estimated_doc_count": 10_000_000,
        "desired_false_positive_rate": 0.0001,
    },
    "processes": 1,
    "work_dir": {"input": f"{target}/work-in", "output": f"{target}/work-out"},
}
drop = {"exclude": ["$.attributes.copy[0]"]}
replace = {"span_replacement": [{"span": "$.attributes.copy", "min_score": 0.5, "replacement": ""}]}
mix = {
    "streams": [
        {
            "name": "docs",
            "documents": [f"{packed}/*.gz"],
            "attributes": ["dedupe"],
            "output": {"path": f"{target}/documents", "max_size_in_bytes": 10**10},
            **({"filter": drop} if what == "documents" else replace),
        }
    ],
    "processes": 1,
    "work_dir": {"input": f"{target}/work-in", "output": f"{target}/work-out"},
}
command = str(Path(sys.executable).parent / "dolma")
for name, config in (("dedupe", dedupe), ("mix", mix)):
    (target / f"{name}.json").write_text(json.dumps(config))
    subprocess.run([command, "-c", str(target / f"{name}.json"), name], check=True)
