"""Where peers compute the same rules, how often do they decide the same? `python -m benchmarks.agreement`.

Every document is judged by each rule set alone, by the peer through its public interface and by ours in the dialect
that follows it. Kinds of difference are counted as (our reasons, their reason). Texts made up for the purpose show one
of each kind, with what the two say; they are judged in the same run and do not count. Exact duplicates are compared
with polars: which texts are left.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from benchmarks.agreement_examples import EXAMPLES
from benchmarks.contest import Row, corpus_of, gristmill, run_once, write_results
from benchmarks.dedup import EXACT
from benchmarks.inputs import slice_of
from benchmarks.peers import DEFAULT_CACHE, peer
from curation.operator import run_operator
from curation.recipe import Step
from curation.recipe_file import parse_recipe
from curation.rules import failed_matrix
from curation.schema import TEXT

Verdicts = list[str | None]
Said = dict[str, str | None]


@dataclass(frozen=True)
class Pair:
    """A rule set of ours and the peer's name for it."""

    ours: str
    peer: str
    theirs: str


PAIRS = (
    Pair("gopher_repetition/datatrove", "datatrove", "gopher_repetition"),
    Pair("gopher_quality/datatrove", "datatrove", "gopher_quality"),
    Pair("fineweb/2024-12", "datatrove", "fineweb"),
    Pair("c4/paper", "datatrove", "c4"),
    Pair("gopher_repetition/dolma", "dolma", "gopher_repetition"),
    Pair("gopher_quality/dolma", "dolma", "gopher_quality"),
)
SCRIPTS = {"datatrove": "datatrove_decisions.py", "dolma": "dolma_decisions.py"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=8)
    parser.add_argument("--corpus", type=Path, help="a folder of JSON Lines instead of a made corpus")
    parser.add_argument("--cache", type=Path, default=DEFAULT_CACHE)
    parser.add_argument("--to", type=Path, default=Path("benchmarks/results"))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        scratch = Path(name)
        corpus = corpus_of(options.corpus, options.megabytes, scratch)
        part = slice_of(corpus, scratch / "part", megabytes=options.megabytes)
        texts = _texts(part)
        examples = [example.text for example in EXAMPLES]
        with (part / "part-0000.jsonl").open("a", encoding="utf-8") as file:
            file.writelines(json.dumps({"text": text}) + "\n" for text in examples)
        theirs = {name: _theirs(name, part, scratch, options.cache) for name in SCRIPTS}
        rows = [compare(pair, texts, examples, theirs[pair.peer]) for pair in PAIRS if theirs[pair.peer]]
        rows.append(_exact(corpus, scratch, options.cache))
    used = [name for name in (*SCRIPTS, "polars") if name == "polars" or theirs[name]]
    versions = {each: known for name in used for each, known in peer(name, options.cache).versions().items()}
    write_results(options.to / "agreement.json", "benchmarks.agreement", versions, documents=len(texts), rows=rows)
    (options.to / "agreement.md").write_text(markdown(rows, len(texts), versions))
    print(markdown(rows, len(texts), versions))


def compare(pair: Pair, texts: Sequence[str], examples: Sequence[str], theirs: Sequence[Said]) -> Row:
    mine = verdicts(pair.ours, [*texts, *examples])
    said = [each[pair.theirs] for each in theirs]
    both = list(zip(mine, said, strict=True))
    equal = sum((ours is None) == (other is None) for ours, other in both[: len(texts)])
    kinds = Counter(each for each in both[: len(texts)] if (each[0] is None) != (each[1] is None))
    shown = [
        {"text": example.text, "why": example.why, "ours": ours or "kept", "theirs": other or "kept"}
        for example, (ours, other) in zip(EXAMPLES, both[len(texts) :], strict=True)
        if (pair.peer, pair.theirs) == (example.peer, example.rules)
    ]
    return {
        "rules": pair.ours,
        "peer": pair.peer,
        "equal": round(equal / len(texts), 5),
        "dropped_by_us": sum(ours is not None for ours in mine[: len(texts)]),
        "dropped_by_them": sum(other is not None for other in said[: len(texts)]),
        "differences": [
            {"ours": a or "kept", "theirs": b or "kept", "documents": n} for (a, b), n in kinds.most_common(6)
        ],
        "examples": shown,
    }


