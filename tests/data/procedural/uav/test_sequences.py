from __future__ import annotations

import hashlib
import pickle
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("cv2")

from dlscope.core.errors import DataError
from dlscope.data.procedural.uav import PRESETS, Difficulty, uav_sequences
from dlscope.data.procedural.uav.sequences import cover_label

STILL = Difficulty(speed_px=0, turn_degrees=0, zoom=(1, 1), occluded=0, leaving=0)
GOLDEN = {
    "easy": ("fa2beae856e778fe", "2ab192c55a486bd8"),
    "hard": ("623a072d41770b99", "5c704b7ca0bd8b6f"),
}


def digest(array):
    return hashlib.sha256(array.tobytes()).hexdigest()[:16]


@pytest.mark.parametrize("preset", GOLDEN)
def test_targets_move_the_same_everywhere(preset):
    """Of the images this is not asked: turning the ground rounds as the processor does."""
    made = uav_sequences(preset, "val", 2, 12, seed=3)
    assert tuple(digest(each.boxes_xywh.astype("int64")) for each in made) == GOLDEN[preset]


def test_a_sequence_depends_on_its_place_alone():
    short, long = (uav_sequences("hard", "test", count, 6) for count in (2, 3))
    assert [each.name for each in short] == [each.name for each in long[:2]]
    assert np.array_equal(short[1].frames[3], long[1].frames[3])
    again = pickle.loads(pickle.dumps(long[1]))
    assert np.array_equal(again.frames[3], long[1].frames[3])
    assert not np.array_equal(long[0].frames[3], long[1].frames[3])


def test_frames_are_made_when_they_are_asked_for():
    (sequence,) = uav_sequences("easy", "val", 1, 4, size=(90, 160))
    assert len(sequence.frames) == len(sequence.boxes_xywh) == 4
    assert [frame.shape for frame in sequence.frames] == [(90, 160, 3)] * 4
    for t in (-1, 4):
        with pytest.raises(IndexError):
            sequence.frames[t]


def test_boxes_scale_with_the_size():
    large, small = (uav_sequences("easy", "val", 1, 4, size=s)[0] for s in ((360, 640), (90, 160)))
    assert np.array_equal(large.boxes_xywh, 4 * small.boxes_xywh)


def test_a_still_target_in_a_still_camera_stays():
    (sequence,) = uav_sequences(STILL, "val", 1, 40)
    assert np.ptp(sequence.boxes_xywh[:, 2:], axis=0).max() <= 1
    assert (sequence.cover == 8).all()
    assert not (sequence.absence | sequence.cut_by_image).any()


def test_speed_zoom_and_turning_move_and_change_the_box():
    def path(hard):
        return np.concatenate(
            [np.diff(each.boxes_xywh, axis=0) for each in uav_sequences(hard, "val", 4, 40)]
        )

    slow, fast = (np.abs(path(replace(STILL, speed_px=px))[:, :2]).mean() for px in (1, 6))
    assert fast > 2 * slow
    (zoomed,) = uav_sequences(replace(STILL, zoom=(0.6, 1.4)), "val", 1, 100)
    sides = zoomed.boxes_xywh[:, 2:]
    assert sides[:, 1].max() / sides[:, 1].min() > 1.8
    (turned,) = uav_sequences(replace(STILL, turn_degrees=30), "val", 1, 100)
    aspects = turned.boxes_xywh[:, 2] / turned.boxes_xywh[:, 3]
    assert aspects.max() / aspects.min() > 1.2


def test_brightness_drifts():
    (sequence,) = uav_sequences(replace(STILL, drift=0.4), "val", 1, 100)
    means = [sequence.frames[t].mean() for t in range(0, 100, 12)]
    assert max(means) / min(means) > 1.4


def test_something_passes_before_the_target():
    for sequence in uav_sequences(replace(STILL, speed_px=2, occluded=1), "val", 3, 60):
        assert sequence.cover[0] == 8
        assert sequence.cover.min() == 0
        hidden = np.flatnonzero(sequence.absence)
        assert 1 <= len(hidden) < 20
        assert len(set(sequence.cover.tolist())) >= 4
        assert not sequence.cut_by_image.any()


def test_the_target_leaves_the_image_and_comes_back():
    for sequence in uav_sequences(replace(STILL, speed_px=2, leaving=1), "val", 3, 100):
        assert sequence.cut_by_image.any()
        assert sequence.absence.any()
        assert not (sequence.cut_by_image[0] or sequence.cut_by_image[-1])
        assert (sequence.cover[sequence.cut_by_image] < 8).all()
        x, y, width, height = sequence.boxes_xywh.T
        assert min(x.min(), y.min()) >= 0
        assert (x + width).max() <= 640
        assert (y + height).max() <= 360
        assert (width * height).min() > 0


def test_lookalikes_are_there_and_leave_the_boxes_as_they_are():
    alone, among = (
        uav_sequences(replace(STILL, lookalikes=n), "val", 1, 8, seed=4)[0] for n in (0, 3)
    )
    differing = (alone.frames[2] != among.frames[2]).any(axis=2)
    assert alone.name == among.name
    assert differing.sum() > 200


def test_the_shares_of_a_preset_are_those_of_its_sequences():
    made = uav_sequences("hard", "val", 20, 12)
    hidden = sum(bool((each.absence & ~each.cut_by_image).any()) for each in made)
    assert hidden == 20 * PRESETS["hard"].occluded
    assert sum(bool(each.cut_by_image.any()) for each in made) == 20 * PRESETS["hard"].leaving


def test_presets_are_those_of_the_specification():
    hard = PRESETS["hard"]
    assert (hard.lookalikes, hard.turn_degrees, hard.zoom) == (3, 30, (0.6, 1.4))
    assert (hard.drift, hard.occluded, PRESETS["easy"].lookalikes) == (0.4, 0.2, 0)


@pytest.mark.parametrize(
    ("visible", "label"),
    [(0, 0), (0.01, 1), (0.15, 1), (0.16, 2), (0.6, 4), (0.9, 6), (0.91, 7), (1, 8)],
)
def test_covers_are_counted_as_in_got10k(visible, label):
    assert cover_label(visible) == label


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: uav_sequences("hrad", "val", 1, 9), "there is no preset 'hrad'"),
        (
            lambda: uav_sequences("easy", "val", 0, 9),
            "the count of sequences is 0, not a whole number from 1 on",
        ),
        (
            lambda: uav_sequences("easy", "val", 1, 1),
            "the count of frames is 1, not a whole number from 2 on",
        ),
        (lambda: Difficulty(lookalikes=6), "6 look-alikes"),
        (lambda: Difficulty(speed_px=-1), "a speed of -1 px"),
        (lambda: Difficulty(zoom=(1.2, 0.9)), "a zoom from 1.2 to 0.9"),
        (lambda: Difficulty(drift=1.0), "a drift of 1.0"),
        (lambda: Difficulty(occluded=1.5), "shares of 1.5 occluded and 0.05 leaving"),
    ],
)
def test_refuses_what_cannot_be_followed(make, what):
    with pytest.raises(DataError) as refused:
        make()
    assert refused.value.what == what
