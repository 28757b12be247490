"""Exact duplicates with polars, streamed: INPUT OUTPUT."""

import sys
from pathlib import Path

import polars as pl

source, target = sys.argv[1:]
Path(target).mkdir(parents=True, exist_ok=True)
documents = pl.scan_ndjson(f"{source}/*.jsonl")
documents.unique(subset="text", keep="first", maintain_order=True).sink_ndjson(f"{target}/documents.jsonl")
