"""Notes heard in a sound against those that were played.

prediction  {"notes": [[pitch, begin, end, strength], …]}
target      {"notes": [pitch, …]}

A pitch is a MIDI number; when and how often it sounds within the item does not count.
"""

from __future__ import annotations

from collections.abc import Sequence

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import ratio, share
from dlscope.metrics.reading import malformed, prediction_field, target_field


def music_transcription(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`note_f1`, `note_precision`, `note_recall`, and `exact_match`, the share of right items.

        precision = right / heard    recall = right / played    F1 = 2 · right / (heard + played)

    over the pitches of all items. Left out where there is nothing to divide by. A failed item has
    heard nothing, and is no match even of silence. Intervals resample items.
    """
    played = [_played(item) for item in items]
    heard = [_heard(item) for item in items]
    right = [len(truth & got) for truth, got in zip(played, heard, strict=True)]
    n_played, n_heard = [len(each) for each in played], [len(each) for each in heard]
    both = [a + b for a, b in zip(n_played, n_heard, strict=True)]
    matches = sum(
        item.prediction is not None and truth == got
        for item, truth, got in zip(items, played, heard, strict=True)
    )
    return (
        *_ratio("note_f1", [2 * count for count in right], both),
        *_ratio("note_precision", right, n_heard),
        *_ratio("note_recall", right, n_played),
        share("exact_match", matches, len(items)),
    )


def _ratio(name: str, parts: Sequence[int], wholes: Sequence[int]) -> tuple[Metric, ...]:
    return (ratio(name, parts, wholes),) if any(wholes) else ()


def _played(item: ItemResult) -> frozenset[int]:
    notes = target_field(item, "notes")
    if not isinstance(notes, list) or not all(isinstance(note, int) for note in notes):
        raise malformed(item, "the notes of the target are not MIDI numbers")
    return frozenset(notes)


def _heard(item: ItemResult) -> frozenset[int]:
    notes = prediction_field(item, "notes")
    if notes is None:
        return frozenset()
    try:
        return frozenset(int(pitch) for pitch, *_ in notes)
    except (TypeError, ValueError):
        raise malformed(item, "the notes of the prediction are not a list of notes") from None
