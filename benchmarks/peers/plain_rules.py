"""The rules of Gopher (repetition and quality), FineWeb and C4 in plain Python: INPUT OUTPUT.

What one writes in an afternoon: words are cut at white space, a document goes at the first rule it fails.
"""

import json
import re
import sys
from collections import Counter
from pathlib import Path

STOP_WORDS = {"the", "be", "to", "of", "and", "that", "have", "with"}
END_MARKS = (".", "?", "!", '"', "'")
POLICIES = ("terms of use", "privacy policy", "cookie policy", "uses cookies", "use of cookies", "use cookies")
TOP_GRAMS = {2: 0.20, 3: 0.18, 4: 0.16}
DUPLICATE_GRAMS = {5: 0.15, 6: 0.14, 7: 0.13, 8: 0.12, 9: 0.11, 10: 0.10}
CITATION = re.compile(r"\[\d*]|\[edit]|\[citation needed]")
SENTENCE_END = re.compile(r"[.!?]+(?:\s|$)")


def duplicates(parts):
    seen, count, characters = set(), 0, 0
    for part in parts:
        if part in seen:
            count += 1
            characters += len(part)
        seen.add(part)
    return count, characters


def repeated_characters(words, n):
    seen, characters, k = set(), 0, 0
    while k + n <= len(words):
        gram = "".join(words[k : k + n])
        if gram in seen:
            characters += len(gram)
            k += n
        else:
            seen.add(gram)
            k += 1
    return characters


def gopher_repetition(text):
    if not text:
        return "empty"
    for name, parts in (("paragraph", re.split(r"\n{2,}", text.strip())), ("line", re.split(r"\n+", text))):
        count, characters = duplicates(parts)
        if count / len(parts) > 0.3:
            return f"duplicate_{name}s"
        if characters / len(text) > 0.2:
            return f"duplicate_{name}_characters"
    words = text.split()
    for n, limit in TOP_GRAMS.items():
        grams = Counter(" ".join(words[k : k + n]) for k in range(len(words) - n + 1))
        if grams:
            gram, count = grams.most_common(1)[0]
            if len(gram) * count / len(text) > limit:
                return f"top_{n}_gram"
    for n, limit in DUPLICATE_GRAMS.items():
        if repeated_characters(words, n) / len(text) > limit:
            return f"duplicate_{n}_grams"
    return None


def gopher_quality(text):
    words, lines = text.split(), text.splitlines()
    if not 50 <= len(words) <= 100_000:
        return "word_count"
    if not 3 <= sum(map(len, words)) / len(words) <= 10:
        return "word_length"
    if text.count("#") / len(words) > 0.1:
        return "hashes"
    if (text.count("...") + text.count("…")) / len(words) > 0.1:
        return "ellipses"
    if sum(line.lstrip().startswith(("•", "-")) for line in lines) / len(lines) > 0.9:
        return "bullet_lines"
    if sum(line.rstrip().endswith(("...", "…")) for line in lines) / len(lines) > 0.3:
        return "ellipsis_lines"
    if sum(any(c.isalpha() for c in word) for word in words) / len(words) < 0.8:
        return "alphabetic_words"
    if len(STOP_WORDS & set(words)) < 2:
        return "stop_words"
    return None


def fineweb(text):
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines:
        return "empty"
    if sum(line.endswith(END_MARKS) for line in lines) / len(lines) < 0.12:
        return "end_marks"
    if sum(len(line) <= 30 for line in lines) / len(lines) > 0.67:
        return "short_lines"
    if duplicates(lines)[1] / len(text.replace("\n", "")) > 0.01:
        return "duplicate_line_characters"
    if text.count("\n") / len(text.split()) > 0.3:
        return "newlines"
    return None


def c4(text):
    """The reason against the document, or None; and the lines that are left."""
    kept, sentences = [], 0
    for line in map(str.strip, text.splitlines()):
        words = line.split()
        if len(words) < 3 or any(len(word) > 1000 for word in words):
            continue
        line = CITATION.sub("", line)
        if not line.endswith(END_MARKS) or line.endswith("..."):
            continue
        lower = line.lower()
        if "lorem ipsum" in lower:
            return "lorem_ipsum", ""
        if "javascript" in lower:
            continue
        if "{" in line:
            return "curly_bracket", ""
        if any(policy in lower for policy in POLICIES):
            continue
        sentences += max(1, len(SENTENCE_END.findall(line)))
        kept.append(line)
    return ("too_few_sentences" if sentences < 5 else None), "\n".join(kept)


def main(source, target):
    target.mkdir(parents=True, exist_ok=True)
    with (target / "documents.jsonl").open("w") as documents, (target / "decisions.jsonl").open("w") as decisions:
        for path in sorted(source.glob("*.jsonl")):
            for number, line in enumerate(path.open(encoding="utf-8")):
                record = json.loads(line)
                text = record["text"]
                reason = gopher_repetition(text) or gopher_quality(text) or fineweb(text)
                if reason is None:
                    reason, record["text"] = c4(text)
                decisions.write(json.dumps({"file": path.name, "line": number, "reason": reason}) + "\n")
                if reason is None:
                    documents.write(json.dumps(record, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
