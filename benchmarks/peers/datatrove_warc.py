"""datatrove's WarcReader on one archive, several times: FOLDER FILE ROUNDS EXTRACT OUTPUT (number of documents).

EXTRACT is 1 for main content by its Trafilatura extractor, 0 for pages as they are.
"""

import sys
from pathlib import Path

from datatrove.pipeline.extractors import Trafilatura
from datatrove.pipeline.readers import WarcReader

folder, name, rounds, extract, output = sys.argv[1:]
count = 0
for _ in range(int(rounds)):
    documents = WarcReader(folder, glob_pattern=name).run()
    count = sum(1 for _ in (Trafilatura().run(documents) if extract == "1" else documents))
Path(output).write_text(str(count))
