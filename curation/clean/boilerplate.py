"""Lines that belong to a website and not to its text: menus, notices, calls to subscribe or share, counters.

Three rules, each for a whole line of at most `max_line_chars` characters, as stated in NAVIGATION, NOTICES, COUNTER.
All patterns are bounded and written in the syntax that Python and RE2 share: RE2 picks the documents that hold one at
all, over the Arrow buffer, and only their lines are looked at one by one.
"""

from __future__ import annotations

import re
from functools import cache
from typing import ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from curation.clean.edits import Edit, edit_columns, rewrite
from curation.clean.line_spans import line_spans, without_lines
from curation.operator import Contract, Operator

__all__ = ["MAX_LINE_CHARS", "Kind", "RemoveBoilerplate", "boilerplate_kind", "may_hold_boilerplate"]

Kind = Literal["navigation", "notice", "counter"]

MAX_LINE_CHARS = 300

# A menu: at least three entries between separators, of at most 30 characters each, at least half of them known.
SEPARATOR = r" ?[|·•»›] ?"
NAVIGATION = frozenset(
    """
    home|home page|about|about us|contact|contact us|advertise|privacy|privacy policy|terms|terms of service|
    terms of use|terms and conditions|sitemap|site map|login|log in|sign in|sign up|register|search|help|faq|news|
    blog|jobs|careers|shop|cart|my account|subscribe|newsletter|imprint|archive|menu|next|previous|back to top|
    startseite|impressum|datenschutz|kontakt|über uns|agb|newsletter abonnieren|anmelden|suche|hilfe|
    accueil|mentions légales|nous contacter|plan du site|s'abonner à la lettre d'information|à propos|connexion|aide|
    inicio|contacto|aviso legal|política de privacidad|acerca de|quiénes somos|mapa del sitio|ayuda|
    início|contato|sobre|política de privacidade|termos de uso|mapa do site|
    home page|chi siamo|contatti|privacy e cookie|mappa del sito|over ons|contact opnemen|voorwaarden|
    главная|о нас|контакты|карта сайта|политика конфиденциальности|реклама|помощь|
    首页|关于我们|联系我们|联系方式|广告服务|隐私政策|网站地图|登录|注册|帮助|首頁|關於我們|聯絡我們|隱私政策|網站地圖|
    ホーム|会社概要|お問い合わせ|プライバシーポリシー|利用規約|サイトマップ
    """.replace("\n", "")
    .replace("    ", "")
    .split("|")
)

NOTICES = (
    r"(?:we|site|website|page) uses? (?:of )?cookies",
    r"(?:agree to|accept) (?:our|the) use of cookies",
    r"website verwendet cookies",
    r"verwendung von cookies zu",
    r"acceptez l['’]utilisation d[e’']s? ?cookies",
    r"utiliza(?:mos)? cookies",
    r"questo sito utilizza i? ?cookie",
    r"deze website gebruikt cookies",
    r"(?:сайт|мы) использу(?:ет|ем) (?:файлы )?cookie",
    r"^\W{0,9}(?:copyright|©|\(c\)).{0,80}(?:[0-9]{4}|reserved)",
    r"all rights reserved",
    r"alle rechte vorbehalten",
    r"tous droits réservés",
    r"todos los derechos reservados",
    r"todos os direitos reservados",
    r"tutti i diritti riservati",
    r"все права защищены",
    r"版权所有",
    r"版權所有",
    r"未经授权不得转载",
    r"無断(?:転載|複製).{0,12}禁じ",
    r"(?:sign up|subscribe|register) (?:for|to) (?:our|the) .{0,40}newsletter",
    r"newsletter abonnieren",
    r"s['’]abonner à (?:la|notre) .{0,20}(?:newsletter|lettre d['’]information)",
    r"关注我们的.{0,6}公众号",
    r"免费注册成为会员",
    r"^\W{0,9}(?:share|teilen|partager|compartir) (?:this|on|via|sur|en|auf)\b.{0,40}(?:facebook|twitter)",
    r"^\W{0,9}share this (?:article|story|page|post)\b",
    r"free articles this month",
    r"subscribe now for (?:unlimited|full) access",
    r"^\W{0,9}this page was last (?:updated|modified|edited) on",
    r"^\W{0,9}(?:related|more|recommended|popular) (?:stories|articles|posts)\s{0,3}:",
    r"^\W{0,9}(?:skip to (?:main )?content|back to top|leave a (?:comment|reply)|continue reading|read more)\W{0,9}$",
)
_COUNTED = r"[0-9] ?[km]? {1,3}(?:likes?|shares?|comments?|views?|retweets?|followers|upvotes)"
COUNTER = rf"^\W{{0,9}}[0-9.,]{{0,11}}{_COUNTED}\W{{0,9}}$"

