"""The published recipes that come along: their limits are those of curation.dialects, and each one runs."""

import itertools
import json
import re
from pathlib import Path

import pytest

from curation.dialects import rule_sets_named, rules_for
from curation.manifest import Manifest
from curation.recipe import Recipe, Step
from curation.recipe_file import load_recipe
from data_cards.facts import CardFacts
from pipelines.recipe_book import recipe_path
from pipelines.runner import Options, run_recipe

# Recipe -> published rule sets in the order of the pipeline, and what the recipe asks for besides.
WHOLE = {
    "fineweb": (
        ["gopher_repetition/datatrove", "gopher_quality/datatrove", "c4/fineweb", "fineweb/2024-04"],
        ["not_english", "uncertain_language"],
    ),
    "c4": (["c4/tfds"], ["not_english", "uncertain_language"]),
    "gopher": (["gopher_quality/datatrove", "gopher_repetition/datatrove"], []),
    "refinedweb": (
        ["gopher_repetition/dclm", "gopher_quality/dclm", "refinedweb/dclm"],
        ["not_english", "uncertain_language"],
    ),
    "dclm": (["dclm/baseline"], ["not_english", "uncertain_language"]),
}
OF_FINEWEB_2 = ["language", "gopher_repetition", "fineweb", "gopher_quality"]
# Recipe -> published rules that must be among its own.
PARTS = {
    "multilingual": (
        [*(f"{each}/fineweb2" for each in OF_FINEWEB_2), "bigscience/default"],
        {"too_few_words", "too_few_stop_words"},
    ),
    "chinese": (
        ["gopher_quality/datatrove"],
        {"too_few_end_marks", "too_many_newlines", "words_too_short", "words_too_long", "too_few_alphabetic_words"},
    ),
}
RECIPES = [*WHOLE, *PARTS]


def published(name: str):
    return rules_for(*name.split("/"))


@pytest.mark.parametrize("name", WHOLE)
def test_rules_are_the_published_ones_in_order(name):
    rule_sets, besides = WHOLE[name]
    rules = load_recipe(recipe_path(name)).all_rules()
    assert [rule for rule in rules if rule.reason not in besides] == [r for each in rule_sets for r in published(each)]
    assert {rule.reason for rule in rules} >= set(besides)


@pytest.mark.parametrize("name", PARTS)
def test_limits_for_several_languages_contain_the_published_ones(name):
    rule_sets, others = PARTS[name]
    rules = load_recipe(recipe_path(name)).all_rules()
    # BigScience's number and list of words are for English, and limits of a language replace the general ones.
    expected = [
        rule
        for each in rule_sets
        for rule in published(each)
        if each.endswith("/fineweb2") or rule.reason not in others
    ]
    assert expected
    assert [rule for rule in expected if rule not in rules] == []


@pytest.mark.parametrize("name", WHOLE)
def test_operators_and_parameters_are_the_published_ones(name):
    steps = [part.operator for part in load_recipe(recipe_path(name)).clean if isinstance(part, Step)]
    for rule_set in WHOLE[name][0]:
        for part in rule_sets_named(*rule_set.split("/")):
            (own,) = [step for step in steps if step.contract.name == part.operator]
            assert own == type(own)(**part.parameters)


@pytest.mark.parametrize("name", RECIPES)
def test_every_limit_stands_in_the_file(name):
    text = recipe_path(name).read_text("utf-8")
    used = set(re.findall(r"- use: (\S+)", text))
    assert used <= ({f"{each}/fineweb2" for each in OF_FINEWEB_2} if name == "multilingual" else set())
    listed = {rule.reason for each in used for rule in published(each)}
    for rule in load_recipe(recipe_path(name)).all_rules():
        assert rule.reason in listed or f"reason: {rule.reason}" in text


@pytest.mark.parametrize("name", RECIPES)
def test_the_file_says_where_its_limits_come_from(name):
    lines = recipe_path(name).read_text("utf-8").splitlines()
    assert lines[0].startswith("# ")
    assert len(lines[0]) <= 122
    comments = sum(line.lstrip().startswith("#") for line in lines)
    assert comments >= 20
    assert f"name: {name}" in lines


