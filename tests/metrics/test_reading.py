from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.reading import numbers, prediction_field, target_field, text

ITEM = ItemResult("a", {"text": "b"}, {"label": 3})
FAILED = ItemResult("a", None, {"label": 3}, "broken")


def test_reads_fields() -> None:
    assert target_field(ITEM, "label") == 3
    assert prediction_field(ITEM, "text") == "b"
    assert prediction_field(FAILED, "text") is None
    assert text(ITEM, "b", "the text") == "b"
    assert np.array_equal(numbers(ITEM, [[1, 2]], "the box"), [[1.0, 2.0]])


@pytest.mark.parametrize(
    ("read", "what"),
    [
        (lambda: target_field(ITEM, "mask"), "the target has no field 'mask'"),
        (lambda: prediction_field(ITEM, "mask"), "the prediction has no field 'mask'"),
        (
            lambda: target_field(ItemResult("a", None, [1]), "mask"),
            "the target has no field 'mask'",
        ),
        (lambda: numbers(ITEM, [[1], [1, 2]], "the box"), "the box is not an array of numbers"),
        (lambda: text(ITEM, None, "the text"), "the text is NoneType, not text"),
    ],
)
def test_refuses_what_is_malformed(read, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        read()
    assert str(refusal.value) == (
        f"DataError: {what}\n"
        "  where  item a\n"
        "  fix    correct the data set's reader, or the model's post-processing"
    )
