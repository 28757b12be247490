"""A dataset folder without its run: shards, sidecars and tokens without the forgotten, and a card counted anew.

What only a ledger knows (languages, origins, the mixture's groups) cannot be counted here: the card says so beside each
of these figures. A corpus of one language is counted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pyarrow.compute as pc

from curation.errors import IntegrityError
from curation.files import checksum, whole_file, write_json
from curation.forgotten import FORGOTTEN
from curation.manifest import MANIFEST, Manifest
from curation.schema import DOCUMENT
from curation.shards import FileRecord, read_shard, shard_batches
from data_cards.facts import CardFacts, TokenFacts, TokenRate
from data_cards.folder import dataset_texts
from pipelines.dataset import certificates
from pipelines.facts import hosts_of, lengths_of, most, takedowns
from pipelines.forget.journal import Journal
from pipelines.forget.rows import Rows
from pipelines.tasks.tokens import count_tokens
from pipelines.tokenizers import ChosenTokenizer
from pipelines.tokens import FOLDER as TOKENS
from pipelines.tokens import tokens_fingerprint, tokens_manifest

__all__ = ["changed_tokens", "finish_alone"]


def finish_alone(dataset: Path, journal: Journal, certificate: Path) -> None:
    before = Manifest.model_validate(journal.dataset)
    rows = Rows(dataset, journal)
    files = [rows.taken_out(file) for file in before.files if file.path.endswith(".arrow")]
    shards = [file for file in files if file.path.rpartition("/")[2].startswith("data-")]
    tokens = changed_tokens(dataset, journal, shards) if journal.tokens is not None else None
    after = {file.path: file.sha256 for file in files}
    after |= {f"{TOKENS}/{file.path}": file.sha256 for file in (tokens("").files if tokens is not None else ())}
    write_json(certificate, journal.certificate(after, version("gristmill")))
    facts = _facts(dataset, CardFacts.model_validate(before.facts), shards)
    if facts.tokens is not None and tokens is not None:
        facts = facts.model_copy(update={"tokens": _token_facts(dataset, facts.tokens, tokens("").facts["splits"])})
    texts = dataset_texts(facts, shards, DOCUMENT)
    texts |= {path.relative_to(dataset).as_posix(): path.read_text("utf-8") for path in certificates(dataset)}
    records = [_written(dataset, path, text) for path, text in sorted(texts.items())]
    counts = {**before.counts, "documents": sum(file.rows for file in shards)}
    finished = before.model_copy(
        update={"files": (*files, *records), "counts": counts, "facts": facts.model_dump(mode="json")}
    ).sealed()
    if tokens is not None:
        tokens(finished.digest).write(dataset / TOKENS / MANIFEST)
    finished.write(dataset / MANIFEST)


def changed_tokens(dataset: Path, journal: Journal, shards: Sequence[FileRecord]) -> Callable[[str], Manifest]:
    """Token shards that were made of a finished dataset, changed; gives their manifest for a dataset's digest.

    `shards` are the shards of text as they are now.
    """
    before = Manifest.model_validate(journal.tokens)
    facts, folder = before.facts, dataset / TOKENS
    tokenizer = ChosenTokenizer(folder / "tokenizer", facts["tokenizer"], facts["special_tokens"] == "ids")
    rows, counts = Rows(folder, journal), Counter[str]()
    files = [rows.tokens(file, facts["tokenizer"]["sha256"]) for file in before.shards("tokens-")]
    for file in files:
        counts.update(count_tokens(next(shard_batches(folder / file.path)), file.path.split("/")[0]))
    records = [file.model_copy(update={"path": file.path.removeprefix("dataset/")}) for file in shards]
    fingerprint = tokens_fingerprint(tokenizer, records)
    placed = [file.model_copy(update={"path": f"{TOKENS}/{file.path}"}) for file in files]
    return lambda digest: tokens_manifest(tokenizer, digest, fingerprint, placed, dict(counts))


def _written(dataset: Path, path: str, text: str) -> FileRecord:
    with whole_file(dataset / path) as file:
        file.write(text.encode())
    return FileRecord(path=path, bytes=len(text.encode()), sha256=checksum(dataset / path))


def _token_facts(dataset: Path, known: TokenFacts, splits: dict[str, dict[str, int]]) -> TokenFacts:
    """Of tokens the sources are counted; languages, which a token shard does not know, are left out."""
    sizes, counts = Counter[str](), Counter[str]()
    for path in sorted((dataset / TOKENS).glob("*/tokens-*.arrow")):
        batch = next(shard_batches(path))
        lengths = pc.list_value_length(batch.column("tokens")).cast("int64")
        columns = (batch.column("source"), batch.column("bytes"), lengths)
        for source, size, count in zip(*(column.to_pylist() for column in columns), strict=True):
            sizes[source] += size
            counts[source] += count
    rates = tuple(
        TokenRate(name=name, bytes=sizes[name], tokens=counts[name])
        for name in sorted(sizes, key=lambda name: (-sizes[name], name))
    )
    left = tuple(TokenRate(name=name, bytes=each["bytes"], tokens=each["tokens"]) for name, each in splits.items())
    return known.model_copy(update={"splits": left, "rates": {"source": rates} if rates else {}})


def _facts(dataset: Path, facts: CardFacts, shards: Sequence[FileRecord]) -> CardFacts:
    made: Counter[str] = Counter()
    made_bytes: Counter[str] = Counter()
    splits: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    hosts: Counter[str] = Counter()
    for file in shards:
        split = file.path.split("/")[0]
        for batch in read_shard(dataset, file):
            length = pc.binary_length(batch.column("text")).fill_null(0)
            new = batch.column("parent_id").is_valid()
            splits[split] += batch.num_rows
            sizes[split] += pc.sum(length).as_py() or 0
            made[split] += new.true_count
            made_bytes[split] += pc.sum(length.filter(new)).as_py() or 0
            hosts.update(hosts_of(batch.filter(pc.invert(new)).column("url")))
    new_left = sum(made.values())
    read_gone = facts.kept - (sum(splits.values()) - new_left)
    new_gone = facts.augmented - new_left
    if min(read_gone, new_gone) < 0:
        raise IntegrityError("dataset", "more documents than on its card", "the card's", "bring the dataset back")
    known = facts.augmentation
    whole = list(facts.languages.values()) == [facts.kept]
    changed: dict[str, Any] = {
        "kept": facts.kept - read_gone,
        "dropped": facts.dropped + read_gone,
        "augmented": new_left,
        "reasons": _with(facts.reasons, read_gone),
        "splits": tuple(
            each.model_copy(update={"documents": splits[each.name], "bytes": sizes[each.name]}) for each in facts.splits
        ),
        "augmentation": known.model_copy(
            update={
                "kept": new_left,
                "dropped": known.dropped + new_gone,
                "reasons": _with(known.reasons, new_gone),
                "documents": {name: made[name] for name in known.documents},
                "bytes": {name: made_bytes[name] for name in known.bytes},
            }
        ),
        "takedowns": takedowns(dataset),
        "languages": dict.fromkeys(facts.languages, facts.kept - read_gone) if whole else facts.languages,
        "stale": tuple(
            name
            for name in ("languages", "origins", "mixture")
            if getattr(facts, name) and not (name == "languages" and whole)
        ),
        "lengths": lengths_of(dataset, shards),
        "domains": most(hosts),
        "domain_count": len(hosts),
    }
    return CardFacts.model_validate({**facts.model_dump(), **{k: _plain(v) for k, v in changed.items()}})


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(_plain(each) for each in value)
    return value.model_dump() if hasattr(value, "model_dump") else value


def _with(reasons: dict[str, int], count: int) -> dict[str, int]:
    return {**reasons, FORGOTTEN: reasons.get(FORGOTTEN, 0) + count} if count else reasons
