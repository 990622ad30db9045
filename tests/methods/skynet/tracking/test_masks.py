from __future__ import annotations

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from dlscope.methods.skynet.tracking.masks import (  # noqa: E402 - after the check for OpenCV
    corners_of,
    in_image,
    outline_of,
    rectangle_overlap,
    smallest_rectangle,
)


def drawn(*polygons, size=(160, 200)):
    mask = np.zeros(size, np.uint8)
    for polygon in polygons:
        cv2.fillPoly(mask, [np.rint(polygon).astype(np.int32)], 1)
    return mask > 0


def test_a_mask_lies_over_its_square():
    laid = in_image(np.ones(63 * 63), (50, 40), 63, (100, 120))
    assert laid.shape == (100, 120)
    assert laid[41, 51] == 1
    assert laid.sum() == pytest.approx(63 * 63, rel=0.02)
    assert laid[:8].sum() == 0


def test_the_rectangle_is_turned_as_the_object_is():
    outline = outline_of(drawn(cv2.boxPoints(((100.0, 80.0), (80.0, 32.0), 30.0))))
    corners = outline.corners
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    assert sorted(sides) == pytest.approx([32, 32, 80, 80], abs=3)
    assert corners.mean(axis=0) == pytest.approx([100, 80], abs=1)
    long = corners[np.argmax(sides)] - corners[np.argmax(sides) - 1]
    assert abs(np.degrees(np.arctan2(long[1], long[0]))) % 180 in (
        pytest.approx(30, abs=3),
        pytest.approx(150, abs=3),
    )


def test_box_and_rectangle_of_an_upright_mask_hold_its_pixels_and_no_more():
    mask = np.zeros((60, 80), bool)
    mask[10:30, 20:65] = True
    outline = outline_of(mask)
    assert outline.box == (20, 10, 45, 20)
    assert rectangle_overlap(outline.corners, corners_of(outline.box)) == pytest.approx(1)


def test_only_the_largest_part_counts_and_a_small_one_is_none():
    mask = np.zeros((63, 63), bool)
    mask[5:9, 5:9] = True
    assert (outline_of(mask).box, outline_of(mask).corners) == (None, None)
    mask[30:50, 30:50] = True
    assert outline_of(mask).box == (30, 30, 20, 20)
    assert outline_of(np.zeros((63, 63), bool)).box is None


def test_rectangles_overlap_by_their_shared_area():
    one, other = corners_of((0, 0, 10, 10)), corners_of((5, 0, 10, 10))
    assert rectangle_overlap(one, other) == pytest.approx(1 / 3)
    assert rectangle_overlap(one, corners_of((20, 0, 10, 10))) == 0
    diamond = smallest_rectangle(np.array([[5, 0], [10, 5], [5, 10], [0, 5]]))
    assert 0.4 < rectangle_overlap(diamond, corners_of((0, 0, 11, 11))) < 0.7
