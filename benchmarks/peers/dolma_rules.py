"""Dolma's taggers of Gopher and C4 on a folder of JSON Lines, Gopher's limits as its papers set them: INPUT OUTPUT."""

import json
import sys
from pathlib import Path

from dolma.core.data_types import Document
from dolma.core.registry import TaggerRegistry

TOP_GRAMS = {2: 0.20, 3: 0.18, 4: 0.16}
DUPLICATE_GRAMS = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
MOST = {
    "symbol_to_word_ratio": 0.1,
    "fraction_of_lines_starting_with_bullet_point": 0.9,
    "fraction_of_lines_ending_with_ellipsis": 0.3,
    "fraction_of_duplicate_lines": 0.3,
    "word_count": 100_000,
    **{f"fraction_of_characters_in_most_common_{n}grams": limit for n, limit in TOP_GRAMS.items()},
    **{f"fraction_of_characters_in_duplicate_{n}grams": limit for n, limit in DUPLICATE_GRAMS.items()},
}
LEAST = {"word_count": 50, "fraction_of_words_with_alpha_character": 0.8, "required_word_count": 2}
PAGE = {"has_curly_brace", "has_lorem_ipsum"}

source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
gopher, c4 = (TaggerRegistry.get(name)() for name in ("gopher_v1", "c4_v2"))


def kept(document):
    score = {span.type: span.score for span in gopher.predict(document).spans}
    median = score.get("median_word_length", 0)
    return (
        not PAGE & {span.type for span in c4.predict(document).spans}
        and 3 <= median <= 10
        and all(score.get(name, 0) <= most for name, most in MOST.items())
        and all(score.get(name, 0) >= least for name, least in LEAST.items())
    )


with (target / "documents.jsonl").open("w", encoding="utf-8") as output:
    for path in sorted(source.glob("*.jsonl")):
        for number, line in enumerate(path.open(encoding="utf-8")):
            if kept(Document(source="docs", id=str(number), text=json.loads(line)["text"])):
                output.write(line)
