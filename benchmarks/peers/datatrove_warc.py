"""datatrove's WarcReader on one archive, several times: FOLDER FILE ROUNDS OUTPUT (number of documents)."""

import sys
from pathlib import Path

from datatrove.pipeline.readers import WarcReader

folder, name, rounds, output = sys.argv[1:]
count = 0
for _ in range(int(rounds)):
    count = sum(1 for _ in WarcReader(folder, glob_pattern=name).run())
Path(output).write_text(str(count))
