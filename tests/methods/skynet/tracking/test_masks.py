from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.skynet.tracking.masks import in_image, outline


def test_a_mask_lies_over_its_square():
    laid = in_image(np.ones(63 * 63), (50, 40), 63, (100, 120))
    assert laid.shape == (100, 120)
    assert laid[41, 51] == 1
    assert laid.sum() == pytest.approx(63 * 63, rel=0.02)
    assert laid[:8].sum() == 0


def test_the_rectangle_is_turned_as_the_object_is():
    cv2 = pytest.importorskip("cv2")
    mask = np.zeros((63, 63), np.uint8)
    box = cv2.boxPoints(((31.0, 31.0), (40.0, 16.0), 30.0))
    cv2.fillPoly(mask, [box.round().astype(np.int32)], 1)
    corners = outline(mask.ravel().astype(float), (100, 80), 126, (160, 200))
    sides = np.linalg.norm(corners - np.roll(corners, 1, axis=0), axis=1)
    assert sorted(sides) == pytest.approx([32, 32, 80, 80], abs=5)
    assert corners.mean(axis=0) == pytest.approx([100, 80], abs=2)
    long = corners[np.argmax(sides)] - corners[np.argmax(sides) - 1]
    assert abs(np.degrees(np.arctan2(long[1], long[0]))) % 180 in (
        pytest.approx(30, abs=3),
        pytest.approx(150, abs=3),
    )


def test_only_the_largest_part_counts_and_a_small_one_is_none():
    mask = np.zeros((63, 63))
    mask[5:9, 5:9] = 1
    assert outline(mask, (50, 50), 63, (100, 100)) is None
    mask[30:50, 30:50] = 1
    corners = outline(mask, (50, 50), 63, (100, 100))
    assert corners.min(axis=0) == pytest.approx([48, 48], abs=1.5)
