"""Texts made up to show one difference each; `benchmarks.agreement` prints what both sides say to them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["EXAMPLES", "Example"]


@dataclass(frozen=True)
class Example:
    peer: str
    rules: str
    text: str
    why: str


_LINKS = " ".join(f"Look at [the {name}]({name}.md) of the mill." for name in ("mill", "wheel", "stone", "sluice"))

EXAMPLES: tuple[Example, ...] = (
    Example(
        "datatrove",
        "gopher_quality",
        "The miller keeps a page for each part of the mill, and we have put all of them in a list that is to be read "
        f"with the plans of the house. {_LINKS}",
        "Tokens differ: spaCy leaves what is glued by brackets together, so a link is few tokens with letters in them; "
        "ours are Unicode words and single marks, as NLTK cuts them, so the share of tokens with a letter is lower.",
    ),
    Example(
        "datatrove",
        "gopher_repetition",
        "磨坊主每天清晨打开水闸。水推动木轮，木轮带动石磨。农夫把麦子倒进漏斗，面粉落进袋子里。傍晚他关上水闸。"
        "然后大家回家吃饭。这就是磨坊的一天. 明天还是这样.",
        "Words of a script without spaces: their English tokenizer takes the whole run between two marks for one word, "
        "so two of them are a large share of the text; ours takes each character for a word.",
    ),
    Example(
        "datatrove",
        "c4",
        "磨坊主 每天清晨 打开 水闸。水推动木轮，木轮带动石磨。农夫把麦子倒进漏斗，面粉落进袋子里。傍晚 他 关上 水闸.\n"
        "明天 我们 再 去看。水声 很大。面粉 很白. 我们 都 很 高兴.",
        "Ends of sentences: ours are those of Unicode, 。 among them; spaCy's English rules do not know it.",
    ),
)
