from __future__ import annotations

import math
import pickle
import sys

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from curation.errors import ResourceError
from curation.kernels import langdetect_replay as replay
from curation.kernels import language as kernel
from curation.kernels.language_symbols import read_spans
from curation.measure import language_engines as engines
from curation.measure.langdetect_profiles import load_profiles
from curation.measure.language import Language
from curation.operator import run_operator
from curation.schema import text_buffers
from tests.reference import language as reference

SENTENCES = {
    "en": "The miller opened the sluice at dawn and listened to the old wheel groaning in the cold water.",
    "de": "Der Müller öffnete am Morgen die Schleuse und lauschte dem alten Rad, das im kalten Wasser ächzte.",
    "fr": "Le meunier ouvrit la vanne à l'aube et écouta la vieille roue gémir dans l'eau froide.",
    "es": "El molinero abrió la compuerta al amanecer y escuchó la vieja rueda gemir en el agua fría.",
    "ru": "На рассвете мельник открыл шлюз и слушал, как старое колесо скрипит в холодной воде.",
    "uk": "На світанку мельник відкрив шлюз і слухав, як старе колесо скрипить у холодній воді.",
    "el": "Ο μυλωνάς άνοιξε το φράγμα την αυγή και άκουσε τον παλιό τροχό να τρίζει στο κρύο νερό.",
    "ar": "فتح الطحان البوابة عند الفجر واستمع إلى صوت العجلة القديمة وهي تئن في الماء البارد.",
    "hi": "चक्की वाले ने सुबह फाटक खोला और ठंडे पानी में पुराने पहिये की आवाज़ सुनी।",
    "ja": "粉屋は夜明けに水門を開けて、冷たい水の中で古い水車がきしむ音を聞いていた。",
    "ko": "방앗간 주인은 새벽에 수문을 열고 차가운 물속에서 낡은 바퀴가 삐걱거리는 소리를 들었다.",
    "zh-cn": "磨坊主在黎明时打开水闸，听着旧水车在冰冷的水中发出的声音，这让他们觉得很开心。",
    "zh-tw": "磨坊主在黎明時打開水閘，聽著舊水車在冰冷的水中發出的聲音，這讓他們覺得很開心。",
    "vi": "Người thợ xay mở cửa cống lúc bình minh và lắng nghe bánh xe cũ rên rỉ trong dòng nước lạnh.",
    "th": "คนโม่แป้งเปิดประตูน้ำตอนรุ่งสางและฟังเสียงกังหันเก่าดังเอี๊ยดในน้ำเย็น",
}
UGLY = [
    "",
    " ",
    "\0\0",
    "🦊🐻" * 30,
    "a\u0301\u0301e\u0302\u0300 ơ\u0323",
    "e\u0301" * 50,
    "\u0301" * 200,
    "HTTP://X ALL CAPS And Some",
    "see https://a.b/c?d=e&f#g%20h or http:// or https://x",
    "write to a.b-c@d-e.f.g@h or @i or j@k or " + "l" * 70 + "@mm",
    "m@nhttp://o.p q@http://r",
    "word[with]_brackets^and`ticks 中[文]字_中`文",
    "\u202eright to left \u200f שלום",
    "𝐀𝐁𝐂 𐐀𐐁 𠀀𠀁",
    "x" * 3000,
    "é" * 3000 + " " + "@" * 500,
]

word = st.one_of(
    st.sampled_from([part for sentence in SENTENCES.values() for part in sentence.split()] + UGLY[3:13]),
    st.text(st.characters(codec="utf-8"), max_size=6),
    st.text(st.sampled_from("aeêơuĂY\u0300\u0301\u0303\u0309\u0323 @.-_hH"), max_size=12),
    st.lists(st.sampled_from(["http", "s", "://", "h", "@", "a", "-", ".", "_", "%", "中", " "]), max_size=12).map(
        "".join
    ),
)
texts = st.one_of(
    st.lists(word, max_size=40).map(" ".join),
    st.lists(word, max_size=12).map("".join),
)


def batch(*documents: str | None) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict({"text": pa.array(documents, pa.large_string())})


def answers(operator: Language, *documents: str | None) -> list[dict[str, object]]:
    rows = run_operator(operator, batch(*documents)).to_pylist()
    return [{name.removeprefix("language."): value for name, value in row.items() if name != "text"} for row in rows]


