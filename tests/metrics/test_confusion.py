from __future__ import annotations

import numpy as np
import pytest

from dlscope.metrics.confusion import ConfusionMatrix

TRUTH = np.array([[0, 0, 1], [1, 2, 2], [2, 2, 255]])
GIVEN = np.array([[0, 1, 1], [1, 2, 2], [0, 2, 0]])


def counted(classes: int = 4) -> ConfusionMatrix:
    matrix = ConfusionMatrix(classes)
    matrix.add(TRUTH, GIVEN)
    return matrix


def test_a_map_of_nine_pixels_by_hand():
    scores = counted().scores()
    assert scores.iou == (1 / 3, 2 / 3, 3 / 4, None)
    assert scores.mean_iou == pytest.approx((1 / 3 + 2 / 3 + 3 / 4) / 3)
    assert scores.pixel_accuracy == 6 / 8
    assert scores.mean_class_accuracy == pytest.approx((1 / 2 + 1 + 3 / 4) / 3)
    assert scores.frequency_weighted_iou == pytest.approx((2 * 1 / 3 + 2 * 2 / 3 + 4 * 3 / 4) / 8)
    assert scores.absent == 1


def test_maps_add_up():
    matrix = counted()
    matrix.add(TRUTH, GIVEN)
    assert matrix.scores().iou == counted().scores().iou


def test_nothing_has_no_score():
    scores = ConfusionMatrix(2).scores()
    assert (scores.mean_iou, scores.pixel_accuracy, scores.absent) == (None, None, 2)


def test_a_subset_is_the_mean_of_its_own():
    assert counted().scores([0, 2]).mean_iou == pytest.approx((1 / 3 + 3 / 4) / 2)
    assert counted().mean_iou([3]) is None


def test_excluded_classes_may_be_as_if_they_were_not_there():
    """Without the pixels of class 2 nothing is wrongly taken for class 0."""
    assert counted().scores([0, 1], "ignore_excluded").iou[0] == 1 / 2


@pytest.mark.parametrize("seed", range(5))
def test_equals_counting_pixel_by_pixel(seed):
    draw = np.random.default_rng(seed)
    truth, given = draw.integers(0, 6, (9, 7)), draw.integers(0, 5, (9, 7))
    matrix = ConfusionMatrix(5)
    matrix.add(truth, given)
    for each in range(5):
        pairs = [(t, g) for t, g in zip(truth.flat, given.flat, strict=True) if t < 5]
        both = sum(t == g == each for t, g in pairs)
        either = sum(each in (t, g) for t, g in pairs)
        assert matrix.scores().iou[each] == (both / either if either else None)
