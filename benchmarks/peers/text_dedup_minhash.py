"""text-dedup's own command for MinHash removal on a folder of JSON Lines, our bands and rows: INPUT OUTPUT."""

import subprocess
import sys
from pathlib import Path

source, target = sys.argv[1:]
Path(target).mkdir(parents=True, exist_ok=True)
options = {
    "path": "json",
    "data_dir": source,
    "split": "train",
    "cache_dir": f"{target}/cache",
    "output": f"{target}/documents",
    "column": "text",
    "batch_size": "10000",
    "num_proc": "1",
    "ngram": "5",
    "num_perm": "112",
    "b": "16",
    "r": "7",
    "threshold": "0.8",
    "hash_func": "xxh3",
}
flags = [part for name, value in options.items() for part in (f"--{name}", value)]
subprocess.run([sys.executable, "-m", "text_dedup.minhash", *flags], check=True)
