"""datatrove's filters of the four rule sets on a folder of JSON Lines, in one task: INPUT OUTPUT."""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter

source, target = sys.argv[1:]
LocalPipelineExecutor(
    pipeline=[
        JsonlReader(source),
        GopherRepetitionFilter(),
        GopherQualityFilter(),
        FineWebQualityFilter(),
        C4QualityFilter(),
        JsonlWriter(f"{target}/documents", compression=None),
    ],
    tasks=1,
    logging_dir=f"{target}/logs",
).run()
