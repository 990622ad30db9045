from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("cv2")

from dlscope.data.procedural.uav import Difficulty, uav_sequences

MOVING = Difficulty(speed_px=2, turn_degrees=0, zoom=(1, 1), occluded=1, leaving=0)


def box_of(mask):
    rows, columns = np.nonzero(mask)
    left, top = columns.min(), rows.min()
    return [left, top, columns.max() + 1 - left, rows.max() + 1 - top]


def test_the_mask_of_a_target_in_full_view_fills_its_box():
    (sequence,) = uav_sequences("hard", "val", 1, 12, seed=2)
    whole = np.flatnonzero(sequence.cover == 8)
    assert len(whole) > 6
    for t in whole:
        assert box_of(sequence.masks[t]) == sequence.boxes_xywh[t].tolist()


def test_what_hides_the_target_is_left_out():
    (sequence,) = uav_sequences(MOVING, "val", 1, 60)
    areas = np.array([mask.sum() for mask in sequence.masks])
    assert (areas[sequence.cover == 0] == 0).all()
    assert (areas[sequence.cover > 0] > 0).all()
    visible = areas / areas[0]
    assert visible[sequence.cover == 2] == pytest.approx(0.22, abs=0.12)
    assert visible[sequence.cover == 8] == pytest.approx(1, abs=0.05)


def test_pixels_of_the_mask_are_those_that_the_target_changes():
    """There the picture is no longer the bare ground, whose light and noise differ less."""
    (sequence,) = uav_sequences(MOVING, "val", 1, 4)
    ground = sequence.frames.scene._ground_at(0)
    differing = (sequence.frames.scene.picture(0).astype(int) - ground).std(axis=2)
    mask = sequence.masks[0]
    assert differing[mask].mean() > 3 * differing[~mask].mean()


def test_masks_are_smaller_with_the_size():
    large, small = (uav_sequences("easy", "val", 1, 4, size=s)[0] for s in ((360, 640), (180, 320)))
    assert small.masks[1].shape == (180, 320)
    assert small.masks[1].sum() == pytest.approx(large.masks[1].sum() / 4, rel=0.15)
    with pytest.raises(IndexError):
        small.masks[4]
    assert len(small.masks) == 4
