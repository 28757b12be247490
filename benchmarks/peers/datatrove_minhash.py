"""datatrove's four steps of MinHash removal on a folder of JSON Lines, one process at a time: INPUT OUTPUT.

Bands and rows are ours, hashes have 64 bits, as datatrove's example of FineWeb has it.
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
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.writers import JsonlWriter
from datatrove.utils.hashing import HashConfig

source, target = sys.argv[1:]
config = MinhashConfig(num_buckets=16, hashes_per_bucket=7, hash_config=HashConfig(precision=64))
signatures, buckets, removed = (f"{target}/{name}" for name in ("signatures", "buckets", "removed"))

steps = {
    "signatures": (1, [JsonlReader(source), MinhashDedupSignature(signatures, config=config)]),
    "buckets": (config.num_buckets, [MinhashDedupBuckets(signatures, buckets, config=config)]),
    "cluster": (1, [MinhashDedupCluster(buckets, removed, config=config)]),
    "filter": (
        1,
        [JsonlReader(source), MinhashDedupFilter(removed), JsonlWriter(f"{target}/documents", compression=None)],
    ),
}
for name, (tasks, pipeline) in steps.items():
    LocalPipelineExecutor(pipeline=pipeline, tasks=tasks, workers=1, logging_dir=f"{target}/logs/{name}").run()
