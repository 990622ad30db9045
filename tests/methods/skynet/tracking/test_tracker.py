from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.methods.skynet.tracking.baselines import StaticTracker
from dlscope.methods.skynet.tracking.tracker import rgb, within

IMAGE = np.zeros((40, 60, 3), np.uint8)


@pytest.mark.parametrize(
    ("box", "told"),
    [
        ((60, 5, 10, 10), "the box (60, 5, 10, 10) is outside the image of 60×40"),
        ((-10, 5, 10, 10), "the box (-10, 5, 10, 10) is outside the image of 60×40"),
        ((5, 40, 10, 10), "the box (5, 40, 10, 10) is outside the image of 60×40"),
        ((5, 5, 1.5, 10), "the box (5, 5, 1.5, 10) is smaller than 2 px"),
        ((5, 5, 10, -3), "the box (5, 5, 10, -3) is smaller than 2 px"),
        ((5, float("nan"), 10, 10), "the box (5, nan, 10, 10) is not finite"),
    ],
)
def test_refuses_a_box_that_is_no_start(box, told):
    with pytest.raises(DataError) as refused:
        StaticTracker().start(IMAGE, box)
    assert refused.value.what == told


def test_refuses_a_frame_before_the_first_and_one_of_another_size():
    tracker = StaticTracker()
    with pytest.raises(DataError, match="a tracker is asked before it was started"):
        tracker.follow(IMAGE)
    tracker.start(IMAGE, (5, 5, 10, 10))
    with pytest.raises(DataError, match="the frame is 40×60, the first was 60×40"):
        tracker.follow(IMAGE.transpose(1, 0, 2))


def test_grey_and_alpha_are_taken_with_a_warning(caplog):
    grey = np.full((4, 5), 7, np.uint8)
    assert rgb(grey).tolist() == np.full((4, 5, 3), 7).tolist()
    assert rgb(np.zeros((4, 5, 4), np.uint8)).shape == (4, 5, 3)
    assert [record.message for record in caplog.records] == [
        "a grey image is repeated for each channel",
        "the alpha channel of an image is left out",
    ]


def test_floats_from_0_to_1_are_taken():
    assert rgb(np.full((2, 2, 3), 0.5)).tolist() == np.full((2, 2, 3), 128).tolist()


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.full((2, 2, 3), 1.5), "an image of float64 is not of uint8, nor of floats from 0 to 1"),
        (
            np.full((2, 2, 3), np.nan),
            "an image of float64 is not of uint8, nor of floats from 0 to 1",
        ),
        (
            np.zeros((2, 2, 3), np.int64),
            "an image of int64 is not of uint8, nor of floats from 0 to 1",
        ),
        (
            np.zeros((2, 2, 5), np.uint8),
            "an image of the shape (2, 2, 5) is neither RGB, RGBA nor grey",
        ),
    ],
)
def test_refuses_what_is_no_image(image, told):
    with pytest.raises(DataError) as refused:
        rgb(image)
    assert refused.value.what == told


def test_boxes_keep_their_centre_in_the_image_and_their_sides_within_it():
    x, y, width, height = within((-30, 10, 20, 90), (40, 60))
    assert (x + width / 2, y + height / 2, width, height) == (0, 40, 20, 40)
    assert within((10, 10, 4, 4), (40, 60)) == (7, 7, 10, 10)
