from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dlscope.pipelines.color import convert_color


def test_gray_is_pillows_bit_for_bit(photograph: Image.Image) -> None:
    gray = convert_color(np.asarray(photograph), "RGB", "GRAY", full=True)
    assert np.array_equal(gray[:, :, 0], np.asarray(photograph.convert("L")))


def test_full_range_ycbcr_is_that_of_jpeg(photograph: Image.Image) -> None:
    ours = convert_color(np.asarray(photograph), "RGB", "YCBCR", full=True)
    assert np.abs(ours.astype(int) - np.asarray(photograph.convert("YCbCr"))).max() <= 1


def test_studio_range_keeps_black_and_white_away_from_the_ends() -> None:
    pixels = np.array([[[0, 0, 0], [255, 255, 255]]], dtype=np.uint8)
    studio = convert_color(pixels, "RGB", "YCBCR", full=False)
    assert studio[0].tolist() == [[16, 128, 128], [235, 128, 128]]


@pytest.mark.parametrize("full", [True, False])
def test_ycbcr_comes_back(photograph: Image.Image, full: bool) -> None:
    pixels = np.asarray(photograph)
    there = convert_color(pixels, "RGB", "YCBCR", full=full)
    back = convert_color(there, "YCBCR", "RGB", full=full)
    assert np.abs(back.astype(int) - pixels).max() <= 2


def test_bgr_reverses_and_gray_repeats(photograph: Image.Image) -> None:
    pixels = np.asarray(photograph)
    assert np.array_equal(convert_color(pixels, "RGB", "BGR", full=True), pixels[:, :, ::-1])
    gray = pixels[:, :, :1]
    spread = convert_color(gray, "GRAY", "BGR", full=True)
    assert np.array_equal(spread, np.repeat(gray, 3, axis=2))
