"""Data-Juicer's own command on a folder of JSON Lines, one process: rules|exact|near INPUT OUTPUT.

`rules` are those of its filters that need no model and no download; they are not Gopher's, C4's and FineWeb's, of which
it has no copy. `near` has our bands and rows on its words.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

what, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
RULES = [
    {"alphanumeric_filter": {"min_ratio": 0.6}},
    {"average_line_length_filter": {"min_len": 20}},
    {"character_repetition_filter": {"rep_len": 10, "max_ratio": 0.2}},
    {"maximum_line_length_filter": {"min_len": 30}},
    {"special_characters_filter": {"max_ratio": 0.3}},
    {"text_length_filter": {"min_len": 200}},
    {"word_repetition_filter": {"rep_len": 5, "max_ratio": 0.15}},
    {"words_num_filter": {"min_num": 50, "max_num": 100_000}},
]
NEAR = {
    "tokenization": "space",
    "window_size": 5,
    "lowercase": True,
    "jaccard_threshold": 0.8,
    "num_permutations": 112,
    "num_bands": 16,
    "num_rows_per_band": 7,
}
PROCESSES = {
    "rules": RULES,
    "exact": [{"document_deduplicator": {"lowercase": False, "ignore_non_character": False}}],
    "near": [{"document_minhash_deduplicator": NEAR}],
}
target.mkdir(parents=True)
config = {
    "project_name": what,
    "dataset_path": str(source),
    "export_path": str(target / "documents.jsonl"),
    "work_dir": str(target / "work"),
    "ds_cache_dir": str(target / "cache"),
    "np": 1,
    "open_tracer": False,
    "process": PROCESSES[what],
}
(target / "config.yaml").write_text(json.dumps(config))
os.environ["HF_DATASETS_CACHE"] = str(target / "cache")
command = str(Path(sys.executable).parent / "dj-process")
subprocess.run([command, "--config", str(target / "config.yaml")], check=True)
