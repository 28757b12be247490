import itertools

import pytest

from curation.clean.unicode import NormalizeUnicode
from curation.collect.jsonl import JsonLines
from curation.dedup.exact import Exact
from curation.errors import RecipeError
from curation.measure.language import Language
from curation.recipe import DatasetOptions, Gate, Group, Recipe, Step
from curation.recipe_file import dump_recipe, parse_recipe
from curation.rules import Rule

TEXT = """
name: small
sources:
  - jsonl: {name: web, path: data/*.jsonl}
clean:
  - normalize_unicode: {form: NFKC}
  - gate: [{reason: nothing_changed, attribute: normalize_unicode.chars_removed, min: 0}]
  - language
rules:
  - {reason: not_english, attribute: language.label, allow: [en]}
dedup:
  - exact: {on: normalized}
dataset:
  splits: {train: 0.5, test: 0.5}
"""


def in_python() -> Recipe:
    return Recipe(
        name="small",
        sources=(JsonLines(name="web", path="data/*.jsonl"),),
        clean=(
            Step(operator=NormalizeUnicode(form="NFKC")),
            Gate(rules=(Rule(reason="nothing_changed", attribute="normalize_unicode.chars_removed", min=0),)),
            Step(operator=Language()),
        ),
        rules=(Rule(reason="not_english", attribute="language.label", allow=("en",)),),
        dedup=(Group(grouping=Exact(on="normalized")),),
        dataset=DatasetOptions(splits={"train": 0.5, "test": 0.5}),
    )


def test_yaml_and_python_give_one_fingerprint():
    assert parse_recipe(TEXT).fingerprint() == in_python().fingerprint()


def test_writing_and_reading_gives_the_same_recipe():
    recipe = parse_recipe(TEXT)
    assert parse_recipe(dump_recipe(recipe)) == recipe


def test_the_fingerprint_does_not_know_where_files_lie_or_in_which_order_they_were_named():
    moved = parse_recipe(TEXT, overrides=["sources.web.path=/elsewhere/*.jsonl"])
    assert moved.fingerprint() == parse_recipe(TEXT).fingerprint()
    orders = [
        parse_recipe(TEXT, overrides=[f"sources.web.path=[{', '.join(order)}]"]).sources
        for order in itertools.permutations(["a", "b", "c"])
    ]
    assert all(order == orders[0] for order in orders)


@pytest.mark.parametrize(
    ("override", "part"),
    [
        ("clean.language.min_letters=3", "min_letters"),
        ("clean.normalize_unicode.form=NFC", "NFC"),
        ("rules.not_english.allow=[de]", "de"),
        ("dataset.shard_bytes=5", "5"),
    ],
)
def test_set_reaches_every_part_and_changes_the_fingerprint(override, part):
    changed = parse_recipe(TEXT, overrides=[override])
    assert part in dump_recipe(changed)
    assert changed.fingerprint() != parse_recipe(TEXT).fingerprint()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("- language", "- langage", r"recipe:8 clean\[2\]: found unknown operator `langage`.*did you mean `language`"),
        ("form: NFKC", "from: NFKC", r"recipe:6 clean\[0\] normalize_unicode.from: .*did you mean `form`"),
        ("form: NFKC", "form: NFX", r"normalize_unicode.form: found \"NFX\", expected 'NFC' or 'NFKC'"),
        ("form: NFKC", "control: no", r"recipe:6: found the unquoted word `no`.*true or false"),
        ("[en]", "[en, no]", r"recipe:10: found the unquoted word `no`, expected a word in quotes"),
        ("form: NFKC", 'control: "no"', r"control: found \"no\", expected a valid boolean"),
        ("name: small", "name: small\nname: other", r"recipe:3: found the key `name` twice"),
        ("language.label", "language.lable", r"attribute `language.lable`.*did you mean `language.label`"),
        ("language.label, allow: [en]", "language.label, min: 1", r"`language.label` of type string.*limits for words"),
        ("allow: [en]", "", r"not_english: .*expected a rule takes limits"),
        ("dedup:", "dedupe:", r"unknown key `dedupe`.*did you mean `dedup`"),
        ("exact:", "exakt:", r"unknown grouping `exakt`"),
        ("jsonl:", "json:", r"unknown source `json`"),
        ("train: 0.5", "train: 0.6", r"shares .* do not add up to 1"),
        ("  - language", "  - language\n  - language", r"`language` twice.*label with `as`"),
        ("  - language", "  - word_noise", r"`word_noise`, which is of kind expand.*move it to `augment`"),
        ("name: web, ", "", r"jsonl.name: found nothing, expected a value for `name`"),
        ("sources:", "sources: 3\nx:", r"unknown key `x`|a int under `sources`"),
        (
            "clean:\n",
            "clean:\n  - gate: [{reason: late, attribute: language.confidence, min: 1}]\n",
            r"nothing adds before",
        ),
        ("- language", "- language: [", r"recipe:\d+: .*mend the syntax"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_what_to_do(old, new, message):
    assert old in TEXT
    with pytest.raises(RecipeError, match=message):
        parse_recipe(TEXT.replace(old, new, 1))


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("clean.langage.min_letters=3", "no item `langage`.*did you mean `language`"),
        ("name", "no `=`"),
        ("name.first=x", "inside a single value"),
        ("clean.language.min_leters=3", "unknown parameter `min_leters`.*did you mean `min_letters`"),
    ],
)
def test_a_mistake_in_set_is_named(override, message):
    with pytest.raises(RecipeError, match=message):
        parse_recipe(TEXT, overrides=[override])


def test_a_quoted_no_is_a_word():
    assert parse_recipe(TEXT.replace("[en]", '[en, "no"]')).rules[0].allow == ("en", "no")
    assert parse_recipe(dump_recipe(parse_recipe(TEXT.replace("[en]", '[en, "no"]')))).rules[0].allow == ("en", "no")


def test_an_operator_can_stand_twice_under_a_label():
    recipe = parse_recipe(TEXT.replace("  - language", "  - language\n  - language: {as: again, min_letters: 1}"))
    assert "again.label" in recipe.attributes()


USE = TEXT.replace("  - language\n", "  - language\n  - use: gopher_quality/datatrove\n").replace(
    "rules:\n", "rules:\n  - {use: gopher_quality/datatrove, except: [too_many_hashes]}\n"
)


def test_a_published_rule_set_is_written_out_and_can_be_changed():
    recipe = parse_recipe(USE, overrides=["rules.too_few_words.min=7"])
    rules = {rule.reason: rule for rule in recipe.rules}
    assert rules["too_few_words"].min == 7
    assert "too_many_hashes" not in rules
    assert "gopher_quality.words" in recipe.attributes()
    assert parse_recipe(dump_recipe(recipe)) == recipe


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("gopher_quality/datatrove", "gopher_quality/datatrov", "did you mean `datatrove`"),
        ("gopher_quality/datatrove", "gopher_qualty/datatrove", "did you mean `gopher_quality`"),
        ("gopher_quality/datatrove", "gopher_quality", "write it like gopher_quality/datatrove"),
        ("[too_many_hashes]", "[too_many_hash]", "a reason of the rule set"),
        ("except:", "but:", "`but` beside `use`"),
    ],
)
def test_a_mistake_in_a_rule_set_is_named(old, new, message):
    with pytest.raises(RecipeError, match=message):
        parse_recipe(USE.replace(old, new))
