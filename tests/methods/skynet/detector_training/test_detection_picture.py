from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from square_images import squares

from dlscope.methods.skynet.detection_scores import evaluate_detector
from dlscope.methods.skynet.detector_training.detection_picture import detection_picture

IMAGES = squares(15)


@pytest.fixture(scope="module")
def scores():
    """A detector that says the same box of every image."""

    def predict(pixels):
        shape = (len(pixels), 1)
        return np.broadcast_to([0.5, 0.5, 0.3, 0.4], (*shape, 4)), np.ones(shape)

    return evaluate_detector(predict, IMAGES)


def test_the_picture_goes_from_the_worst_to_the_best(scores):
    picture = detection_picture(scores, IMAGES)
    image = Image.open(io.BytesIO(picture.content))
    assert image.size == (4 * 326 - 6, 3 * 166 - 6)
    told = [float(each) for each in picture.alt.rpartition("overlaps ")[2].split(", ")]
    assert told == sorted(told)
    ends = scores.iou_m.min(), scores.iou_m.max()
    assert (told[0], told[-1]) == pytest.approx(ends, abs=0.005)


def test_both_boxes_are_drawn(scores):
    pixels = np.asarray(Image.open(io.BytesIO(detection_picture(scores, IMAGES).content)))
    is_orange = (pixels == (230, 90, 20)).all(axis=-1)
    assert is_orange.sum() > 100


def test_of_few_images_all_are_shown():
    few = IMAGES.first(3)

    def predict(pixels):
        return np.zeros((len(pixels), 2, 4)), np.zeros((len(pixels), 2))

    picture = detection_picture(evaluate_detector(predict, few), few)
    assert Image.open(io.BytesIO(picture.content)).size == (3 * 326 - 6, 160)
