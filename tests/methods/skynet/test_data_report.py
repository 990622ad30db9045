from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from dlscope.core.report import Picture
from dlscope.data.uav_image import UavImage
from dlscope.data.uav_sequence import UavSequence
from dlscope.methods.skynet.data_report import Holding
from dlscope.methods.skynet.data_sheet import MOST_SHOWN

GREY = np.full((50, 100, 3), 90, dtype=np.uint8)


def image(number, box):
    return UavImage(f"car{number}/1", "car", f"car{number}", GREY, (box,))


def test_tells_classes_and_areas():
    holding = Holding()
    for number, box in ((1, (0, 0, 5, 5)), (2, (0, 0, 10, 10)), (2, (0, 0, 50, 50))):
        holding.add(image(number, box))
    report = holding.report("A set")
    assert report.table("classes").rows == (
        ("car", 3, 2, pytest.approx((0.005 + 0.02 + 0.5) / 3), 0.005, 0.5, pytest.approx(1 / 3)),
    )
    assert report.answer == (
        "3 images: boxes cover 17.50% of the image on average, 33% of them less than 1 %."
    )
    assert report.warnings == report.findings == ()
    assert [table.name for table in report.tables] == ["classes"]


def test_tells_sequences():
    boxes = np.array([[0.0, 0, 10, 10], [0, 0, 20, 10]])
    cover = np.array([8, 0])
    holding = Holding()
    holding.add(UavSequence("a", "car", [GREY, GREY], boxes, cover, cover == 0, cover == 8))
    report = holding.report("A set", faults=[])
    assert report.table("sequences").rows == (("a", "car", 2, 0.03, 1, 1, 1),)
    assert report.answer == "1 sequence of 2 frames in all. No fault."


def test_shows_the_first_images_with_frames():
    holding = Holding()
    for _ in range(MOST_SHOWN + 3):
        holding.add(image(1, (20, 10, 60, 40)))
    (picture,) = [b for b in holding.report("A set").sections[0].blocks if isinstance(b, Picture)]
    drawn = np.asarray(Image.open(io.BytesIO(picture.content))).astype(int)
    assert drawn.shape == (3 * 186 - 6, 4 * 326 - 6, 3)
    assert picture.alt == "The first 12 images, with a frame about each object"
    # The image is 3.2 times as large and 10 px below the edge of its tile.
    edge = drawn[10 + 60, round(3.2 * 20) - 2]
    assert edge[0] - edge[1] > 60
    assert abs(drawn[10 + 60, round(3.2 * 40)] - 90).max() < 12
