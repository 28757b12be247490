"""What datatrove has of the whole chain, in one process: INPUT OUTPUT.

Repair with ftfy, the four rule sets, personal data, MinHash. Language is left out: its filter fetches a model.
"""

import sys

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import (
    MinhashConfig,
    MinhashDedupBuckets,
    MinhashDedupCluster,
    MinhashDedupFilter,
)
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.formatters import FTFYFormatter, PIIFormatter
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.hashing import HashConfig

source, target = sys.argv[1:]
config = MinhashConfig(num_buckets=14, hashes_per_bucket=8, hash_config=HashConfig(precision=64))
clean, signatures, buckets, removed = (f"{target}/{name}" for name in ("clean", "signatures", "buckets", "removed"))
steps = {
    "clean": (
        1,
        [
            JsonlReader(source),
            FTFYFormatter(),
            GopherRepetitionFilter(),
            GopherQualityFilter(),
            C4QualityFilter(),
            FineWebQualityFilter(),
            PIIFormatter(),
            JsonlWriter(clean, compression=None),
        ],
    ),
    "signatures": (1, [JsonlReader(clean), MinhashDedupSignature(signatures, config=config)]),
    "buckets": (config.num_buckets, [MinhashDedupBuckets(signatures, buckets, config=config)]),
    "cluster": (1, [MinhashDedupCluster(buckets, removed, config=config)]),
    "filter": (
        1,
        [JsonlReader(clean), MinhashDedupFilter(removed), JsonlWriter(f"{target}/documents", compression=None)],
    ),
}
for name, (tasks, pipeline) in steps.items():
    LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=1, logging_dir=f"{target}/logs/{name}").run()
