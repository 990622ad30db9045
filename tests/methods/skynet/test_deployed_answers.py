from __future__ import annotations

import numpy as np
import pytest
from square_images import squares

from dlscope.core.errors import DataError
from dlscope.methods.skynet.decoding import ANCHORS, decode
from dlscope.methods.skynet.deployed_answers import Answers, answers


def heads(images_bchw):
    """A map that depends on the image alone."""
    draw = np.random.default_rng(int(abs(images_bchw.sum()) * 1e3))
    return draw.normal(size=(len(images_bchw), 10, 6, 12))


def test_gives_the_boxes_that_decoding_gives():
    images = squares(5)
    seen = []

    def head_of(images_bchw):
        seen.append(heads(images_bchw))
        return seen[-1]

    found = answers(head_of, images, ANCHORS)
    expected = decode(np.concatenate(seen), [(1, 1)] * 5)
    np.testing.assert_allclose(found.boxes_m4, np.stack([each.boxes[0] for each in expected]))


def test_compares_boxes_and_positions():
    boxes = np.array([[0, 0, 0.5, 0.5], [0, 0, 1, 1]], dtype=float)
    other = np.array([[0, 0, 0.5, 1.0], [0, 0, 1, 1]], dtype=float)
    one, two = Answers(boxes, np.array([3, 4])), Answers(other, np.array([3, 5]))
    np.testing.assert_allclose(one.iou_with(two), [0.5, 1.0])
    assert one.switches_from(two) == 0.5


def test_says_what_is_lost_of_the_overlap_with_the_truth():
    images = squares(1)
    x, y, width, height = map(float, images.boxes[0][0])
    exact = np.array([[x - width / 2, y - height / 2, x + width / 2, y + height / 2]])
    half = exact.copy()
    half[0, 2] = x
    floats, few = Answers(exact, np.array([1])), Answers(half, np.array([1]))
    told = few.told_beside(floats, images)
    assert told == {
        "mean_iou": pytest.approx(0.5),
        "lost_iou": pytest.approx(0.5),
        "iou_with_float": pytest.approx(0.5),
        "switches": 0.0,
    }


def test_makes_no_box_of_a_head_that_is_no_number():
    with pytest.raises(DataError, match="numbers of the head are NaN or infinite"):
        answers(lambda images: np.full((len(images), 10, 6, 12), np.inf), squares(1), ANCHORS)