def verdicts(rule_set: str, texts: Sequence[str]) -> Verdicts:
    """Our reasons for each text, comma-separated; None where it stays."""
    use = f"[{{use: {rule_set}}}]"
    recipe = parse_recipe(f"name: x\nsources:\n  - jsonl: {{name: x, path: x}}\nclean: {use}\nrules: {use}\n")
    batch = pa.RecordBatch.from_pydict({"id": [f"{n:032}" for n in range(len(texts))], "text": pa.array(texts, TEXT)})
    for step in recipe.clean:
        assert isinstance(step, Step)
        batch = run_operator(step.operator, batch)
    failed = failed_matrix(batch, recipe.rules)
    names = [rule.reason for rule in recipe.rules]
    return [", ".join(name for name, bad in zip(names, column, strict=True) if bad) or None for column in failed.T]


def _texts(folder: Path) -> list[str]:
    return [json.loads(line)["text"] for path in sorted(folder.glob("*.jsonl")) for line in path.open("rb")]


def _theirs(name: str, part: Path, scratch: Path, cache: Path) -> list[Said]:
    environment = peer(name, cache)
    if environment.python is None:
        print(f"{name}: not installed: {environment.problem}")
        return []
    subprocess.run(environment.command(SCRIPTS[name], str(part), str(scratch / name)), check=True, capture_output=True)
    return [json.loads(line) for line in (scratch / name / "decisions.jsonl").open("rb")]


def _exact(corpus: Path, scratch: Path, cache: Path) -> Row:
    """Whether the same texts are left; which copy stays may differ."""
    from curation.manifest import Manifest

    run_once(gristmill("gristmill", EXACT), corpus, scratch / "exact")
    subprocess.run(peer("polars", cache).command("polars_exact.py", str(corpus), str(scratch / "polars")), check=True)
    left = _texts(scratch / "polars")
    dataset = scratch / "exact" / "dataset"
    mine: list[str] = []
    for file in Manifest.read(dataset / "manifest.json").shards("data-"):
        with pa.memory_map(str(dataset / file.path)) as source:
            mine += pa.ipc.open_stream(source).read_all().column("text").to_pylist()
    same = len(set(mine) & set(left))
    return {
        "rules": "exact: {on: text}",
        "peer": "polars",
        "equal": round(same / len(set(mine) | set(left)), 5),
        "kept_by_us": len(mine),
        "kept_by_them": len(left),
        "differences": [],
        "examples": [],
    }


def markdown(rows: Sequence[Row], documents: int, versions: dict[str, str]) -> str:
    known = ", ".join(f"{name} {number}" for name, number in versions.items())
    lines = ["# Agreement with peers", "", f"{documents:,} documents of the made corpus; {known}.", ""]
    lines += ["| rules | peer | equal decisions | dropped by us | by them |", "|---|---|---:|---:|---:|"]
    for row in rows:
        counts = [row.get("dropped_by_us", "–"), row.get("dropped_by_them", "–")]
        lines.append(f"| `{row['rules']}` | {row['peer']} | {row['equal']:.2%} | {counts[0]} | {counts[1]} |")
    for row in rows:
        if row["differences"]:
            lines += ["", f"## `{row['rules']}` and {row['peer']}", ""]
            lines += [
                f"- {each['documents']}: ours {each['ours']}, theirs {each['theirs']}" for each in row["differences"]
            ]
        for each in row["examples"]:
            lines += ["", f"Made up, ours **{each['ours']}**, theirs **{each['theirs']}**: {each['why']}", ""]
            lines += ["```text", *each["text"].splitlines(), "```"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
