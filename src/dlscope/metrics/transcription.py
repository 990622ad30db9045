"""Recognised text against what was said or written.

prediction  {"text": text}
target      {"text": text}

Texts are compared as they stand: case and punctuation count, only runs of white space are one.
A failed item has recognised nothing: all it should have told is deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.edit_distance import Edits, edits
from dlscope.metrics.estimate import exact, ratio, share
from dlscope.metrics.reading import prediction_field, target_field, text


def speech_recognition(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`wer`, its `substitutions`, `deletions` and `insertions`, and `cer`.

        WER = (S + D + I) / N        summed over all items before dividing; may exceed 1

    N is the number of words in the references (the `n` of these metrics), of characters for `cer`.
    Left out when there are none. The intervals of the rates resample items.
    """
    words = [edits(truth.split(), got.split()) for truth, got in _pairs(items)]
    return (*_rates("wer", words), *_kinds(words), *_character_error_rate(items))


def text_recognition(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`exact_match`, the share of items read without an error, and `cer` over all characters.

    A failed item is no exact match, even of an empty text.
    """
    pairs = zip(items, _pairs(items), strict=True)
    right = sum(item.prediction is not None and truth == got for item, (truth, got) in pairs)
    return (share("exact_match", right, len(items)), *_character_error_rate(items))


def _character_error_rate(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    return _rates("cer", [edits(truth, got) for truth, got in _pairs(items)])


def _rates(name: str, counted: Sequence[Edits]) -> tuple[Metric, ...]:
    lengths = [each.length for each in counted]
    return (ratio(name, [each.errors for each in counted], lengths),) if any(lengths) else ()


def _kinds(counted: Sequence[Edits]) -> tuple[Metric, ...]:
    n = sum(each.length for each in counted)
    if not n:
        return ()
    return (
        exact("substitutions", sum(each.substitutions for each in counted), n),
        exact("deletions", sum(each.deletions for each in counted), n),
        exact("insertions", sum(each.insertions for each in counted), n),
    )


def _pairs(items: Sequence[ItemResult]) -> list[tuple[str, str]]:
    """Reference and hypothesis of each item, white space made even."""
    return [(_even(item, "target"), _even(item, "prediction")) for item in items]


def _even(item: ItemResult, side: str) -> str:
    value = target_field(item, "text") if side == "target" else prediction_field(item, "text")
    if value is None and side == "prediction" and item.prediction is None:
        return ""
    return " ".join(text(item, value, f"the text of the {side}").split())
