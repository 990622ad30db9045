from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.metrics.boxes import box_iou, coverage, found


def slow_iou(a, b) -> float:
    """Unit squares counted one by one, for boxes with whole corners."""

    def cells(box):
        return {(x, y) for x in range(box[0], box[2]) for y in range(box[1], box[3])}

    union = cells(a) | cells(b)
    return len(cells(a) & cells(b)) / len(union) if union else 0.0


def test_disjoint_boxes_give_0() -> None:
    assert box_iou([(0, 0, 10, 10)], [(20, 20, 30, 30)]).tolist() == [[0.0]]


def test_boxes_without_area_give_0_not_nan() -> None:
    assert box_iou([(5, 5, 5, 5)], [(5, 5, 5, 5)]).tolist() == [[0.0]]


def test_known_overlaps() -> None:
    a = [(0, 0, 10, 10), (0, 0, 5, 10)]
    b = [(0, 0, 10, 10), (5, 0, 15, 10), (10, 0, 20, 10)]
    assert box_iou(a, b) == pytest.approx(np.array([[1, 1 / 3, 0], [0.5, 0, 0]]))


def test_no_boxes_have_an_empty_table() -> None:
    assert box_iou([], [(0, 0, 1, 1)]).shape == (0, 1)
    assert box_iou([(0, 0, 1, 1)], []).shape == (1, 0)


corners = st.integers(0, 8)
boxes = st.tuples(corners, corners, corners, corners)


@given(st.lists(boxes, max_size=4), st.lists(boxes, max_size=4))
def test_agrees_with_counting_squares(a, b) -> None:
    expected = np.array([[slow_iou(x, y) for y in b] for x in a]).reshape(len(a), len(b))
    assert box_iou(a, b) == pytest.approx(expected)
    assert box_iou(b, a) == pytest.approx(expected.T)


def test_coverage_is_a_share_of_the_box_itself() -> None:
    region = [(0, 0, 10, 10)]
    assert coverage([(2, 2, 4, 4), (5, 0, 15, 10), (20, 0, 30, 10)], region) == pytest.approx(
        np.array([1.0, 0.5, 0.0])
    )
    assert coverage([(0, 0, 4, 4)], [(0, 0, 1, 4), (0, 0, 2, 4)]).tolist() == [0.5]


def test_coverage_of_nothing_is_0() -> None:
    assert coverage([(5, 5, 5, 5)], [(0, 0, 10, 10)]).tolist() == [0.0]
    assert coverage([(0, 0, 1, 1)], []).tolist() == [0.0]
    assert coverage([], [(0, 0, 1, 1)]).tolist() == []


def test_each_truth_is_found_once() -> None:
    assert found(np.array([[0.9], [0.8]]), 0.5, only_free=True).tolist() == [True, False]


def test_the_threshold_itself_counts() -> None:
    assert found(np.array([[0.5]]), 0.5, only_free=True).tolist() == [True]
    assert found(np.array([[0.5]]), 0.55, only_free=True).tolist() == [False]


def test_coco_takes_the_next_best_truth_and_voc_does_not() -> None:
    iou = np.array([[0.9, 0.6], [0.8, 0.7]])
    assert found(iou, 0.5, only_free=True).tolist() == [True, True]
    assert found(iou, 0.5, only_free=False).tolist() == [True, False]


def test_nothing_to_find() -> None:
    assert found(np.zeros((2, 0)), 0.5, only_free=True).tolist() == [False, False]
    assert found(np.zeros((0, 2)), 0.5, only_free=False).tolist() == []