def detected(text: str, require_script: bool, window: int = 60) -> dict[str, object]:
    data = np.frombuffer(text.encode(), np.uint8)
    found = kernel.Detected.empty(1)
    profiles = load_profiles()
    kernel.detect_languages(data, np.array([0, len(data)]), 1 << 40, window, require_script, profiles.tables, found)
    if found.language[0] < 0:
        return {"label": None, "confidence": 0.0, "second": None, "second_confidence": 0.0, "other_share": 0.0}
    return {
        "label": profiles.languages[found.language[0]],
        "confidence": found.confidence[0],
        "second": profiles.languages[found.second[0]],
        "second_confidence": found.second_confidence[0],
        "other_share": found.other_share[0],
    }


@pytest.mark.parametrize("text", [*SENTENCES.values(), *UGLY, " ".join(SENTENCES.values())])
def test_kernel_equals_its_twin_on_ordinary_and_ugly_text(text: str) -> None:
    assert detected(text, True) == pytest.approx(reference.detect(text, 60, True), abs=1e-12)


@settings(max_examples=300, deadline=None)
@given(texts, st.booleans())
def test_kernel_equals_its_twin_on_any_text(text: str, require_script: bool) -> None:
    expected = reference.detect(text, 60, require_script)
    assert detected(text, require_script) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("language", SENTENCES)
def test_names_the_language_of_a_sentence(language: str) -> None:
    [answer] = answers(Language(), SENTENCES[language])
    assert (answer["label"], answer["status"]) == (language, "ok")
    assert answer["confidence"] > 0.9


def test_null_and_empty_text_have_no_letters_and_no_confidence() -> None:
    for answer in answers(Language(), None, "", "1234 !?", "🦊"):
        assert answer == {
            "label": None,
            "confidence": 0.0,
            "second": None,
            "second_confidence": 0.0,
            "script": None,
            "status": "no_letters",
        }


@pytest.mark.parametrize(
    ("text", "status"),
    [("Hello world", "too_short"), ("ሰላም ለዓለም ሁሉ ዛሬ ጠዋት ነው እኛም እንላለን", "unknown"), (SENTENCES["en"], "ok")],
)
def test_status_says_what_the_label_is_worth(text: str, status: str) -> None:
    assert answers(Language(), text)[0]["status"] == status


def test_a_text_of_two_languages_is_mixed() -> None:
    [answer] = answers(Language(), " ".join([SENTENCES["en"]] * 12 + [SENTENCES["fr"]] * 8))
    assert (answer["label"], answer["second"], answer["status"]) == ("en", "fr", "mixed")
    assert answer["confidence"] == pytest.approx(0.6, abs=0.1)


def test_a_text_of_two_scripts_is_mixed() -> None:
    [answer] = answers(Language(), SENTENCES["ru"] + " " + SENTENCES["en"])
    assert (answer["script"], answer["status"]) in {("Cyrl", "mixed"), ("Latn", "mixed")}


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Straße", "Latn"),
        ("вода", "Cyrl"),
        ("漢字", "Hani"),
        ("漢字かな", "Jpan"),
        ("漢" * 20 + "の", "Hani"),
        ("漢" * 5 + "の", "Jpan"),
        ("물", "Hang"),
        ("ＦＵＬＬ", "Latn"),
    ],
)
def test_names_the_script_of_most_letters(text: str, script: str) -> None:
    assert answers(Language(), text)[0]["script"] == script


def test_batching_does_not_change_an_answer() -> None:
    documents = [*SENTENCES.values(), *UGLY, None, " ".join(SENTENCES.values()) * 20]
    operator = Language(max_bytes=2048)
    assert answers(operator, *documents) == [answers(operator, document)[0] for document in documents]
    whole = batch(*documents)
    assert run_operator(operator, whole.slice(5, 9)).to_pylist() == run_operator(operator, whole).to_pylist()[5:14]


def test_an_empty_batch_gives_no_rows() -> None:
    assert answers(Language()) == []


def test_a_long_text_is_read_in_spans_from_begin_to_end() -> None:
    text = SENTENCES["en"] * 300 + SENTENCES["de"] * 300
    [answer] = answers(Language(max_bytes=16_384), text)
    assert {answer["label"], answer["second"]} == {"en", "de"}
    assert answer["confidence"] == pytest.approx(0.5, abs=0.1)


@njit
def spans(data, classes, composed, symbols):  # type: ignore[no-untyped-def]
    return read_spans(data, 0, len(data), 1000, classes, composed, symbols)


@pytest.mark.parametrize("character", ["é", "ह", "🦊"])
def test_spans_do_not_cut_characters(character: str) -> None:
    tables = load_profiles().tables
    symbols = np.zeros(4096, np.uint32)
    for shift in range(4):
        data = np.frombuffer(("a" * shift + character * 1000).encode(), np.uint8)
        count = spans(data, tables.classes, tables.composed, symbols)
        allowed = tables.classes[[ord(letter) for letter in " a" + character]]
        assert count > 250
        assert set(symbols[:count]) <= set(allowed)


