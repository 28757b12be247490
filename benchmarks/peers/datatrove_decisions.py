"""What each of datatrove's filters says to each document on its own: INPUT OUTPUT (null: stays, else its reason)."""

import json
import sys
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)

FILTERS = {
    "gopher_repetition": GopherRepetitionFilter(),
    "gopher_quality": GopherQualityFilter(),
    "fineweb": FineWebQualityFilter(),
    "c4": C4QualityFilter(),
}


def verdict(name, text):
    answer = FILTERS[name].filter(Document(text=text, id="0"))
    return (answer[1] if isinstance(answer, tuple) else "dropped") if answer is not True else None


source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
with (target / "decisions.jsonl").open("w", encoding="utf-8") as output:
    for path in sorted(source.glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            text = json.loads(line)["text"]
            output.write(json.dumps({name: verdict(name, text) for name in FILTERS}) + "\n")
