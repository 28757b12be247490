"""Tokens of a folder of JSON Lines in one file, with the batch call of tokenizers: INPUT OUTPUT; one thread.

The tokenizer lies beside the input. Each document ends with token 0.
"""

import json
import os
import sys
from itertools import chain, islice, repeat
from pathlib import Path

import numpy as np

os.environ["TOKENIZERS_PARALLELISM"] = "false"
from tokenizers import Tokenizer

source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
tokenizer = Tokenizer.from_file(str(source.parent / "tokenizer" / "tokenizer.json"))
count = 0
with (target / "tokens.bin").open("wb") as output:
    for path in sorted(source.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            texts = (json.loads(line)["text"] for line in lines)
            while batch := list(islice(texts, 1000)):
                found = tokenizer.encode_batch_fast(batch, add_special_tokens=False)
                ids = chain.from_iterable(chain(each.ids, repeat(0, 1)) for each in found)
                count += output.write(np.fromiter(ids, np.uint16).tobytes()) // 2
(target / "tokens.json").write_text(json.dumps(count))
