"""Lines that came before go, whatever the document, in plain Python: INPUT OUTPUT. The first copy stays."""

import json
import sys
from hashlib import blake2b
from pathlib import Path

source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
seen = set()
with (target / "documents.jsonl").open("w", encoding="utf-8") as output:
    for path in sorted(source.glob("*.jsonl")):
        for record in map(json.loads, path.open(encoding="utf-8")):
            left = []
            for line in record["text"].split("\n"):
                key = blake2b(" ".join(line.lower().split()).encode(), digest_size=16).digest()
                if key not in seen or not line.strip():
                    left.append(line)
                seen.add(key)
            record["text"] = "\n".join(left)
            if record["text"].strip():
                output.write(json.dumps(record, ensure_ascii=False) + "\n")
