"""datatrove's Trafilatura extractor on a folder of UTF-8 pages, in one task: INPUT OUTPUT."""

import sys
from pathlib import Path

from datatrove.data import Document
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.writers import JsonlWriter

source, target = sys.argv[1:]


def pages(data=None, rank=0, world_size=1):
    for path in sorted(Path(source).glob("*.html")):
        yield Document(text=path.read_text("utf-8"), id=path.name)


LocalPipelineExecutor(
    pipeline=[pages, Trafilatura(timeout=20), JsonlWriter(f"{target}/documents", compression=None)],
    tasks=1,
    logging_dir=f"{target}/logs",
).run()
