from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import ManifestError
from dlscope.data.played_notes import PlayedNotes
from dlscope.pipelines.sound import read_wav


def heard(**item) -> tuple[np.ndarray, int]:
    samples, rate_hz = read_wav(PlayedNotes(None, {"items": [{"id": "a", **item}]})[0].input)
    return samples[:, 0], rate_hz


def peaks_hz(samples: np.ndarray, rate_hz: int, count: int) -> list[float]:
    strength = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    is_peak = (strength[1:-1] > strength[:-2]) & (strength[1:-1] > strength[2:])
    places = np.flatnonzero(is_peak) + 1
    best = places[np.argsort(-strength[places])[:count]]
    return sorted(float(place * rate_hz / len(samples)) for place in best)


def test_a_note_is_a_tone_of_its_pitch() -> None:
    samples, rate_hz = heard(notes=[69])
    assert rate_hz == 22050
    assert len(samples) == round(1.9 * 22050)
    assert peaks_hz(samples, rate_hz, 1) == pytest.approx([440.0], abs=0.6)
    assert np.abs(samples).max() == pytest.approx(0.5, abs=1e-3)


def test_notes_sound_together() -> None:
    samples, rate_hz = heard(notes=[60, 69])
    assert peaks_hz(samples, rate_hz, 2) == pytest.approx([261.63, 440.0], abs=0.6)


def test_harmonics_are_weaker_the_higher_they_are() -> None:
    samples, rate_hz = heard(notes=[57], harmonics=3)
    strength = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    places = [round(hz * len(samples) / rate_hz) for hz in (220, 440, 660)]
    first, second, third = (strength[place - 2 : place + 3].max() for place in places)
    assert first / second == pytest.approx(2, rel=0.1)
    assert first / third == pytest.approx(3, rel=0.1)


def test_what_the_rate_cannot_carry_is_left_out() -> None:
    bare, rich = heard(notes=[127])[0], heard(notes=[127], harmonics=4)[0]
    np.testing.assert_array_equal(bare, rich)


def test_without_notes_it_is_silent() -> None:
    samples, _ = heard(notes=[])
    assert not samples.any()


def test_grows_and_fades() -> None:
    samples, rate_hz = heard(notes=[100])
    edge = round(0.001 * rate_hz)
    assert np.abs(samples[:edge]).max() < 0.03
    assert np.abs(samples[-edge:]).max() < 0.03


def test_the_target_has_the_notes_in_order() -> None:
    options = {"items": [{"id": "a", "notes": [67, 60]}, {"id": "b"}]}
    assert [item.target for item in PlayedNotes(None, options)] == [
        {"notes": [60, 67]},
        {"notes": []},
    ]


@pytest.mark.parametrize(
    ("options", "place", "what", "fix"),
    [
        ({"itmes": []}, "itmes", "unknown option 'itmes'", "did you mean items?"),
        (
            {"seconds": 0},
            "seconds",
            "seconds is 0, not a number above 0",
            "write seconds: 1.9",
        ),
        (
            {"rate_hz": True},
            "rate_hz",
            "rate_hz is True, not a number above 0",
            "write rate_hz: 22050",
        ),
        ({}, "items", "there are no items", "write items: [{id: a4, notes: [69]}]"),
        (
            {"items": [{"notes": [1]}]},
            "items[0]",
            "an item needs an id",
            "write {id: a4, notes: [69]}",
        ),
        (
            {"items": [{"id": "a", "note": [1]}]},
            "items[0].note",
            "unknown field 'note'",
            "did you mean notes?",
        ),
        (
            {"items": [{"id": "a", "notes": [128]}]},
            "items[0].notes",
            "notes are [128], not MIDI numbers from 0 to 127",
            "write a list such as [60, 64, 67]",
        ),
        (
            {"items": [{"id": "a", "harmonics": 0}]},
            "items[0].harmonics",
            "harmonics is 0, not a whole number from 1 to 64",
            "write harmonics: 1 for a pure tone",
        ),
    ],
)
def test_refuses_options_that_say_nothing(options, place: str, what: str, fix: str) -> None:
    with pytest.raises(ManifestError) as refusal:
        PlayedNotes(None, options)
    assert (refusal.value.what, refusal.value.fix) == (what, fix)
    assert refusal.value.where == f"reader played_notes, options.{place}"
