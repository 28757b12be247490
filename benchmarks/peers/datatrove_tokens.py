"""datatrove's DocumentTokenizer on a folder of JSON Lines, in one task: INPUT OUTPUT. The tokenizer lies beside it."""

import json
import os
import sys
from pathlib import Path

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.readers import JsonlReader
from datatrove.pipeline.tokens import DocumentTokenizer

source, target = sys.argv[1:]
LocalPipelineExecutor(
    pipeline=[
        JsonlReader(source),
        DocumentTokenizer(
            f"{target}/tokens",
            tokenizer_name_or_path=str(Path(source).parent / "tokenizer" / "tokenizer.json"),
            eos_token="<end>",
            shuffle_documents=False,
        ),
    ],
    tasks=1,
    logging_dir=f"{target}/logs",
).run()
count = sum(path.stat().st_size // 2 for path in Path(target, "tokens").glob("*.ds"))
Path(target, "tokens.json").write_text(json.dumps(count))
