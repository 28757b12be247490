"""Rates of what must not be written, on text where the answer is known."""

from __future__ import annotations

from pipelines.ablation.hygiene import hygiene

ENGLISH = "The mill stands by the river and grinds the wheat that farmers bring down from the hills every autumn."
GERMAN = "Die Mühle steht am Fluss und mahlt den Weizen, den die Bauern jeden Herbst von den Hügeln herunterbringen."


def test_clean_continuations_have_no_rate() -> None:
    assert set(hygiene([ENGLISH] * 2, [ENGLISH] * 2).values()) == {0.0}


def test_each_fault_raises_its_own_rate() -> None:
    found = hygiene(
        [ENGLISH] * 4,
        [GERMAN, f"{ENGLISH} Write to anna@example.org.", f"<p>{ENGLISH}</p> &amp;", "The cafÃ© is Ã©lÃ©gant."],
    )
    assert found["language_drift"] >= 0.25
    assert found["personal_data_rate"] > 0
    assert found["markup_rate"] == found["mojibake_rate"] == 0.25


def test_nothing_written_has_no_rate() -> None:
    assert set(hygiene([ENGLISH], [""]).values()) == {0.0}
