"""Against a second reading of the official toolkit's rules, written frame by frame."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.metrics.tracking_overlap import (
    SequenceOverlap,
    counted_overlap,
    frame_overlap,
    success_curve,
    tracking_scores,
    tracking_speed,
)

SIDE = st.integers(-40, 160)
BOXES = st.lists(
    st.tuples(SIDE, SIDE, st.integers(1, 90), st.integers(1, 90)), min_size=2, max_size=6
)


def inside(box, width, height):
    x, y, w, h = box
    x, y = min(max(x, 0), width), min(max(y, 0), height)
    return x, y, min(w, width - x), min(h, height - y)


def overlap_by_counting(a, b, width, height):
    """IoU of boxes of whole numbers by the unit squares that they cover."""
    cells = []
    for x, y, w, h in (inside(a, width, height), inside(b, width, height)):
        cells.append({(i, j) for i in range(x, x + w) for j in range(y, y + h)})
    union = cells[0] | cells[1]
    return len(cells[0] & cells[1]) / len(union) if union else 0.0


@given(BOXES)
@settings(max_examples=25)
def test_equals_counting_of_pixels(boxes):
    found = frame_overlap(boxes[:-1], boxes[1:], (100, 80))
    expected = [overlap_by_counting(a, b, 100, 80) for a, b in itertools.pairwise(boxes)]
    assert found == pytest.approx(expected)


def test_a_corner_outside_is_moved_inside_first_as_the_toolkit_does():
    assert frame_overlap([[-10, 0, 20, 10]], [[0, 0, 20, 10]], (50, 50)).tolist() == [1.0]
    assert frame_overlap([[-10, 0, 20, 10]], [[0, 0, 20, 10]])[0] == pytest.approx(1 / 3)


def test_nan_and_no_area_are_no_overlap():
    boxes = [[np.nan] * 4, [5, 5, 0, 0]]
    assert frame_overlap(boxes, [[0, 0, 9, 9], [5, 5, 0, 0]], (50, 50)).tolist() == [0, 0]


def test_the_first_frame_and_hidden_ones_do_not_count():
    truth = [[0, 0, 10, 10]] * 4
    boxes = [[90, 90, 10, 10], [0, 0, 10, 10], [0, 0, 5, 10], [0, 0, 10, 10]]
    assert counted_overlap(boxes, truth, [8, 8, 3, 0]).tolist() == [1.0, 0.5]


def test_rates_are_strictly_above_and_the_curve_ends_at_nothing():
    overlap = np.array([0.5, 0.75, 1.0, 0.0])
    scores = tracking_scores([SequenceOverlap("a", "car", overlap)])
    assert (scores.average_overlap, scores.success_50, scores.success_75) == (0.5625, 0.5, 0.25)
    curve = success_curve(overlap)
    assert (curve[0], curve[50], curve[75], curve[100]) == (0.75, 0.5, 0.25, 0.0)
    assert scores.success_curve == tuple(curve)


def test_frames_are_pooled_and_classes_weigh_alike():
    scores = tracking_scores(
        [
            SequenceOverlap("a", "car", np.array([1.0, 1.0, 1.0])),
            SequenceOverlap("b", "car", np.array([0.0])),
            SequenceOverlap("c", "boat", np.array([0.6, 0.2])),
            SequenceOverlap("d", "person", np.array([])),
        ]
    )
    assert scores.frames == 6
    assert scores.average_overlap == pytest.approx(3.8 / 6)
    assert scores.class_overlap == pytest.approx((0.75 + 0.4) / 2)
    assert scores.class_50 == pytest.approx((0.75 + 0.5) / 2)
    assert scores.class_75 == pytest.approx((0.75 + 0.0) / 2)


def test_refuses_where_no_frame_counts():
    with pytest.raises(DataError, match="no frame counts"):
        tracking_scores([SequenceOverlap("a", "car", np.array([]))])


def test_tells_both_speeds():
    speed = tracking_speed({"a": [0.1, 0.3], "b": [0.0, np.nan, 0.2]})
    assert speed.mean_rate == pytest.approx((10 + 10 / 3 + 5) / 3)
    assert speed.rate == pytest.approx(3 / 0.6)
    assert speed.rate <= speed.mean_rate
    assert tracking_speed({"a": []}) is None
