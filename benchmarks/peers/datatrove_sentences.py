"""datatrove's removal of repeated spans of lines, three steps, one process: INPUT OUTPUT. A span is one line."""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import SentenceDedupFilter, SentenceDedupSignature, SentenceFindDedups
from datatrove.pipeline.dedup.sentence_dedup import SentDedupConfig
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

source, target = sys.argv[1:]
config = SentDedupConfig(n_sentences=1, split_sentences=False, min_doc_words=0, min_num_sentences=0)
signatures, found = f"{target}/signatures", f"{target}/found"
steps = {
    "signatures": [JsonlReader(source), SentenceDedupSignature(signatures, config=config)],
    "find": [SentenceFindDedups(signatures, found, config=config)],
    "filter": [
        JsonlReader(source),
        SentenceDedupFilter(found, config=config),
        JsonlWriter(f"{target}/documents", compression=None),
    ],
}
for name, pipeline in steps.items():
    LocalPipelineExecutor(pipeline=pipeline, tasks=1, workers=1, logging_dir=f"{target}/logs/{name}").run()
