"""Effects in words and digits, the same all over the report."""

from __future__ import annotations

from markupsafe import Markup

from training.ablation.guards import Light
from training.ablation.statistics.analysis import Contrast, Verdict
from training.ablation.statistics.compute_equivalent import FARTHEST, ComputeGain

__all__ = ["KIND", "SIGN", "UNIT", "compute_short", "compute_words", "how", "lights_list"]

KIND = {"helps": "helps", "hurts": "hurts", "not resolved": "open"}
SIGN: dict[Verdict, str] = {"helps": "▲", "hurts": "▼", "not resolved": "◇"}
UNIT = {"bpb": "bits per byte"}
_LAMP = {"green": "●", "amber": "▲", "red": "■"}
_WORD = {"green": "holds", "amber": "mind", "red": "refused"}


def compute_short(gain: ComputeGain | None) -> str:
    """Tokens more or less, in per cent; marked where it lies beyond the curve."""
    if gain is None:
        return "–"
    limit = gain.factor.value >= FARTHEST * 0.999 or gain.factor.value <= 1.001 / FARTHEST
    sign = ("≥" if gain.factor.value > 1 else "≤") if limit else ("~" if gain.beyond else "")
    return f"{sign}{100 * (gain.factor.value - 1):+.0f} %".replace("-", "−")


def compute_words(contrast: Contrast) -> str:
    """What the effect is worth to someone who pays for tokens."""
    gain = contrast.compute
    if gain is None:
        return ""
    share = 100 * abs(gain.factor.value - 1)
    about = "at least " if gain.factor.value >= FARTHEST * 0.999 or gain.factor.value <= 1.001 / FARTHEST else "about "
    return (
        f"as if {contrast.against} had read {about}{share:.0f} % {'more' if gain.factor.value > 1 else 'fewer'} tokens"
    )


def how(text: str) -> Markup:
    """One sentence on how to read a section."""
    return Markup('<p class="how"><b>How to read it.</b> {}</p>').format(text)


def lights_list(lights: tuple[Light, ...]) -> Markup:
    items = Markup("").join(
        Markup('<li><span class="lamp {}" aria-hidden="true">{}</span> <b>{}</b> <i>{}</i> {}</li>').format(
            light.state, _LAMP[light.state], light.guard, _WORD[light.state], light.text
        )
        for light in lights
    )
    return Markup('<ul class="lights">{}</ul>').format(items)
