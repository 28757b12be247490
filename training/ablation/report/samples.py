"""What models write, side by side, with the words that stand in their training text."""

from __future__ import annotations

from collections import defaultdict

from markupsafe import Markup

from data_cards.pages import section, table
from training.ablation.report.words import how
from training.ablation.results import Results, SampleText
from training.ablation.statistics.analysis import Analysis

__all__ = ["samples_section"]

_COLUMNS = 3


def samples_section(results: Results, found: Analysis) -> Markup:
    """Samples of the first seed at the study's learning rate, same number beside same number."""
    texts = _samples(results, found)
    numbers = list(dict.fromkeys(number for each in texts.values() for number in each))
    blocks = [_prompt(number, texts) for number in numbers]
    reading = (
        "The same prompt and the same random draws for every arm, chosen at random before any text was written. Marked "
        "words stand word for word in a training document of that arm; the link leads to its identity below."
    )
    return section("samples", "What the models write", how(reading), *blocks, _documents(texts))


def _samples(results: Results, found: Analysis) -> dict[str, dict[int, SampleText]]:
    order = sorted(found.contrasts, key=lambda each: (each.family != "primary", -abs(each.effect.value)))
    arms = list(dict.fromkeys([found.base, *(each.arm for each in order)]))
    chosen: dict[str, dict[int, SampleText]] = {}
    for arm in arms:
        samples = next((run.samples for run in results.of(arm, found.lr) if run.samples), ())
        if samples and len(chosen) < _COLUMNS:
            chosen[arm] = {sample.number: sample for sample in samples}
    return chosen


def _prompt(number: int, texts: dict[str, dict[int, SampleText]]) -> Markup:
    cells = Markup("").join(
        Markup('<article class="sample"><h4>{}</h4><p>{}</p></article>').format(arm, _marked(samples[number]))
        for arm, samples in texts.items()
        if number in samples
    )
    first = next(samples[number] for samples in texts.values() if number in samples)
    heading = Markup("<h3>Sample {} <small>seed {}</small></h3>").format(number, first.seed)
    return Markup('{}<div class="samples">{}</div>').format(heading, cells)


def _marked(sample: SampleText) -> Markup:
    """The text with its prompt in bold and copied spans as links; overlapping spans are cut where they meet."""
    parts, at = [], 0
    prompt = len(sample.prompt) if sample.text.startswith(sample.prompt) else 0
    cuts = [(0, prompt, Markup("<b>{}</b>"))] if prompt else []
    cuts += [
        (
            span.start,
            span.end,
            Markup('<mark><a href="#document-{}">{{}}</a></mark>').format(span.document),
        )
        for span in sorted(sample.spans, key=lambda span: (span.start, span.end))
    ]
    for start, end, frame in cuts:
        start = max(start, at)
        if end > start:
            parts += [Markup("{}").format(sample.text[at:start]), frame.format(sample.text[start:end])]
            at = end
    return Markup("").join([*parts, Markup("{}").format(sample.text[at:])])


def _documents(texts: dict[str, dict[int, SampleText]]) -> Markup:
    """Where copied words come from, each document once."""
    found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for arm, samples in texts.items():
        for sample in samples.values():
            for span in sample.spans:
                found[span.document][arm] += 1
    if not found:
        return Markup("<p>No shown sample repeats its training text.</p>")
    rows = [
        [
            ", ".join(f"{arm} ({count})" for arm, count in arms.items()),
            Markup('document <code id="document-{}">{}</code>').format(document, document),
        ]
        for document, arms in sorted(found.items())
    ]
    return table(["copied by (spans)", "identity"], rows, caption="Documents that are copied from")
