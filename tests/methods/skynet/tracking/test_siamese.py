"""The loop around a network that answers what it is told to, against the equations by hand."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from dlscope.core.errors import DataError
from dlscope.methods.skynet.tracking.answering import Answer
from dlscope.methods.skynet.tracking.crops import context_side
from dlscope.methods.skynet.tracking.running import follow
from dlscope.methods.skynet.tracking.siamese import Following, SiameseTracker, decoded
from dlscope.zoo.siamese.anchors import anchor_grid
from dlscope.zoo.siamese.design import Design

IMAGE = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
BOX = (100.0, 60.0, 40.0, 40.0)
SIDE = 13


class Told:
    """Says that the object is where `offsets` move anchor (k, row, column)."""

    def __init__(self, place, offsets=(0, 0, 0, 0), masks=None):
        has_mask = masks is not None
        self.design = Design(template=64, search=128, hidden=8, width=0.25, has_mask=has_mask)
        self.scores = np.zeros((2, 5, SIDE, SIDE), np.float32)
        self.scores[0] = 9.0
        self.scores[:, *place] = 0.0, 9.0
        self.boxes = np.zeros((4, 5, SIDE, SIDE), np.float32)
        self.boxes[:, *place] = offsets
        self.masks = masks
        self.seen = []

    def kernels(self, crops):
        assert crops.shape == (1, 3, 64, 64)
        return ()

    def answer(self, crops, _kernels):
        assert crops.shape == (1, 3, 128, 128)
        self.seen.append(crops)
        return Answer(self.scores, self.boxes, self.masks)

    def mask(self, features):
        return features


def followed(network, following):
    tracker = SiameseTracker(network, following)
    tracker.start(IMAGE, BOX)
    return tracker, tracker.follow(IMAGE)


def test_moves_by_the_place_in_pixels_of_the_image():
    # One cell to the right and two down are 8 and 16 pixels of a crop that shows 80 as 64.
    _, box = followed(Told((2, 8, 7)), Following(0.04, 0.0, 0.0))
    assert box == pytest.approx((110, 80, 40, 40))


def test_the_size_follows_by_penalty_score_and_rate():
    offsets = (0.0, 0.0, np.log(1.5), np.log(1.2))
    following = Following(0.1, 0.0, 0.5)
    tracker, box = followed(Told((2, 6, 6), offsets), following)
    width, height = 32 * 1.5, 32 * 1.2
    size = context_side(width, height) / context_side(32.0, 32.0)
    aspect = max(width / height, height / width)
    score = 1 / (1 + np.exp(-9))
    rate = np.exp(-(size * aspect - 1) * 0.1) * score * 0.5
    assert tracker.score == pytest.approx(score, rel=1e-5)
    assert box[2] == pytest.approx(40 + rate * (width / 0.8 - 40))
    assert box[3] == pytest.approx(40 + rate * (height / 0.8 - 40))
    assert (box[0] + box[2] / 2, box[1] + box[3] / 2) == pytest.approx((120, 80))


def test_the_window_prefers_what_is_near():
    network = Told((2, 1, 1))
    network.scores[:, 2, 6, 6] = 0.0, 7.0
    _, far = followed(network, Following(0.0, 0.0, 0.0))
    _, near = followed(network, Following(0.0, 0.4, 0.0))
    assert far[:2] == pytest.approx((50, 10))
    assert near == pytest.approx(BOX)


def test_last_bits_of_a_box_do_not_change_what_is_looked_at():
    network = Told((2, 6, 6))
    tracker = SiameseTracker(network)
    for less in (0.0, 1e-7):
        tracker.start(IMAGE, (100.3 - less, 60.1, 37.7, 29.2 + less))
        assert tracker.follow(IMAGE)[:2] == pytest.approx((100.3, 60.1), abs=1)
    assert np.array_equal(*network.seen)


def test_the_centre_stays_in_the_image_and_sides_within_it():
    network = Told((2, 6, 6), (-9.0, -9.0, 5.0, -5.0))
    _, (x, y, width, height) = followed(network, Following(0.0, 0.0, 1.0))
    assert (x + width / 2, y + height / 2) == (0, 0)
    assert (width, height) == (300, 10)


def test_decoding_starts_from_the_anchors():
    boxes = decoded(np.zeros((4, 5, SIDE, SIDE)), SIDE, 4)
    assert np.array_equal(boxes, anchor_grid(SIDE, 4).reshape(-1, 4))
    far = decoded(np.full((4, 5, SIDE, SIDE), 99.0), SIDE, 4)
    assert np.isfinite(far).all()


def test_a_mask_gives_the_corners_of_the_object():
    masks = np.full((63 * 63, SIDE, SIDE), -9.0, np.float32)
    shown = np.full((63, 63), -9.0)
    shown[20:43, 10:53] = 9.0
    masks[:, 6, 7] = shown.flatten()
    network = Told((2, 6, 7), masks=masks)
    tracker, _ = followed(network, Following(0.0, 0.0, 0.0))
    # The mask is laid over 80 pixels of the image, 10 to the right of the last middle.
    corners, sides = tracker.outline.corners, (43 * 80 / 63, 23 * 80 / 63)
    assert corners.mean(axis=0) == pytest.approx([130, 80], abs=1)
    assert np.ptp(corners, axis=0) == pytest.approx(sides, abs=2)
    assert tracker.outline.box[2:] == pytest.approx(sides, abs=2)
    assert tracker.outline.mask_hw.sum() == pytest.approx(sides[0] * sides[1], rel=0.06)
    assert tracker.has_masks
    network.masks[:] = -9.0
    tracker.follow(IMAGE)
    assert (tracker.outline.box, tracker.outline.corners) == (None, None)
    tracker.start(IMAGE, BOX)
    assert tracker.outline is None


def test_refuses_scores_that_are_no_numbers():
    network = Told((2, 6, 6))
    network.scores[1, 0, 0, 0] = np.nan
    with pytest.raises(DataError, match="scores hold NaN or infinity"):
        followed(network, None)


def test_a_real_network_follows_to_the_end(small_answering, sequence):
    first, second = (follow(lambda: SiameseTracker(small_answering), sequence) for _ in range(2))
    assert np.array_equal(first.boxes_t4, second.boxes_t4)
    assert np.isfinite(first.boxes_t4).all()
    assert first.masks is None
