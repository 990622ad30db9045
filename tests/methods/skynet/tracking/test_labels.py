from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.skynet.tracking.labels import (
    IGNORED,
    NEGATIVE,
    POSITIVE,
    labels_of,
    offsets_of,
    overlaps,
)
from dlscope.metrics.boxes import box_iou
from dlscope.zoo.siamese.anchors import anchor_grid


@pytest.fixture
def chooser():
    return np.random.default_rng(0)


def corners(boxes):
    return np.concatenate(
        [boxes[..., :2] - boxes[..., 2:] / 2, boxes[..., :2] + boxes[..., 2:] / 2], -1
    )


def test_overlaps_equal_those_of_boxes():
    grid, box = anchor_grid(7), np.array([5.0, -3.0, 60.0, 50.0])
    expected = box_iou(corners(grid).reshape(-1, 4), corners(box)[None])[:, 0]
    assert overlaps(grid, box).ravel() == pytest.approx(expected)


def test_objects_are_near_ground_is_far_and_both_are_few(chooser):
    box = np.array([0.0, 0.0, 64.0, 64.0])
    kinds = labels_of(box, 25, 8, chooser).kinds
    overlap = overlaps(anchor_grid(25), box)
    assert 1 <= (kinds == POSITIVE).sum() <= 16
    assert (kinds != IGNORED).sum() == 64
    assert overlap[kinds == POSITIVE].min() >= 0.6
    assert overlap[kinds == NEGATIVE].max() <= 0.3


def test_a_box_like_no_anchor_still_has_one_object(chooser):
    kinds = labels_of(np.array([3.0, 3.0, 9.0, 9.0]), 13, 8, chooser).kinds
    assert (kinds == POSITIVE).sum() >= 1


def test_another_object_is_all_ground(chooser):
    kinds = labels_of(np.array([10.0, 0.0, 60.0, 60.0]), 25, 8, chooser, is_negative=True).kinds
    assert (kinds == POSITIVE).sum() == 0
    assert (kinds == NEGATIVE).sum() == 32
    far = np.abs(anchor_grid(25)[..., :2] - (10.0, 0.0)).max(axis=-1) > 24
    assert ((kinds == NEGATIVE) & far).sum() == 16


def test_offsets_are_undone_by_decoding():
    pytest.importorskip("torch")
    from dlscope.methods.skynet.tracking.siamese import decoded

    box = np.array([12.0, -20.0, 50.0, 33.0])
    boxes = decoded(offsets_of(anchor_grid(13, 4), box), 13, 4)
    assert np.allclose(boxes, box, atol=1e-4)
