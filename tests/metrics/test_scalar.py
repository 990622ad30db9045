from __future__ import annotations

import math

import pytest

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.scalar import scalar


def item(values, value, tolerance: float = 1e-3) -> ItemResult:
    prediction = None if values is None else {"values": values}
    return ItemResult("a", prediction, {"value": value, "tolerance": tolerance})


def by_name(*items: ItemResult):
    return {metric.name: metric for metric in scalar(items)}


def test_compares_numbers_within_the_items_own_tolerance() -> None:
    metrics = by_name(
        item([[0.0017]], 0.00167), item([0.5], 0.4), item([[1.0], [2.0]], [1.0, 2.5], 0.5)
    )
    assert metrics["value_max_error"].value == pytest.approx(0.5)
    assert (metrics["within_tolerance"].count, metrics["within_tolerance"].n) == (2, 3)


def test_a_failed_item_is_not_within() -> None:
    metrics = by_name(item([1.0], 1.0), item(None, 1.0))
    assert metrics["within_tolerance"].value == 0.5
    assert metrics["value_max_error"].n == 1
    assert list(by_name(item(None, 1.0))) == ["within_tolerance"]


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_is_infinitely_wrong(value: float) -> None:
    metrics = by_name(item([value], 1.0))
    assert metrics["value_max_error"].value == math.inf
    assert metrics["within_tolerance"].count == 0


@pytest.mark.parametrize(
    ("values", "value", "what"),
    [
        ([1.0, 2.0], 1.0, "predicted 2 values for 1 expected"),
        (["x"], 1.0, "the prediction is not an array of numbers"),
        ([1.0], "x", "the target is not an array of numbers"),
    ],
)
def test_refuses_what_cannot_be_compared(values, value, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        by_name(item(values, value))
    assert refusal.value.what == what