_NOTICE = re.compile("|".join(NOTICES), re.IGNORECASE)
_COUNTER = re.compile(COUNTER, re.IGNORECASE)
_SEPARATOR = re.compile(SEPARATOR)
# Anchors and classes such as `\W` read differently in RE2, and counted repeats make its automaton large, so the sieve
# leaves the former out and widens the latter: it lets through all that the rules find, and some more.
_EDGES = re.compile(r"\^\\W\{0,9\}|\\W\{0,9\}\$|\\b|\\s\{0,3\}:")
_WIDENED = re.compile(r"\.\{0,\d+\}")
_SIEVE = "(?i)" + _WIDENED.sub(".*", "|".join([*(_EDGES.sub("", n) for n in NOTICES), "[|·•»›].*[|·•»›]", _COUNTED]))


class RemoveBoilerplate(Operator):
    """Takes out menus, notices and counters, and counts the lines of each kind.

    A line that holds one of `phrases` (letter case ignored, ordinary text, no pattern) counts as a notice, too.
    """

    contract: ClassVar[Contract] = Contract(
        "remove_boilerplate",
        1,
        "rewrite",
        adds={
            **edit_columns("remove_boilerplate"),
            "remove_boilerplate.navigation_lines": pa.int64(),
            "remove_boilerplate.notice_lines": pa.int64(),
            "remove_boilerplate.counter_lines": pa.int64(),
        },
    )

    navigation: bool = True
    notices: bool = True
    counters: bool = True
    phrases: tuple[str, ...] = Field(default=(), strict=False)
    max_line_chars: int = Field(default=MAX_LINE_CHARS, ge=1)

    def apply(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        column = batch.column("text")
        counts = {kind: np.zeros(batch.num_rows, np.int64) for kind in ("navigation", "notice", "counter")}

        def find(row: int, text: str) -> list[Edit]:
            spans, dropped = line_spans(text), []
            for number, (start, end) in enumerate(spans):
                kind = self._kind(text[start:end])
                if kind is not None:
                    counts[kind][row] += 1
                    dropped.append(number)
            return without_lines(spans, dropped)

        rows = np.flatnonzero(may_hold_boilerplate(column, self.phrases))
        answer = rewrite(self.contract.name, column, rows, find)
        answer |= {f"remove_boilerplate.{kind}_lines": pa.array(count) for kind, count in counts.items()}
        return pa.RecordBatch.from_pydict(answer)

    def _kind(self, line: str) -> Kind | None:
        wanted = {"navigation": self.navigation, "notice": self.notices, "counter": self.counters}
        kind = boilerplate_kind(line, self.phrases, self.max_line_chars)
        return kind if kind is not None and wanted[kind] else None


def boilerplate_kind(line: str, phrases: tuple[str, ...] = (), max_line_chars: int = MAX_LINE_CHARS) -> Kind | None:
    """Which rule a line falls under, the first of navigation, counter, notice; None for text."""
    line = line.strip()
    if not line or len(line) > max_line_chars:
        return None
    if _is_navigation(line):
        return "navigation"
    if _COUNTER.search(line):
        return "counter"
    return "notice" if _NOTICE.search(line) or (phrases and _own(phrases).search(line)) else None


def may_hold_boilerplate(column: pa.Array, phrases: tuple[str, ...] = ()) -> npt.NDArray[np.bool_]:
    """Documents that may have such a line; one that has is never missed."""
    found = pc.match_substring_regex(column, _SIEVE)
    for phrase in phrases:
        found = pc.or_(found, pc.match_substring(column, phrase, ignore_case=True))
    return np.asarray(found.fill_null(False).to_numpy(zero_copy_only=False), np.bool_)


def _is_navigation(line: str) -> bool:
    entries = [entry.strip() for entry in _SEPARATOR.split(line)]
    entries = [entry for entry in entries if entry]
    if len(entries) < 3 or any(len(entry) > 40 for entry in entries):
        return False
    return 2 * sum(entry.lower() in NAVIGATION for entry in entries) >= len(entries)


@cache
def _own(phrases: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(phrase) for phrase in phrases), re.IGNORECASE)
