"""Main content of a folder of UTF-8 pages, with a library as it comes: trafilatura|resiliparse INPUT OUTPUT."""

import json
import sys
from pathlib import Path

if sys.argv[1] == "trafilatura":
    from trafilatura import extract
else:
    from resiliparse.extract.html2text import extract_plain_text

    def extract(page):
        return extract_plain_text(page, main_content=True)


source, target = Path(sys.argv[2]), Path(sys.argv[3])
target.mkdir(parents=True, exist_ok=True)
with (target / "documents.jsonl").open("w", encoding="utf-8") as output:
    for path in sorted(source.glob("*.html")):
        text = extract(path.read_text("utf-8"))
        if text:
            output.write(json.dumps({"text": text, "url": path.name}, ensure_ascii=False) + "\n")
