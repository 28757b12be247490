"""What Dolma's taggers of Gopher and C4 say to each document, with the limits of the papers: INPUT OUTPUT."""

import json
import sys
from pathlib import Path

from dolma.core.data_types import Document
from dolma.core.registry import TaggerRegistry

TOP_GRAMS = {2: 0.20, 3: 0.18, 4: 0.16}
DUPLICATE_GRAMS = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
QUALITY_MOST = {
    "symbol_to_word_ratio": 0.1,
    "fraction_of_lines_starting_with_bullet_point": 0.9,
    "fraction_of_lines_ending_with_ellipsis": 0.3,
    "word_count": 100_000,
    "median_word_length": 10,
}
QUALITY_LEAST = {
    "word_count": 50,
    "median_word_length": 3,
    "fraction_of_words_with_alpha_character": 0.8,
    "required_word_count": 2,
}
REPETITION_MOST = {
    "fraction_of_duplicate_lines": 0.3,
    "fraction_of_characters_in_duplicate_lines": 0.2,
    **{f"fraction_of_characters_in_most_common_{n}grams": limit for n, limit in TOP_GRAMS.items()},
    **{f"fraction_of_characters_in_duplicate_{n}grams": limit for n, limit in DUPLICATE_GRAMS.items()},
}
tagger = TaggerRegistry.get("gopher_v1")()


def verdict(scores, most, least):
    over = [name for name, limit in most.items() if scores.get(name, 0) > limit]
    under = [name for name, limit in least.items() if scores.get(name, 0) < limit]
    return ", ".join(over + under) or None


source, target = map(Path, sys.argv[1:])
target.mkdir(parents=True, exist_ok=True)
with (target / "decisions.jsonl").open("w", encoding="utf-8") as output:
    for path in sorted(source.glob("*.jsonl")):
        for number, line in enumerate(path.open(encoding="utf-8")):
            document = Document(source="docs", id=str(number), text=json.loads(line)["text"])
            scores = {span.type: span.score for span in tagger.predict(document).spans}
            said = {
                "gopher_quality": verdict(scores, QUALITY_MOST, QUALITY_LEAST),
                "gopher_repetition": verdict(scores, REPETITION_MOST, {}),
            }
            output.write(json.dumps(said) + "\n")
