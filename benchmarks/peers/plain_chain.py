"""The whole chain as one writes it by hand, with the fast libraries there are: INPUT OUTPUT.

ftfy, py3langid, the rules of `plain_rules.py`, two regular expressions for personal data, rensa. A document goes at the
first thing that speaks against it. Near copies go by their estimated similarity; no pair is compared.
"""

import json
import re
import sys
from pathlib import Path

import ftfy
from plain_rules import c4, fineweb, gopher_quality, gopher_repetition
from py3langid.langid import MODEL_FILE, LanguageIdentifier
from rensa import RMinHash, RMinHashLSH

HASHES, BANDS, NGRAM, THRESHOLD = 112, 14, 5, 0.75
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
ADDRESS = re.compile(r"\b(?:\d{1,3}\.){3}\d{1,3}\b")

identifier = LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=True)
index, kept = RMinHashLSH(threshold=THRESHOLD, num_perm=HASHES, num_bands=BANDS), {}


def curated(text):
    """The text as it goes into the dataset; nothing if it does not."""
    text = ftfy.fix_text(text)
    language, probability = identifier.classify(text)
    if language != "en" or probability < 0.65 or gopher_repetition(text) or gopher_quality(text) or fineweb(text):
        return None
    reason, text = c4(text)
    return None if reason else ADDRESS.sub("192.0.2.1", MAIL.sub("mail@example.org", text))


def is_new(text):
    words = text.lower().split()
    sketch = RMinHash(num_perm=HASHES, seed=42)
    sketch.update([" ".join(words[k : k + NGRAM]) for k in range(max(1, len(words) - NGRAM + 1))])
    if any(sketch.jaccard(kept[other]) >= THRESHOLD for other in index.query(sketch)):
        return False
    number = len(kept)
    index.insert(number, sketch)
    kept[number] = sketch
    return True


source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
with (target / "documents.jsonl").open("w", encoding="utf-8") as output:
    for path in sorted(source.glob("*.jsonl")):
        for record in map(json.loads, path.open(encoding="utf-8")):
            record["text"] = curated(record["text"])
            if record["text"] and is_new(record["text"]):
                output.write(json.dumps(record, ensure_ascii=False) + "\n")
