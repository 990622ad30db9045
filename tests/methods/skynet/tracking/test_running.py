from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.methods.skynet.tracking.baselines import StaticTracker
from dlscope.methods.skynet.tracking.running import follow
from dlscope.methods.skynet.tracking.sequences import require_unique


def test_tells_boxes_times_and_overlaps(sequence):
    track = follow(StaticTracker, sequence)
    frames = len(sequence.frames)
    assert (track.tracker, track.sequence) == ("static", sequence.name)
    assert track.boxes_t4.shape == (frames, 4)
    assert track.seconds_rt.shape == track.cpu_seconds_rt.shape == (1, frames)
    assert track.overlap.class_name == sequence.class_name
    assert track.overlap.overlap_t.shape == (frames - 1,)


def test_hidden_frames_do_not_count(sequence):
    cover = sequence.cover.copy()
    cover[3:5] = 0
    hidden = replace(sequence, cover=cover)
    assert follow(StaticTracker, hidden).overlap.overlap_t.size == len(sequence.frames) - 3


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"cover": np.full(3, 8)}, "10 frames have 10 boxes and 3 values of cover"),
        ({"boxes_xywh": np.zeros((2, 4))}, "10 frames have 2 boxes and 10 values of cover"),
        ({"boxes_xywh": np.full((10, 4), np.nan)}, "a true box is not finite"),
    ],
)
def test_refuses_a_sequence_that_is_none(sequence, changed, told):
    with pytest.raises(DataError) as refused:
        follow(StaticTracker, replace(sequence, **changed))
    assert (refused.value.what, refused.value.where) == (told, f"sequence {sequence.name}")


def test_refuses_none_and_two_of_one_name(sequence):
    with pytest.raises(DataError, match="there is no sequence to follow"):
        require_unique([])
    with pytest.raises(DataError, match="two sequences are called moving-0"):
        require_unique([sequence, sequence])