PLACES = ["old mill", "harbour wall", "village school", "stone bridge", "winter market", "railway yard", "upper farm"]
PEOPLE = ["Martha", "the miller", "a young engineer", "our neighbour", "the captain", "an archivist", "Jonas"]
THINGS = ["a lantern", "several maps", "the broken wheel", "fresh bread", "two letters", "a copper kettle"]
TIMES = ["before dawn", "in the rain", "last spring", "after supper", "during the flood", "at noon"]
ENGLISH = [
    "Nobody at the {place} could remember when {person} had first asked for {thing}.",
    "They walked along the river {time}, and {person} carried {thing} to the {place}.",
    "It was said that {thing} would be worth more than the whole {place} one day!",
    "When {person} opened the door {time}, there was nothing but {thing} on the table.",
    "Have you seen how {person} repaired the {place} with patience and {thing}?",
    "Most of the people who came {time} wanted to know what {person} had written about it.",
    "For many years {thing} lay forgotten behind the {place}, covered with dust and leaves.",
    "Later {person} sold {thing} {time}, because the roof of the {place} needed mending.",
]
GERMAN = [
    "Niemand an der alten Mühle wusste noch, wann {number} Säcke Korn von den Bauern gebracht worden waren.",
    "Als der Müller im Winter {number} Briefe fand, las er sie mit seiner Nachbarin am warmen Ofen.",
    "Die Kinder liefen den Fluss entlang und zählten {number} Boote, die unter der Brücke lagen.",
    "Für das neue Dach wurde lange gespart, denn es kostete mehr als {number} Taler und viel Geduld.",
    "Später erzählte man sich im Dorf, dass {number} Wanderer in jener Nacht am Ufer gestanden hatten.",
    "Wer das Rad der Mühle sehen wollte, musste {number} Stufen steigen und den Kopf einziehen.",
]
CHINESE = [
    "村里的老人说,{number}年前河边的磨坊每天都在转动,人们把麦子送来,又把面粉带回家。",
    "那年冬天下了很大的雪,桥上没有行人,只有一盏灯在{number}步之外的窗前亮着。",
    "孩子们沿着小路跑到学校,老师已经在门口等着,手里拿着{number}本新书。",
    "后来铁路修到了镇上,火车一天经过{number}次,远方的消息也就来得更快了。",
    "他把信放进木箱里,想着等春天到了,再和朋友一起去看海和{number}座小岛。",
    "没有人知道那口井有多深,大家只记得水很甜,夏天喝一口就不再觉得热,走{number}里路也不累。",
]


def english(number: int) -> str:
    choices = itertools.product(range(7), repeat=3)
    picks = list(choices)[number * 7 % 343 :: 11][:8]
    sentences = [
        ENGLISH[(number + at) % len(ENGLISH)].format(
            place=PLACES[(a + number) % 7],
            person=PEOPLE[(b + at) % 7],
            thing=THINGS[(c + at) % 6],
            time=TIMES[(a + c) % 6],
        )
        for at, (a, b, c) in enumerate(picks)
    ]
    return "\n".join(" ".join(sentences[at : at + 3]) for at in range(0, len(sentences), 3))


def numbered(sentences: list[str], number: int) -> str:
    chosen = [sentences[(number + at) % len(sentences)].format(number=number * 13 + at * 7 + 2) for at in range(6)]
    return "\n".join(" ".join(chosen[at : at + 2]) for at in range(0, 6, 2))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty English texts, ten German, ten Chinese, an exact copy, and pages that rules are there for."""
    good = [english(number) for number in range(40)]
    texts = [
        *good,
        *(numbered(GERMAN, number) for number in range(10)),
        *(numbered(CHINESE, number) for number in range(10)),
        good[3],
        "Too short.",
        "Home\nMenu\nAbout us\n" * 40,
        good[5].replace("Nobody", "Lorem ipsum dolor. Nobody").replace("It was", "Lorem ipsum! It was"),
    ]
    path = tmp_path_factory.mktemp("small") / "small.jsonl"
    path.write_text(
        "".join(json.dumps({"text": t, "url": f"https://example.org/{n}"}) + "\n" for n, t in enumerate(texts))
    )
    return path


def finished(name: str, small: Path, root: Path) -> tuple[Recipe, CardFacts]:
    recipe = load_recipe(recipe_path(name), [f'sources=[{{jsonl: {{name: web, path: "{small}"}}}}]'])
    run_recipe(recipe, root, Options(workers=1, quiet=True))
    return recipe, CardFacts.model_validate(Manifest.read(root / "dataset/manifest.json").facts)


@pytest.mark.parametrize("name", RECIPES)
def test_each_recipe_runs_and_keeps_what_it_is_for(name, small, tmp_path):
    _, facts = finished(name, small, tmp_path)
    assert facts.collected == 64
    assert facts.quarantined == 0
    assert facts.kept + facts.dropped == 64
    languages = {"chinese": {"zh-cn"}, "multilingual": {"de", "en", "zh-cn"}}.get(name, {"en"})
    assert {language for language, count in facts.languages.items() if count >= 5} == languages
    expected = {
        "fineweb": "lorem_ipsum",
        "c4": "lorem_ipsum",
        "chinese": "not_chinese",
        "multilingual": "high_duplicate_line",
    }.get(name, "too_few_words")
    assert expected in facts.reasons
    if name != "chinese":
        assert any(reason.startswith("duplicate.") for reason in facts.reasons)
