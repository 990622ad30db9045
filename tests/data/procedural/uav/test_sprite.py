from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

pytest.importorskip("cv2")

from dlscope.data.procedural.uav.classes import CLASSES
from dlscope.data.procedural.uav.figure import Figure, box, ellipse
from dlscope.data.procedural.uav.looks import look
from dlscope.data.procedural.uav.sprite import lay, solid_box, sprite

FINE = 16
WHITE = (255.0, 255.0, 255.0)


def covered(figure, size):
    """The share of each pixel that the figure covers, drawn by Pillow 16 times as large."""
    height, width = size
    large = Image.new("L", (width * FINE, height * FINE), 0)
    pen = ImageDraw.Draw(large)
    for points, _ in figure.parts():
        pen.polygon([(x * FINE - 0.5, y * FINE - 0.5) for x, y in points], fill=255)
    return np.asarray(large, dtype=float).reshape(height, FINE, width, FINE).mean(axis=(1, 3)) / 255


@pytest.mark.parametrize("known", CLASSES, ids=lambda known: known.name)
def test_a_box_is_tight_about_what_is_more_than_half_covered(known):
    width, height = known.mean_sides
    for number in range(1, min(known.sub_categories, 3) + 1):
        for scale, tilt in ((1.0, 0.0), (0.4, 7.0)):
            placed = look(known.name, number).turned(tilt, mirrored=number % 2 == 0)
            placed = placed.filling(scale * width, scale * height).at(75.3, 70.8)
            rows, columns = np.nonzero(covered(placed, (150, 160)) > 0.5)
            wanted = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
            assert np.abs(np.subtract(sprite(placed).box(), wanted)).max() <= 1


def test_alpha_is_the_share_that_is_covered():
    half = Figure.of(box(WHITE, 2.5, 1, 5, 3))
    made = sprite(half)
    alpha = np.zeros((6, 8))
    height, width = made.alpha_hw.shape
    alpha[made.top : made.top + height, made.left : made.left + width] = made.alpha_hw
    # A side that is on the grid of a quarter is drawn with a row too many at most.
    assert alpha[1:3, 3:5].min() == 255
    assert np.abs(alpha[1:3, 2] - 128).max() <= 64
    assert alpha[4:].max() == 0


def test_lays_over_what_is_below_and_leaves_out_what_is_outside():
    picture = np.full((10, 12, 3), 100, dtype=np.uint8)
    lay(picture, sprite(Figure.of(box((10.0, 20.0, 30.0), -4, -4, 3, 3))))
    assert picture[1, 1].tolist() == [10, 20, 30]
    assert picture[8, 8].tolist() == [100, 100, 100]
    before = picture.copy()
    lay(picture, sprite(Figure.of(box(WHITE, 40, 40, 44, 44))))
    assert np.array_equal(picture, before)


def test_a_shadow_darkens_beside_the_object():
    picture = np.full((40, 40, 3), 200, dtype=np.uint8)
    lay(picture, sprite(Figure.of(ellipse(WHITE, 15, 15, 6, 6))).shadow(8, 5, 128))
    assert picture[20, 23].max() < 110
    assert picture[3, 3].min() == 200


def test_nothing_solid_has_no_box():
    assert solid_box(np.full((4, 4), 127, dtype=np.uint8)) is None
