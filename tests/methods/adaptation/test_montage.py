from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dlscope.methods.adaptation.montage import montage, wrong_share

IMAGE = np.full((8, 16, 3), 90, dtype=np.uint8)
ROAD = np.zeros((8, 16), dtype=np.uint8)
HALF_SKY = np.where(np.arange(16) < 8, 0, 10)[None].repeat(8, 0).astype(np.uint8)


def pixels(picture):
    return np.asarray(Image.open(io.BytesIO(picture.content)))


def test_shows_image_labels_what_is_seen_and_where_it_is_wrong():
    picture = montage("target-3", IMAGE, HALF_SKY, {"source": ROAD, "adapted": HALF_SKY}, "Image 3")
    drawn = pixels(picture)
    assert drawn.shape[1] == 3 * (384 + 8)
    wrong = [drawn[200 + 50, column] for column in (392 + 90, 392 + 300, 2 * 392 + 300)]
    assert [each.tolist() for each in wrong] == [[221, 226, 232], [168, 50, 26], [221, 226, 232]]
    assert picture.alt == (
        "Pixels of another class than the labels: 50.0 % in source and 0.0 % in adapted"
    )
    assert picture.caption.startswith("Above: the image, then what is seen by source and adapted.")


def test_without_labels_there_is_one_row():
    with_labels = montage("a", IMAGE, ROAD, {"source": ROAD}, "Image")
    without = montage("a", IMAGE, None, {"source": ROAD}, "Image")
    assert len(pixels(with_labels)) - len(pixels(without)) == 192 + 8
    assert without.alt == "What source see in an image of the target without labels"


def test_the_same_picture_has_the_same_bytes():
    first, second = (montage("a", IMAGE, ROAD, {"source": HALF_SKY}, "Image") for _ in range(2))
    assert first.content == second.content


def test_ignored_pixels_are_neither_right_nor_wrong():
    labels = np.where(np.arange(16) < 12, HALF_SKY, 255).astype(np.uint8)
    assert wrong_share(ROAD, labels) == pytest.approx(4 / 12)
    assert wrong_share(ROAD, np.full_like(ROAD, 255)) == 0.0
