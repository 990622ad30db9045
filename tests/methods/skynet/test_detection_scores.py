from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.methods.skynet.detection_scores import (
    AREAS,
    evaluate_detector,
    head_predictor,
    normalised,
)
from dlscope.methods.skynet.prepared_images import PreparedImages


def images(*boxes):
    pixels = np.zeros((len(boxes), 40, 80, 3), np.uint8)
    names = tuple(f"image {i}" for i in range(len(boxes)))
    told = tuple(np.array(each, np.float32).reshape(-1, 4) for each in boxes)
    return PreparedImages(pixels, told, names, "area")


SMALL, LARGE = [0.2, 0.2, 0.04, 0.05], [0.6, 0.6, 0.2, 0.4]


def always(*boxes, sure):
    """A detector that says the same of every image."""

    def predict(pixels):
        shape = (len(pixels), len(boxes))
        return np.broadcast_to(np.array(boxes), (*shape, 4)), np.broadcast_to(sure, shape)

    return predict


def test_the_surest_box_counts_and_the_best_is_told():
    wrong, right = [0.1, 0.9, 0.1, 0.1], [0.6, 0.6, 0.2, 0.2]
    scores = evaluate_detector(always(wrong, right, sure=[0.9, 0.4]), images([LARGE]))
    assert (scores.mean_iou, scores.best_iou) == (0.0, pytest.approx(0.5))
    assert (scores.found, scores.missed) == (0.0, 1.0)
    assert scores.boxes_m4.tolist() == [wrong]


def test_scores_are_split_by_the_share_that_an_object_covers():
    scores = evaluate_detector(always(LARGE, sure=[0.5]), images([SMALL], [LARGE], [LARGE]))
    assert scores.mean_iou == pytest.approx(2 / 3)
    assert scores.of_area("0.3 to 1 %") is None
    assert scores.of_area("above 3 %").mean_iou == pytest.approx(1.0)
    assert scores.of_area("below 0.3 %").names == ("image 0",)
    assert sum(len(part.names) for part in map(scores.of_area, AREAS) if part) == 3


def test_of_several_objects_the_nearest_counts():
    scores = evaluate_detector(always(SMALL, sure=[0.5]), images([LARGE, SMALL]))
    assert scores.mean_iou == pytest.approx(1.0)
    assert scores.area_m[0] == pytest.approx(0.002)


def test_an_image_without_an_object_is_not_scored():
    scores = evaluate_detector(always(LARGE, sure=[0.5]), images([], [LARGE]))
    assert scores.names == ("image 1",)


def test_refuses_a_set_without_objects():
    with pytest.raises(DataError) as caught:
        evaluate_detector(always(LARGE, sure=[0.5]), images([], []))
    assert str(caught.value) == (
        "DataError: none of 2 images has an object\n"
        "  where  SkyNet, evaluation\n"
        "  fix    give images with boxes"
    )


def test_pixels_become_numbers_from_minus_two_to_two():
    values = normalised(np.array([[[[0, 127, 255]]]], np.uint8))
    assert values[0, :, 0, 0] == pytest.approx([-2.0, -2 / 255, 2.0], abs=1e-6)


def test_a_head_is_decoded_with_its_anchors():
    seen = []

    def head_of(images_bchw):
        seen.append(images_bchw.shape)
        head = np.full((len(images_bchw), 10, 5, 10), -9.0)
        head[:, 5:10, 2, 3] = [0.0, 0.0, 0.0, 0.0, 2.0]
        return head

    predict = head_predictor(head_of, ((1.0, 1.0), (2.0, 4.0)))
    shares = []
    three = images([[0.35, 0.5, 0.2, 0.8]], [LARGE], [LARGE])
    scores = evaluate_detector(predict, three, batch=2, told=shares.append)
    assert shares == [0, 2 / 3]
    assert seen == [(2, 3, 40, 80), (1, 3, 40, 80)]
    assert scores.iou_m[0] == pytest.approx(1.0)
