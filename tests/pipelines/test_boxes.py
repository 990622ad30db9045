from __future__ import annotations

import numpy as np

from dlscope.pipelines.base import Value
from dlscope.pipelines.boxes import centers, corners, overlaps, suppress, to_original


def test_every_form_gives_the_same_corners() -> None:
    box = [[10.0, 20.0, 30.0, 60.0]]
    assert corners(np.array(box), "xyxy").tolist() == box
    assert corners(np.array([[20.0, 10.0, 60.0, 30.0]]), "yxyx").tolist() == box
    assert corners(np.array([[20.0, 40.0, 20.0, 40.0]]), "cxcywh").tolist() == box


def test_overlap_of_disjoint_boxes_is_zero() -> None:
    box = np.array([0.0, 0.0, 10.0, 10.0])
    others = np.array([[20.0, 20, 30, 30], [0, 0, 10, 10], [5, 0, 15, 10], [0, 20, 10, 30]])
    assert overlaps(box, others).tolist() == [0.0, 1.0, 50 / 150, 0.0]


def test_overlap_of_boxes_without_area_is_zero() -> None:
    point = np.array([3.0, 3.0, 3.0, 3.0])
    assert overlaps(point, point[np.newaxis]).tolist() == [0.0]


def test_suppression_keeps_the_best_and_what_does_not_touch_it() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [1, 0, 11, 10], [20, 0, 30, 10], [0, 0, 10, 10]])
    scores = np.array([0.5, 0.9, 0.1, 0.9])
    assert suppress(boxes, scores, 0.5).tolist() == [1, 2]
    assert suppress(boxes, scores, 0.9).tolist() == [1, 3, 2]
    assert suppress(boxes[:0], scores[:0], 0.5).tolist() == []


def test_suppression_equals_the_plain_loop() -> None:
    generator = np.random.default_rng(3)
    low = generator.uniform(0, 50, (60, 2))
    boxes = np.concatenate([low, low + generator.uniform(5, 30, (60, 2))], axis=1)
    scores = generator.uniform(size=60)
    kept: list[int] = []
    for i in np.argsort(-scores):
        if all(overlaps(boxes[k], boxes[[i]])[0] <= 0.3 for k in kept):
            kept.append(int(i))
    assert suppress(boxes, scores, 0.3).tolist() == kept


def test_boxes_return_to_the_original_and_are_clipped_to_it() -> None:
    picture = Value(None, original_size=(100, 50), scale=(2.0, 1.0), offset=(10.0, -5.0))
    boxes = to_original(np.array([[-20.0, 0, 10, 20], [0, 40, 60, 90]]), picture)
    assert boxes.tolist() == [[0, 0, 30, 15], [10, 35, 100, 50]]


def test_centres_of_a_heat_map() -> None:
    heat = np.zeros((1, 2))
    size = np.log(np.array([[[2.0, 1.0]], [[3.0, 1.0]]]))
    offset = np.array([[[0.0, 0.25]], [[0.5, 0.0]]])
    # Cell 0: centre (0 + 0.5 + 0.5) · 4 = 4, (0 + 0 + 0.5) · 4 = 2; sides 12 × 8.
    boxes = centers(heat, size, offset, 4)
    assert np.allclose(boxes, [[-2, -2, 10, 6], [4, 1, 8, 5]])