def test_require_script_keeps_chinese_from_being_called_korean() -> None:
    text = "保持在同一目錄 處理檔案 資料庫 全部重新建立"
    assert answers(Language(require_script=False), text)[0]["label"] == "ko"
    assert answers(Language(), text)[0]["label"] == "zh-tw"


def exactly(text: str) -> tuple[str | None, list[tuple[str, float]]]:
    data, offsets = text_buffers(pa.array([text], pa.large_string()))
    languages, [row] = engines.langdetect_probabilities(data, offsets)
    order = np.argsort(-row, kind="stable")
    label = engines.replay(data, offsets).label[0].as_py()
    return label, [(languages[number], row[number]) for number in order if row[number] > 0.1]


@pytest.mark.parametrize("text", [*SENTENCES.values(), *UGLY, " ".join(SENTENCES.values())])
def test_exact_engine_equals_langdetect_to_the_last_bit(text: str) -> None:
    assert exactly(text) == reference.draw(text)


@settings(max_examples=200)
@given(texts)
def test_exact_engine_equals_langdetect_on_any_text(text: str) -> None:
    assert exactly(text) == reference.draw(text)


@pytest.mark.parametrize(
    "text",
    [
        "a" * 9_990 + " m@example.org " + "b" * 500,
        "z" * 9_950 + "q" * 49 + "@" + "ex.com def",
        "x@yy " * 3_000,
        "a" * 9_999 + "a\u0301",
        SENTENCES["de"] * 150 + SENTENCES["ru"] * 150,
    ],
)
def test_exact_engine_ends_where_langdetect_does(text: str) -> None:
    assert exactly(text) == reference.draw(text)


def test_exact_engine_can_be_chosen_and_adds_the_same_columns() -> None:
    documents = [SENTENCES["en"], "", SENTENCES["ja"]]
    rows = answers(Language(engine="langdetect-exact"), *documents)
    assert [row["label"] for row in rows] == ["en", None, "ja"]
    assert [row["confidence"] for row in rows[:2]] == [dict(reference.draw(SENTENCES["en"])[1])["en"], 0.0]
    assert [row["status"] for row in rows] == ["ok", "no_letters", "ok"]


def test_exact_engine_names_the_runner_up() -> None:
    text = SENTENCES["de"] + SENTENCES["en"]
    _, [(label, confidence), (second, second_confidence)] = reference.draw(text)
    [answer] = answers(Language(engine="langdetect-exact"), text)
    assert (answer["label"], answer["confidence"]) == (label, confidence)
    assert (answer["second"], answer["second_confidence"]) == (second, second_confidence)


def test_the_random_stream_is_long_enough_for_any_text() -> None:
    # Words whose top bit is 0 are taken whatever the number of n-grams; each trial draws at most 1001 of them.
    words = engines._stream().words[16:]
    assert np.count_nonzero(words < 1 << 31) > replay.TRIALS * (replay.MAX_DRAWS + 1)
    assert replay.MAX_CHARS * 3 < 1 << 31


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_sums_are_those_of_this_python(values: list[float]) -> None:
    compensated = sys.version_info >= (3, 12)
    assert replay._sum(np.array(values), compensated) == sum(values)
    assert replay._sum(np.array(values), True) == pytest.approx(math.fsum(values), rel=1e-15)


def test_py3langid_knows_languages_that_langdetect_lacks() -> None:
    pytest.importorskip("py3langid")
    georgian = "მეწისქვილემ გამთენიისას კარიბჭე გააღო და ძველი ბორბლის ხმას მოუსმინა."
    [answer, nothing] = answers(Language(engine="py3langid"), georgian, "...")
    assert (answer["label"], answer["script"], answer["status"]) == ("ka", "Geor", "ok")
    assert (nothing["label"], nothing["confidence"], nothing["status"]) == (None, 0.0, "no_letters")


def test_a_missing_py3langid_is_an_error_that_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    engines.load_py3langid.cache_clear()
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    with pytest.raises(ResourceError, match="pip install py3langid"):
        Language(engine="py3langid").open()


def test_the_profiles_are_part_of_the_fingerprint() -> None:
    assert len(Language().resources()) >= 55


def test_survives_pickling() -> None:
    operator = Language(window_chars=100)
    assert pickle.loads(pickle.dumps(operator)) == operator
