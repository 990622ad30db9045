from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dlscope.methods.skynet.data_sheet import Shown, sheet


@pytest.mark.parametrize(
    ("images", "size"),
    [(1, (320, 180)), (4, (1298, 180)), (5, (1298, 366)), (20, (1298, 552))],
)
def test_lays_at_most_twelve_images_four_in_a_row(images, size):
    grey = np.full((30, 60, 3), 90, dtype=np.uint8)
    picture = sheet([Shown(grey, ())] * images)
    assert Image.open(io.BytesIO(picture.content)).size == size
    assert picture.source.startswith("data:image/jpeg;base64,")


def test_does_not_stretch_a_tall_image():
    tall = np.full((90, 30, 3), (200, 0, 0), dtype=np.uint8)
    drawn = np.asarray(Image.open(io.BytesIO(sheet([Shown(tall, ())]).content)))
    red = (drawn[90, :, 0] > 150) & (drawn[90, :, 1] < 90)
    assert red.sum() == pytest.approx(60, abs=3)
