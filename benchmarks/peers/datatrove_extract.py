"""datatrove's Trafilatura extractor on a folder of UTF-8 pages, several times: FOLDER ROUNDS OUTPUT (texts as JSON)."""

import json
import sys
from pathlib import Path

from datatrove.data import Document
from datatrove.pipeline.extractors import Trafilatura

folder, rounds, output = Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
pages = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.html"))}
texts = {}
for _ in range(rounds):
    documents = (Document(text=page, id=name) for name, page in pages.items())
    texts = {document.id: document.text for document in Trafilatura().run(documents)}
output.write_text(json.dumps(texts))
