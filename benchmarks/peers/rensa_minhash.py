"""Near duplicates with rensa, the way its users write it: INPUT OUTPUT.

A document goes when the index holds one that shares a band with it and whose estimated similarity is .8 or more.
"""

import json
import sys
from pathlib import Path

from rensa import RMinHash, RMinHashLSH

HASHES, BANDS, NGRAM, THRESHOLD = 112, 16, 5, 0.8

source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
index = RMinHashLSH(threshold=THRESHOLD, num_perm=HASHES, num_bands=BANDS)
kept = {}
number = 0
with (target / "documents.jsonl").open("w", encoding="utf-8") as output:
    for path in sorted(source.glob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                words = json.loads(line)["text"].lower().split()
                grams = {" ".join(words[k : k + NGRAM]) for k in range(max(1, len(words) - NGRAM + 1))}
                sketch = RMinHash(num_perm=HASHES, seed=42)
                sketch.update(list(grams))
                number += 1
                if any(sketch.jaccard(kept[other]) >= THRESHOLD for other in index.query(sketch)):
                    continue
                index.insert(number, sketch)
                kept[number] = sketch
                output.write(line)
