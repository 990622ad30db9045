from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import jaccard_score

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.segmentation import segmentation


def item(got, truth, **target) -> ItemResult:
    prediction = None if got is None else {"mask": got}
    return ItemResult("a", prediction, {"mask": truth, **target})


def by_name(*items: ItemResult):
    return {metric.name: metric for metric in segmentation(items)}


def test_averages_over_the_classes_in_truth_or_prediction() -> None:
    metrics = by_name(item([[0, 0], [1, 2]], [[0, 0], [1, 1]]))
    assert metrics["pixel_accuracy"].value == 0.75
    assert metrics["mean_iou"].value == pytest.approx((1 + 0.5 + 0) / 3)
    assert metrics["mean_iou"].n == 3


def test_a_failed_item_has_no_pixel_right() -> None:
    metrics = by_name(item([[1]], [[1]]), item(None, [[1]]))
    assert metrics["pixel_accuracy"].value == 0.5
    assert metrics["mean_iou"].value == 0.5


def test_ignored_pixels_do_not_count() -> None:
    metrics = by_name(item([[0, 1]], [[0, 255]], ignore=255))
    assert metrics["pixel_accuracy"].value == 1.0
    assert metrics["mean_iou"].n == 1
    assert by_name(item([[0]], [[255]], ignore=255)) == {}


def test_agrees_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    truth = generator.integers(0, 4, size=(3, 16, 16))
    got = np.where(
        generator.random(truth.shape) < 0.7, truth, generator.integers(0, 4, truth.shape)
    )
    metrics = by_name(*(item(g.tolist(), t.tolist()) for g, t in zip(got, truth, strict=True)))
    expected = jaccard_score(truth.ravel(), got.ravel(), average="macro")
    assert metrics["mean_iou"].value == pytest.approx(expected)
    assert metrics["pixel_accuracy"].value == pytest.approx((truth == got).mean())


def test_frequency_weighted_iou_weighs_classes_by_their_true_pixels() -> None:
    metric = by_name(item([[0, 0, 0, 1]], [[0, 0, 0, 0]]))["frequency_weighted_iou"]
    assert metric.value == 0.75
    mixed = by_name(item([[0, 1, 1, 1]], [[0, 0, 0, 1]]))["frequency_weighted_iou"]
    assert mixed.value == pytest.approx(3 / 4 * 1 / 3 + 1 / 4 * 1 / 3)


def test_the_intervals_resample_items() -> None:
    alike = by_name(*[item([[0, 1]], [[0, 0]])] * 5)["mean_iou"]
    assert (alike.lo, alike.value, alike.hi) == (0.25, 0.25, 0.25)
    spread = by_name(*[item([[0]], [[0]]), item([[1]], [[0]])] * 4)["mean_iou"]
    assert spread.lo < spread.value < spread.hi
    assert spread == by_name(*[item([[0]], [[0]]), item([[1]], [[0]])] * 4)["mean_iou"]


@pytest.mark.parametrize(
    ("got", "truth", "what"),
    [
        ([[0]], [[0, 1]], "the mask is 1×1, the target 1×2"),
        ([0], [[0]], "the mask of the prediction is not H×W class indices"),
        ([[0.5]], [[0]], "the mask of the prediction is not H×W class indices"),
        ([[-1]], [[0]], "the mask of the prediction is not H×W class indices"),
        ([[0]], [[0], [0, 1]], "the mask of the target is ragged"),
    ],
)
def test_refuses_what_is_not_a_mask(got, truth, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        by_name(item(got, truth))
    assert refusal.value.what == what
