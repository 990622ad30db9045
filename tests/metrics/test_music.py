from __future__ import annotations

import pytest

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.music import music_transcription


def item(got, truth, name: str = "a") -> ItemResult:
    notes = None if got is None else {"notes": [[pitch, 0.0, 1.0, 0.9] for pitch in got]}
    return ItemResult(name, notes, {"notes": truth})


def measured(*items: ItemResult):
    return {metric.name: metric for metric in music_transcription(items)}


def test_counts_pitches_over_all_items() -> None:
    metrics = measured(item([60, 64], [60, 64, 67]), item([69, 81], [69]), item([], []))
    assert metrics["note_precision"].value == 3 / 4
    assert metrics["note_recall"].value == 3 / 4
    assert metrics["note_f1"].value == 2 * 3 / 8
    assert (metrics["note_precision"].n, metrics["note_recall"].n) == (4, 4)
    assert metrics["exact_match"].value == pytest.approx(1 / 3)
    assert metrics["note_f1"].lo < 0.75 <= metrics["note_f1"].hi


def test_a_pitch_counts_once_however_often_it_is_heard() -> None:
    assert measured(item([60, 60], [60]))["note_precision"].value == 1


def test_a_failed_item_has_heard_nothing() -> None:
    metrics = measured(item(None, [60]), item(None, []), item([60], [60]))
    assert metrics["note_recall"].value == 0.5
    assert metrics["exact_match"].value == pytest.approx(1 / 3)


def test_silence_alone_has_no_rates() -> None:
    assert list(measured(item([], []))) == ["exact_match"]
    assert list(measured(item([60], []))) == ["note_f1", "note_precision", "exact_match"]


@pytest.mark.parametrize(
    ("prediction", "target", "what"),
    [
        ({"notes": [60]}, {"notes": [60]}, "the notes of the prediction are not a list of notes"),
        ({"notes": []}, {"notes": ["C4"]}, "the notes of the target are not MIDI numbers"),
        ({"pitches": []}, {"notes": []}, "the prediction has no field 'notes'"),
    ],
)
def test_refuses_malformed_items(prediction, target, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        music_transcription([ItemResult("a", prediction, target)])
    assert (refusal.value.what, refusal.value.where) == (what, "item a")
