from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2")

from dlscope.methods.skynet.tracking.mask_overlaps import MaskOverlaps, mask_overlaps
from dlscope.methods.skynet.tracking.mask_table import mask_table
from dlscope.methods.skynet.tracking.masks import outline_of
from dlscope.methods.skynet.tracking.running import follow
from dlscope.methods.skynet.tracking.tracker import Tracker

BOX = (20.0, 10.0, 30.0, 20.0)


def shown(x, y, width, height, size=(60, 80)):
    mask = np.zeros(size, bool)
    mask[int(y) : int(y + height), int(x) : int(x + width)] = True
    return mask


class Outlining(Tracker):
    """Answers the first box and its pixels for ever."""

    name = "outlining"
    has_masks = True

    def _start(self, image_hwc, box):
        self._box = box
        self._seen = shown(*box, image_hwc.shape[:2])

    def _follow(self, image_hwc):  # noqa: ARG002 - it never looks again
        self.outline = outline_of(self._seen)
        return self._box


def test_a_perfect_mask_overlaps_wholly():
    assert mask_overlaps(outline_of(shown(*BOX)), BOX, shown(*BOX), BOX) == pytest.approx((1, 1, 1))


def test_half_a_mask_overlaps_half():
    half = outline_of(shown(20, 10, 15, 20))
    assert mask_overlaps(half, BOX, shown(*BOX), BOX) == pytest.approx((0.5, 0.5, 0.5))


def test_without_a_mask_the_box_of_the_tracker_stands():
    nothing = outline_of(np.zeros((60, 80), bool))
    found = mask_overlaps(nothing, BOX, shown(*BOX), BOX)
    assert found == pytest.approx((0, 1, 1))


def test_a_hidden_part_counts_for_masks_and_not_for_boxes():
    whole = outline_of(shown(*BOX))
    visible = shown(20, 10, 30, 5)
    assert mask_overlaps(whole, BOX, visible, BOX) == pytest.approx((0.25, 1, 0.25))


def test_a_run_tells_the_overlaps_of_frames_that_count(sequence):
    cover = sequence.cover.copy()
    cover[3:5] = 0
    track = follow(Outlining, replace(sequence, cover=cover))
    assert track.masks.mask_t.shape == track.overlap.overlap_t.shape == (7,)
    # The object is a rectangle that moves by whole pixels and is never hidden.
    assert track.masks.mask_t == pytest.approx(track.overlap.overlap_t)
    assert track.masks.box_t == pytest.approx(track.overlap.overlap_t)
    assert np.isnan(track.corners_t42[0]).all()
    x, y, width, height = sequence.boxes_xywh[0]
    corners = {tuple(each) for each in track.corners_t42[1].round(2).tolist()}
    assert corners == {(x, y), (x + width, y), (x, y + height), (x + width, y + height)}


def test_without_true_masks_there_is_nothing_to_tell(sequence):
    track = follow(Outlining, replace(sequence, masks=None))
    assert track.masks is None
    assert mask_table({"outlining": [track]}) is None


def test_the_table_has_the_means_over_all_frames(sequence):
    track = follow(Outlining, sequence)
    parts = [
        replace(track, masks=MaskOverlaps.of([(1, 0.5, 0)])),
        replace(track, masks=MaskOverlaps.of([(0.25, 1, 0.5), (0.25, 0, 1)])),
    ]
    (row,) = mask_table({"outlining": parts, "other": [replace(track, masks=None)]})
    assert list(row.values()) == ["outlining", 3, 0.5, pytest.approx(1 / 3), 0.5, 0.5]
