from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image

from dlscope.web.mask_pictures import (
    Picture,
    image_picture,
    mask_picture,
    shares,
    spark,
    tint_of,
    wrong_pixels,
)

MASK = [[0, 0, 1], [0, 2, 2]]


def pixels(picture: Picture | None) -> np.ndarray:
    assert picture is not None
    content = base64.b64decode(picture.source.removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(content)) as opened:
        return np.asarray(opened.convert("RGB"))


def test_each_class_has_its_colour() -> None:
    drawn = pixels(mask_picture(MASK, "mask"))
    assert drawn.shape == (2, 3, 3)
    assert tuple(drawn[0, 2]) == tint_of(1)
    assert len({tuple(each) for each in drawn.reshape(-1, 3)}) == 3


def test_classes_are_told_by_how_much_they_cover() -> None:
    assert [(each.label, each.said) for each in shares(MASK)] == [
        (0, "50 %"),
        (2, "33.3 %"),
        (1, "16.7 %"),
    ]


def test_wrong_pixels_stand_out_and_ignored_ones_do_not_count() -> None:
    drawn = pixels(wrong_pixels(MASK, [[0, 1, 1], [9, 2, 2]], 9, "wrong"))
    right, wrong, ignored = drawn[0, 0], drawn[0, 1], drawn[1, 0]
    assert tuple(wrong) == (168, 50, 26)
    assert len({tuple(each) for each in (right, wrong, ignored)}) == 3


def test_masks_of_another_size_cannot_be_compared() -> None:
    assert wrong_pixels(MASK, [[0]], None, "wrong") is None


@pytest.mark.parametrize("value", [[[0.5]], [[-1]], [], [1, 2], "text", [[1], [1, 2]], [[99_999]]])
def test_what_is_no_mask_is_not_drawn(value: object) -> None:
    assert mask_picture(value, "mask") is None
    assert shares(value) == []


def test_an_image_is_drawn_in_grey_or_colour() -> None:
    assert pixels(image_picture([[0, 255]], "grey"))[0].tolist() == [[0, 0, 0], [255, 255, 255]]
    assert pixels(image_picture([[[1, 2, 3]]], "colour"))[0].tolist() == [[1, 2, 3]]


@pytest.mark.parametrize("value", [[[float("nan")]], [1], [[[1, 2]]], "x", [[1], [1, 2]]])
def test_what_is_no_image_is_not_drawn(value: object) -> None:
    assert image_picture(value, "image") is None


def test_a_large_picture_is_made_smaller() -> None:
    picture = mask_picture(np.zeros((10, 3000), np.int64), "wide")
    assert picture is not None
    assert picture.width == 1024


def test_a_line_goes_through_its_values() -> None:
    assert spark([0, 1], 10, 10) == "0.0,8.0 10.0,2.0"
    assert spark([5.0], 10, 10) == "0.0,8.0"
