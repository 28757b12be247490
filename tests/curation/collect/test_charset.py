from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.collect.charset import decode

RUSSIAN = (
    "В начале июля, в чрезвычайно жаркое время, под вечер, один молодой человек вышел из своей каморки, которую "
    "нанимал от жильцов в переулке, на улицу и медленно, как бы в нерешимости, отправился к мосту. Он благополучно "
    "избегнул встречи с своею хозяйкой на лестнице."
)
JAPANESE = "老人は朝早く海へ船を出し、夕方にはたくさんの魚を持って、家族の住む村へ帰ってきた。"
TEXTS = {
    "cp1251": RUSSIAN,
    "koi8-r": RUSSIAN,
    "cp1252": "Grüße aus Köln: Der Bär läuft über die Straße, während die Mädchen süße Äpfel essen. Das kostet fünf €.",
    "iso8859-2": "Zażółć gęślą jaźń. Książę ćwiczył łucznictwo, a księżniczka piła źródlaną wodę przed domem.",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy. Šest žen šlo přes pole k městu, kde ležel čerstvý sníh a led.",
    "iso8859-7": "Ο γέρος ψαράς έβγαλε τη βάρκα του στη θάλασσα νωρίς το πρωί και γύρισε το βράδυ με πολλά ψάρια.",
    "cp1255": "הזקן יצא אל הים מוקדם בבוקר עם הסירה הקטנה שלו וחזר בערב עם הרבה דגים אל הכפר שבו גרה המשפחה שלו.",
    "cp1256": "خرج الصياد العجوز إلى البحر في الصباح الباكر وعاد في المساء مع كثير من السمك إلى القرية.",
    "tis-620": "ชายชราออกเรือไปทะเลแต่เช้าตรู่และกลับมาในตอนเย็นพร้อมปลามากมายไปยังหมู่บ้านที่ครอบครัวของเขาอาศัยอยู่",
    "cp932": JAPANESE,
    "euc_jp": JAPANESE,
    "gb18030": "老人清晨就驾着小船出海，傍晚带着许多鱼回到他家人居住的村庄。那是非常安静的一天，海面上没有一丝风。",
    "big5": "老人清晨就駕著小船出海，傍晚帶著許多魚回到他家人居住的村莊。那是非常安靜的一天，海面上沒有一絲風。",
    "cp949": "노인은 아침 일찍 바다로 배를 몰고 나가 저녁에 많은 물고기를 가지고 가족이 사는 마을로 돌아왔다.",
}


@pytest.mark.parametrize("charset", TEXTS)
def test_recovers_legacy_text_without_a_label(charset: str) -> None:
    assert decode((TEXTS[charset] * 3).encode(charset)).text == TEXTS[charset] * 3


@pytest.mark.parametrize("charset", TEXTS)
def test_believes_a_true_label(charset: str) -> None:
    page = f'<meta charset="{charset}"><p>{TEXTS[charset][:20]}'
    found = decode(page.encode(charset))
    assert (found.text, found.source) == (page, "meta")


def test_simplified_chinese_among_much_english_is_not_big5() -> None:
    text = "# zm\n\n> 一个管理报纸和博客文章的工具。\n> 更多信息：<https://fox.example/zm>。\n\n- 创建一个新的草稿：\n"
    found = decode(text.encode("gb18030"))
    assert (found.text, found.charset) == (text, "gb18030")
    assert decode(TEXTS["big5"].encode("big5")).charset == "big5hkscs"


def test_ukrainian_in_koi8_is_not_read_as_boxes() -> None:
    text = "Старий рибалка вийшов у море рано вранці й повернувся ввечері; її сім'я чекає на ґанку, де його їжа. " * 3
    assert decode(text.encode("koi8-u")).text == text
    assert decode((RUSSIAN * 3).encode("koi8-r")).charset == "koi8-r"


def test_utf8_beats_every_label() -> None:
    assert decode("naïve café".encode(), "iso-8859-1").source == "utf-8"


def test_the_byte_order_mark_beats_all() -> None:
    found = decode("grün".encode("utf-16"), "utf-8")
    assert (found.text, found.source) == ("grün", "bom")


def test_the_header_beats_the_meta_tag() -> None:
    assert decode(b'<meta charset="koi8-r">\xe9', "cp1252").text.endswith("é")


def test_latin1_means_windows() -> None:
    assert decode(b"\x93quoted\x94", "iso-8859-1").text == "“quoted”"


def test_a_label_that_gives_control_characters_is_a_lie() -> None:
    text = TEXTS["cp1250"] * 3
    assert decode(text.encode("cp1250"), "iso-8859-2").text == text


def test_utf8_cut_in_the_middle_stays_utf8() -> None:
    found = decode(("ü" * 200).encode()[:-1], "utf-8")
    assert (found.charset, found.replaced) == ("utf-8", 1)


@pytest.mark.parametrize("label", ["rot13", "zip", "utf-7", "hex", "unicode_escape", "punycode", "x" * 50, "\0", ""])
def test_no_label_runs_a_codec_that_is_no_charset(label: str) -> None:
    assert decode(b"\xff+ADw-b", label).source in ("detected", "fallback")


@given(st.binary(max_size=300), st.sampled_from(["", "utf-8", "utf-16", "shift_jis", "iso-2022-jp"]))
def test_any_bytes_give_text_that_utf8_can_hold(content: bytes, label: str) -> None:
    text = decode(content, label).text
    assert text.encode().decode() == text
