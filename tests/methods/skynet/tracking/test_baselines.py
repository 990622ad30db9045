from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.methods.skynet.tracking.baselines import MilTracker, StaticTracker, TemplateMatching
from dlscope.methods.skynet.tracking.running import follow


def test_matching_finds_what_only_moves(sequences):
    for sequence in sequences:
        assert np.allclose(follow(TemplateMatching, sequence).boxes_t4, sequence.boxes_xywh)


def test_a_static_box_loses_what_moves(sequence):
    track = follow(StaticTracker, sequence)
    assert (track.boxes_t4 == sequence.boxes_xywh[0]).all()
    assert track.overlap.overlap_t[-1] < track.overlap.overlap_t[0]


def test_mil_is_random_and_is_run_three_times(sequence):
    short = replace(
        sequence,
        frames=sequence.frames[:3],
        boxes_xywh=sequence.boxes_xywh[:3],
        cover=sequence.cover[:3],
    )
    track = follow(MilTracker, short)
    assert [boxes.shape for boxes in track.runs] == [(3, 4)] * 3
    assert track.seconds_rt.shape == (3, 3)
    assert track.overlap.overlap_t.size == 6
    assert track.overlap.overlap_t.mean() > 0.2


@pytest.mark.parametrize("tracker", [TemplateMatching, MilTracker, StaticTracker])
@pytest.mark.parametrize("box", [(-12, -12, 20, 20), (55, 30, 20, 20), (58.5, 38.5, 2, 2)])
def test_a_box_may_reach_over_the_edge(tracker, box):
    image = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    started = tracker()
    started.start(image, box)
    assert np.isfinite(started.follow(image)).all()
    if tracker is TemplateMatching:
        assert started.follow(image) == pytest.approx(box)
